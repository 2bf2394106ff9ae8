// Every page, in every state that people meet it in: what the screenshots show, and what every test that
// is about all pages walks.

import { readFileSync } from 'node:fs';

import { Client, World } from '../worker/harness.mjs';
import { Signer } from '../worker/signer.mjs';
import { WITHIN, complaints } from './harness.mjs';

const [KICK, ADMINISTRATOR, MANAGE_GUILD, VIEW, SEND] = [2n, 8n, 32n, 1024n, 2048n];
const ALL_PERMISSIONS = '69815829414805503';
const LAPTOP = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0';
const PHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';

const PICTURE = readFileSync(new URL('../../fuzz/seeds/icon/png', import.meta.url));

/** What people are called where nobody means harm. */
const ORDINARY = {
  app: 'Chess Club', description: 'Find people to play chess with, near you or far away.', guild: 'Knights & Bishops', account: 'ada on the board', agent: LAPTOP,
};

/**
 * The worlds that the scenes play in, and the scenes, which open in a tab.
 * `names` are those that strangers choose.
 */
export async function stage(names = ORDINARY) {
  const [world, limited] = await Promise.all([World.start(), World.start({ settings: { RATE_LIMIT_LOGIN: '1/600', RATE_LIMIT_AUTHORIZE: '1/600', PASSWORD_RESET_URL: 'https://accounts.example/reset' } })]);
  const cast = await provision(world, names);
  return { world, scenes: scenes(world, limited, cast), stop: () => Promise.all([world.stop(), limited.stop()]) };
}

async function provision(world, names) {
  const [ada, staff, lonely] = [await world.user(), await world.user({ admin: true }), await world.user()];
  const guild = async (name, permissions) => {
    const made = await world.admin('POST', '/guilds', { name, owner_id: permissions === undefined ? ada.id : staff.id });
    if (permissions !== undefined) await world.admin('PUT', `/guilds/${made.id}/members/${ada.id}`, { permissions: String(permissions) });
    return made;
  };
  const guilds = { own: await guild(names.guild), managed: await guild('The reading room', MANAGE_GUILD | VIEW), taken: await guild('Sunday tournament'), other: await guild('Book circle', VIEW) };
  for (const name of ['Garden friends', 'Night shift', 'Weekend hikes']) await guild(name, VIEW);
  await world.admin('PUT', `/users/${ada.id}/connections/github/1`, { name: names.account, verified: true });
  const make = (fields, type = 'confidential') => world.application(type, { name: names.app, description: names.description, owner_id: staff.id, redirect_uris: ['https://chess.example/login/callback'], ...fields });
  const apps = {
    plain: await make({}),
    trusted: await make({ name: 'Mobile', description: '', trusted: true }),
    long: await make({ name: 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen'.repeat(2).slice(0, 100), description: `${'W'.repeat(120)}\n${'many words that go on '.repeat(12)}`, redirect_uris: [`https://${'long.'.repeat(12)}example/callback`] }),
    rtl: await make({ name: 'نادي الشطرنج', description: 'ابحث عن أشخاص للعب الشطرنج معهم.' }),
    bot: await make({ name: 'Chess Bot', description: 'Starts games and keeps the score.', bot: true }),
    privateBot: await make({ name: 'Private Bot', bot: true, bot_public: false }),
  };
  const browser = await world.login(ada);
  const invite = await browser.open(bot(apps.bot, {}));
  await browser.submit(invite, { decision: 'approve', guild_id: guilds.taken.id });
  for (const [app, agent] of [[apps.plain, names.agent], [apps.plain, PHONE], [apps.rtl, PHONE], [apps.long, 'x']]) {
    await world.tokens(Object.assign(browser, { headers: { 'user-agent': agent } }), app, { scope: 'identify email', prompt: 'consent' });
  }
  // Something of their own, and something to be found in the log.
  const resource = await world.admin('POST', '/resources', { identifier: 'https://boards.example/api', name: names.guild, scopes: [{ name: 'games:read', description: 'See your games' }, { name: 'games:write', description: names.description }] });
  await world.tokens(browser, apps.plain, { scope: 'games:read games:write', resource: resource.identifier, prompt: 'consent' });
  const own = await make({ name: names.app, owner_id: ada.id, bot: true, redirect_uris: ['https://chess.example/login/callback', 'http://localhost:3000/callback'] });
  await make({ name: 'Chess Clock', owner_id: ada.id, redirect_uris: ['com.example.clock:/callback'] }, 'public');
  const pictured = await make({ name: 'Endgame Trainer', owner_id: ada.id });
  await upload(browser, pictured);
  const granted = await world.tokens(browser, pictured, { scope: 'identify' });
  // Its developer's mistakes.
  for (const path of ['callbak', 'callbak', 'old']) await browser.open(pictured.authorizationRequest({ redirectUri: `https://chess.example/login/${path}` }).url);
  await world.refresh(new Client({ ...pictured, client_secret: 'another one', redirect_uris: [pictured.redirectUri] }), granted.refresh_token);
  const device = await make({ name: 'Pocket Chess', owner_id: ada.id, redirect_uris: ['com.example.pocket:/callback'] }, 'public');
  const signing = await make({ name: 'Chess Bank', owner_id: ada.id, profile: 'fapi2', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [(await Signer.of('ES256')).jwk] } });
  const rotated = await make({ name: 'Chess Library', owner_id: ada.id });
  const rotation = `/api/oauth2/applications/${rotated.id}/client-secret/rotate`;
  await world.request(rotation, { method: 'POST', json: {}, headers: { authorization: `Bearer ${world.adminToken}` } });
  return { ada, staff, lonely, guilds, apps, own, pictured, device, signing, rotated, resource };
}

/** Gives an application its icon, as its owner does. */
async function upload(browser, app) {
  const { form } = browser.fill(await browser.open(`/developers/${app.id}`), { action: 'icon', icon: '' });
  const body = new FormData();
  for (const [name, value] of form) if (name !== 'icon') body.append(name, value);
  body.append('icon', new Blob([PICTURE]), 'icon.png');
  const answer = await browser.ask(`/developers/${app.id}`, { method: 'POST', body });
  if (answer.status !== 303) throw new Error(`${answer.status} ${answer.text}`);
}

const ask = (app, more = {}) => app.authorizationRequest({ scope: 'identify email', prompt: 'consent', ...more }).url;
const bot = (app, more = {}) => `/oauth2/authorize?${new URLSearchParams({ client_id: app.id, scope: 'bot', permissions: String(KICK | VIEW | SEND), ...more })}`;

function scenes(world, limited, { ada, staff, lonely, guilds, apps, own, pictured, device, signing, rotated, resource }) {
  const list = [];
  /** `as`: who is logged in. `then`: what they do once the page is open. */
  const scene = (name, path, { as, then, locale, origin = world.origin } = {}) => list.push({ name, path, as, then, locale, origin });
  const press = (name) => (page) => page.getByRole('button', { name, exact: true }).click();
  const logIn = (login, password) => async (page) => {
    await page.locator('#login').fill(login);
    await page.locator('#password').fill(password);
    await page.locator('.primary').click();
    await page.locator('#login-problem').waitFor();
  };
  /** What is rarely wanted is folded away. */
  const unfold = (page) => page.evaluate(() => document.querySelectorAll('details:has(form)').forEach((folded) => (folded.open = true)));
  const inForm = (button, fields) => async (page) => {
    await unfold(page);
    const form = page.locator('form').filter({ has: page.getByRole('button', { name: button, exact: true }) });
    for (const [name, value] of Object.entries(fields)) await form.locator(`[name=${name}]`).fill(value);
    await form.getByRole('button', { name: button, exact: true }).click();
  };
  const fresh = () => world.user();
  const everything = { scope: 'identify email guilds connections' };

  scene('login', '/login');
  scene('login-asked', ask(apps.plain));
  scene('login-wrong', ask(apps.plain), { then: logIn(ada.email, 'not the password') });
  scene('login-limited', '/login', { origin: limited.origin, then: async (page) => {
    await logIn('somebody', 'x')(page);
    await logIn('somebody', 'x')(page);
    await page.getByText('Too many attempts').waitFor();
  } });
  scene('login-reset', '/login', { origin: limited.origin });
  scene('login-long', ask(apps.long));
  scene('login-rtl', ask(apps.rtl));

  scene('consent', ask(apps.plain), { as: ada });
  scene('consent-everything', ask(apps.plain, everything), { as: ada });
  scene('consent-nothing-yet', ask(apps.plain, everything), { as: lonely });
  scene('consent-trusted', ask(apps.trusted), { as: ada });
  scene('consent-icon', ask(pictured), { as: ada });
  scene('consent-long', ask(apps.long), { as: ada });
  scene('consent-rtl', ask(apps.rtl), { as: ada });
  scene('consent-admin', ask(apps.trusted, { scope: 'identify admin' }), { as: staff });
  scene('invite', bot(apps.bot), { as: ada });
  scene('invite-dangerous', bot(apps.bot, { permissions: ALL_PERMISSIONS }), { as: ada });
  scene('invite-not-held', bot(apps.bot, { permissions: String(KICK | ADMINISTRATOR | VIEW), guild_id: guilds.managed.id, disable_guild_select: 'true' }), { as: ada });
  scene('invite-elsewhere', bot(apps.bot, { guild_id: guilds.other.id, permissions: '0' }), { as: ada });
  scene('invite-nowhere', bot(apps.bot), { as: lonely });
  scene('invite-with-login', ask(apps.bot, { scope: 'identify bot', permissions: String(VIEW | SEND) }), { as: ada });
  scene('invite-again', ask(apps.bot, { scope: 'identify bot', permissions: String(VIEW | SEND) }), { as: ada, then: press('Authorize') });
  scene('invite-more', bot(apps.bot, { permissions: String(KICK | MANAGE_GUILD | VIEW | SEND), guild_id: guilds.taken.id, disable_guild_select: 'true' }), { as: ada });
  scene('bot-added', bot(apps.bot, { permissions: String(KICK | VIEW | SEND) }), { as: fresh, then: async (page, person) => {
    await world.admin('POST', '/guilds', { name: 'Knights & Bishops', owner_id: person.id });
    await page.reload();
    await page.locator('#guild').selectOption({ index: 1 });
    await press('Add the bot')(page);
  } });

  scene('error-link', `${ask(apps.plain, { redirectUri: 'https://elsewhere.example/' })}`);
  scene('error-already-there', bot(apps.bot, { guild_id: guilds.taken.id, disable_guild_select: 'true' }), { as: ada });
  scene('error-private-bot', bot(apps.privateBot), { as: ada });
  scene('error-no-bot', bot(apps.plain), { as: ada });
  scene('error-not-found', '/developers/1', { as: ada });
  scene('error-not-for-you', '/admin', { as: ada });
  scene('error-form', '/logout', { as: ada, then: async (page) => {
    await page.locator('main [name=csrf_token]').evaluate((field) => field.remove());
    await press('Log out')(page);
  } });
  scene('rate-limited', ask(apps.plain), { origin: limited.origin, then: (page) => page.reload() });
  scene('logged-in', '/login', { as: ada });
  scene('logout', '/logout', { as: ada });
  scene('logged-out', '/logout');

  const typed = (code) => async (page) => {
    await page.locator('#user_code').fill(code);
    await page.locator('.primary').click();
    await page.waitForLoadState();
  };
  /** A device asks, and its user types what it shows. */
  const asked = async (page) => {
    const answer = await world.post('/api/oauth2/device_authorization', device.with({ scope: 'identify email guilds' }), { headers: { 'user-agent': PHONE } });
    await typed(answer.json.user_code.toLowerCase())(page);
    return answer.json;
  };
  const answered = (name) => async (page) => {
    await asked(page);
    await press(name)(page);
  };
  scene('device', '/device', { as: ada });
  scene('device-by-link', '/device?user_code=BCDF-GHJK', { as: ada });
  scene('device-wrong', '/device', { as: ada, then: typed('bcdf ghjk') });
  scene('device-consent', '/device', { as: ada, then: asked });
  scene('device-done', '/device', { as: ada, then: answered('Authorize') });
  scene('device-denied', '/device', { as: ada, then: answered('Deny') });
  scene('device-over', '/device', { as: ada, then: async (page) => {
    const { user_code } = await asked(page);
    await world.answerDevice(await world.login(staff), user_code, 'deny');
    await press('Authorize')(page);
  } });
  scene('nothing-added', bot(apps.bot), { as: ada, then: press('Deny') });

  scene('account', '/settings', { as: ada });
  scene('account-mistake', '/settings', { as: ada, then: inForm('Change the password', { password: 'x', new_password: 'a new password', repeat_password: 'another one' }) });
  scene('account-done', '/settings?done=others', { as: lonely });
  scene('settings', '/settings/authorizations', { as: ada });
  scene('settings-empty', '/settings/authorizations', { as: lonely });
  scene('settings-done', '/settings/authorizations?done=device', { as: ada });
  scene('developers', '/developers', { as: ada });
  scene('developers-empty', '/developers', { as: lonely });
  scene('developers-mistakes', '/developers', { as: ada, then: inForm('Create application', { name: 'Chess', redirect_uris: 'https://chess.example/callback\nhttps://ada@chess.example/callback\ncom.example.chess:/callback', description: 'x'.repeat(401) }) });
  scene('developers-created', '/developers', { as: fresh, then: inForm('Create application', { name: 'Chess', redirect_uris: 'https://chess.example/callback' }) });
  scene('developers-application', `/developers/${own.id}`, { as: ada });
  scene('developers-icon', `/developers/${pictured.id}?done=icon`, { as: ada });
  scene('developers-icon-wrong', `/developers/${pictured.id}`, { as: ada, then: async (page) => {
    await page.locator('#icon-file').setInputFiles({ name: 'icon.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') });
    await press('Upload')(page);
    await page.locator('#icon-problem').waitFor();
  } });
  scene('developers-saved', `/developers/${own.id}?done=saved`, { as: ada });
  scene('developers-public', `/developers/${device.id}`, { as: ada });
  scene('developers-signing', `/developers/${signing.id}`, { as: ada, then: unfold });
  scene('developers-two-secrets', `/developers/${rotated.id}`, { as: ada, then: unfold });
  scene('developers-link', `/developers/${own.id}?scope=identify&scope=bot&permissions=1024&permissions=2048`, { as: ada });
  scene('developers-invitation', `/developers/${own.id}?scope=bot&permissions=8`, { as: ada });
  scene('developers-secret', `/developers/${own.id}`, { as: ada, then: inForm('Reset secret', { password: ada.password }) });
  scene('developers-token', `/developers/${own.id}`, { as: ada, then: inForm('Reset token', { password: ada.password }) });
  scene('developers-wrong-password', `/developers/${own.id}`, { as: ada, then: inForm('Reset token', { password: 'x' }) });
  scene('developers-wrong-name', `/developers/${own.id}`, { as: ada, then: inForm('Delete for good', { name: 'x', password: 'x' }) });

  scene('admin', '/admin', { as: staff });
  scene('admin-users', '/admin/users', { as: staff });
  scene('admin-users-nobody', '/admin/users?q=zzz&by=email', { as: staff });
  scene('admin-user', `/admin/users/${ada.id}`, { as: staff });
  scene('admin-user-empty', `/admin/users/${lonely.id}?done=everything`, { as: staff });
  scene('admin-applications', '/admin/applications', { as: staff });
  scene('admin-application', `/admin/applications/${apps.plain.id}`, { as: staff });
  scene('admin-application-wrong', `/admin/applications/${apps.trusted.id}`, { as: staff, then: inForm('Withdraw trust', { password: 'x' }) });
  scene('admin-resources', '/admin/resources', { as: staff });
  scene('admin-resources-mistakes', '/admin/resources', { as: staff, then: inForm('Register', { name: 'Boards', identifier: 'https://boards.example/#top', scopes: 'games:read See your games\nGames' }) });
  scene('admin-resources-registered', '/admin/resources', { as: staff, then: inForm('Register', { name: 'Boards', identifier: `https://${Date.now()}.example`, scopes: 'games:read See your games' }) });
  scene('admin-resource', `/admin/resources/${resource.id}`, { as: staff });
  scene('admin-resource-wrong', `/admin/resources/${resource.id}`, { as: staff, then: inForm('Reset secret', { password: 'x' }) });
  scene('admin-audit-log', '/admin/audit-log', { as: staff });
  scene('admin-audit-log-filtered', `/admin/audit-log?action=bot.added&actor=${ada.id}`, { as: staff });

  scene('admin-audit-log-person', `/admin/audit-log?person=${ada.username}&from=2020-01-01`, { as: staff });
  scene('admin-audit-log-empty', `/admin/audit-log?person=${ada.username}&application=Chess+Club&action=key.removed&address=192.0.2.1&until=2020-01-01`, { as: staff });

  const german = { locale: 'de-AT' };
  scene('login-de', ask(apps.plain), german);
  scene('consent-de', ask(apps.plain, everything), { as: ada, ...german });
  scene('device-de', '/device', { as: ada, ...german });
  scene('device-consent-de', '/device', { as: ada, then: asked, ...german });
  scene('invite-de', bot(apps.bot, { permissions: ALL_PERMISSIONS }), { as: ada, ...german });
  scene('error-link-de', `${ask(apps.plain, { redirectUri: 'https://elsewhere.example/' })}`, german);
  scene('account-de', '/settings', { as: ada, ...german });
  scene('settings-de', '/settings/authorizations', { as: ada, ...german });
  scene('developers-de', '/developers', { as: ada, ...german });
  scene('developers-signing-de', `/developers/${signing.id}`, { as: ada, then: unfold, ...german });
  scene('developers-application-de', `/developers/${own.id}?scope=bot`, { as: ada, ...german });
  scene('developers-icon-de', `/developers/${pictured.id}`, { as: ada, ...german });
  scene('admin-de', '/admin', { as: staff, ...german });
  scene('admin-user-de', `/admin/users/${ada.id}`, { as: staff, ...german });
  scene('admin-resource-de', `/admin/resources/${resource.id}`, { as: staff, ...german });
  scene('admin-audit-log-de', '/admin/audit-log', { as: staff, ...german });
  scene('admin-audit-log-empty-de', '/admin/audit-log?action=key.removed&until=2020-01-01', { as: staff, ...german });

  const sessions = new Map();
  return list.map((it) => ({ name: it.name, takesSteps: Boolean(it.then), open: (tab) => open(tab, world, it, sessions) }));
}

/**
 * A tab that goes from scene to scene, with or without script. Each finds it as if it were new, but for the
 * browser's own process: that has compiled what all pages run, and starting another takes longer than all else.
 */
export class Tab {
  constructor(browser, { script = true, ...options } = {}) {
    Object.assign(this, { browser, script, options, pages: new Map() });
  }

  /** A language is a context's, and for ever. */
  async speaking(locale) {
    if (!this.pages.has(locale)) this.pages.set(locale, await this.#open(locale));
    const opened = this.pages.get(locale);
    await opened.page.goto('about:blank');
    await opened.page.emulateMedia({ colorScheme: null, reducedMotion: this.options.reducedMotion ?? null });
    await opened.page.setViewportSize({ width: 1280, height: 720 });
    await opened.context.clearCookies();
    opened.heard.length = opened.answers.length = 0;
    return opened;
  }

  async #open(locale) {
    const context = await this.browser.newContext({ locale, ...this.options });
    context.setDefaultTimeout(WITHIN);
    const page = await context.newPage();
    // Not Playwright's own way, which never lets the page's clock run again: axe needs that.
    const debug = await context.newCDPSession(page);
    const answers = [];
    page.on('response', (answer) => answer.request().resourceType() === 'document' && answers.push(answer));
    const disable = (value) => this.script || debug.send('Emulation.setScriptExecutionDisabled', { value });
    /** As a script of the debugger's, which no policy of a page binds. */
    const run = (expression) => debug.send('Runtime.evaluate', { expression });
    return { context, page, disable, run, answers, heard: complaints(page) };
  }
}

async function open(tab, world, { path, as, then, locale, origin }, sessions) {
  const person = typeof as === 'function' ? await as() : as;
  if (person && !sessions.has(person)) sessions.set(person, (await world.login(person)).cookies.get('fluxer_session'));
  const { context, page, disable, run, answers, heard } = await tab.speaking(locale ?? 'en-GB');
  if (person) await context.addCookies([{ name: 'fluxer_session', value: sessions.get(person), url: origin }]);
  await disable(true);
  await page.goto(origin + path);
  await then?.(page, person);
  await page.waitForLoadState();
  await disable(false);
  // Chromium itself reports a page with a status of an error.
  const said = () => heard.filter((line) => !/the server responded with a status of 4\d\d/.test(line));
  return { page, run, said, answer: answers.at(-1) };
}
