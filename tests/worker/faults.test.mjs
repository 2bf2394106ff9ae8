// Storage that fails, and storage that fails after it wrote: at every step of every flow, one at a time.
//
// A fault is answered 503 with Retry-After and never as an OAuth verdict; the same request sent again
// succeeds; there is one lineage. Steps are found by watching a flow, so none can be forgotten.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Browser, Storage, World, atOnce, statuses, times } from './harness.mjs';
import { Signer } from './signer.mjs';

const TOO_MANY = 'KV PUT failed: 429 Too Many Requests';
const TEXT = { kv: TOO_MANY, d1: 'D1_ERROR: Network connection lost.', ledger: 'Durable Object is overloaded. Requests queued for too long.', limiter: 'Network connection lost.', pending: 'Network connection lost.', alarm: 'Network connection lost.' };

const storage = new Storage({ watched: false });
let world, user, browser, web, app;
let injected = 0;
before(async () => {
  // Limits that nobody reaches: the limiter is a step too.
  const limit = '100000/10';
  storage.clock = 86_400_000 - (Date.now() % 86_400_000); // a secret's first use a day is a step of its own
  world = await World.start({ storage, settings: { RATE_LIMIT_TOKEN: limit, RATE_LIMIT_AUTHORIZE: limit, RATE_LIMIT_REVOKE: limit, RATE_LIMIT_LOGIN: limit } });
  user = await world.user();
  browser = await world.login(user);
  [web, app] = [await world.application('confidential'), await world.application('public')];
});
after(async () => {
  console.log(`faults injected: ${injected}`);
  await world?.stop();
});

const name = (step) => `${step.part}.${step.op}${step.about ? ` (${step.about.slice(0, 60)})` : ''}`;
const tokenOf = (answer) => answer.json.access_token;
const session = async () => (await browser.ask('/api/oauth2/session')).json.csrf_token;

/** The isolate forgets what it knows of applications. */
const forget = () => (storage.clock += 6_000);

/**
 * Each flow: `prepare` brings what the request needs, `send` sends it (again, when it is sent again),
 * `succeeded` looks at the answer, `settled` at the world after it all. `absorbs` names the steps whose
 * failure nobody is told of, with the reason.
 */
const LIMITER = /^limiter/; // an outage of the limiter must not become one of every application
const isAudit = ({ about }) => /^(INSERT INTO audit_log|UPDATE applications SET secret_used_at)/.test(about ?? ''); // what is noted after the answer costs nobody one
const isRecord = ({ part, op }) => part === 'kv' && op !== 'get'; // nobody waits for KV
const isLapse = ({ about }) => /^UPDATE authorizations SET lapsed/.test(about ?? ''); // the device has ended all the same
const isLedger = ({ part }) => ['ledger', 'pending', 'alarm'].includes(part); // asked once more, through a fresh stub
/** The isolate remembers the application, and goes on with that. */
const isApplication = ({ part, about }) => part === 'd1' && /FROM applications WHERE id = \?$/.test(about ?? '');
const FLOWS = {
  'the login page, on the way to an application': {
    prepare: () => ({ visitor: new Browser(world), path: `/login?return_to=${encodeURIComponent(web.authorizationRequest().url)}` }),
    send: ({ visitor, path }) => visitor.ask(path),
    succeeded: ({ status }) => status === 200,
  },
  'a login': {
    async prepare() {
      const visitor = new Browser(world);
      return { visitor, ...visitor.fill(await visitor.open('/login'), { login: user.email, password: user.password }) };
    },
    send: ({ visitor, action, form }) => visitor.ask(action, { form }),
    succeeded: ({ status }) => status === 303,
    settled: async ({ visitor }) => assert.equal((await visitor.ask('/api/oauth2/session')).status, 200),
    // Giving back a place that a right password took: it is free a minute later anyway.
    absorbs: (step, index, steps) => step.part === 'limiter' && index > steps.findIndex(({ op }) => op === 'first') + 2,
  },
  'the consent page': {
    prepare: () => app.authorizationRequest(),
    send: ({ url }) => browser.ask(url),
    succeeded: ({ status, text }) => status === 200 && text.includes('Authorize'),
    absorbs: ({ part }) => LIMITER.test(part),
  },
  'a consent': {
    async prepare() {
      const client = await world.application('public');
      const request = client.authorizationRequest();
      return { client, request, ...browser.fill(await browser.open(request.url), { decision: 'approve' }) };
    },
    send: ({ action, form }) => browser.ask(action, { form }),
    succeeded: ({ landed }) => landed?.has('code'),
    async settled({ client, request }, answer) {
      const granted = await world.exchange(client, { ...request, code: answer.landed.get('code') });
      assert.equal(granted.status, 200, 'its code is good');
      assert.equal((await world.ledgerRows(user, client)).length, 1, 'one family');
    },
    absorbs: ({ part }) => LIMITER.test(part),
  },
  'a consent that adds a bot': {
    async prepare() {
      const client = await world.application('confidential', { bot: true });
      const guild = await world.admin('POST', '/guilds', { name: 'A guild', owner_id: user.id });
      const request = client.authorizationRequest({ scope: 'identify bot', permissions: '8' });
      return { client, guild, ...browser.fill(await browser.open(request.url), { decision: 'approve', guild_id: guild.id }) };
    },
    send: ({ action, form }) => browser.ask(action, { form }),
    succeeded: ({ landed }) => landed?.has('code'),
    async settled({ client, guild }, answer) {
      const granted = await world.exchange(client, { code: answer.landed.get('code') });
      assert.deepEqual([granted.status, granted.json.guild.id], [200, guild.id]);
      const members = await world.admin('GET', `/guilds/${guild.id}/members`);
      assert.deepEqual(members.filter(({ bot }) => bot).map(({ id, permissions }) => [id, permissions]), [[client.id, '8']]);
    },
    absorbs: ({ part }) => LIMITER.test(part),
  },
  'a link that adds a bot': {
    async prepare() {
      const client = await world.application('public', { bot: true });
      const guild = await world.admin('POST', '/guilds', { name: 'A guild', owner_id: user.id });
      const page = await browser.open(`/oauth2/authorize?client_id=${client.id}&scope=bot&permissions=8`);
      return { client, guild, ...browser.fill(page, { decision: 'approve', guild_id: guild.id }) };
    },
    send: ({ action, form }) => browser.ask(action, { form }),
    succeeded: ({ status, text }) => status === 200 && text.includes('is now in'),
    async settled({ client, guild }) {
      const members = await world.admin('GET', `/guilds/${guild.id}/members`);
      assert.deepEqual(members.filter(({ bot }) => bot).map(({ id }) => id), [client.id]);
    },
    absorbs: ({ part }) => LIMITER.test(part),
  },
  "a bot's own request": {
    prepare: () => world.application('confidential', { bot: true }),
    send: ({ bot }) => world.request('/api/users/@me', { headers: { authorization: `Bot ${bot.token}` } }),
    succeeded: ({ status, json }) => status === 200 && json.bot,
  },
  'guilds and connections': {
    absorbs: isApplication,
    prepare: () => world.tokens(browser, web, { scope: 'guilds connections' }),
    async send({ access_token }) {
      const headers = { authorization: `Bearer ${access_token}` };
      const guilds = await world.request('/api/users/@me/guilds', { headers });
      return guilds.status === 200 ? world.request('/api/users/@me/connections', { headers }) : guilds;
    },
    succeeded: ({ status }) => status === 200,
  },
  'a new secret': {
    prepare: async () => ({ client: await world.application('confidential', { owner_id: user.id }), csrf: await session() }),
    send: ({ client, csrf }) => browser.ask(`/api/oauth2/applications/${client.id}/client-secret/reset`, { json: { password: user.password }, headers: { 'x-csrf-token': csrf } }),
    succeeded: ({ status, json }) => status === 200 && json.client_secret,
    async settled({ client }, { json }) {
      const answer = await world.post('/oauth2/token', { ...client.with({ grant_type: 'client_credentials' }), client_secret: json.client_secret });
      assert.equal(answer.status, 200, 'the last secret that was shown is the one');
    },
    // Giving back a place that a right password took: it is free a minute later anyway.
    absorbs: (step, index, steps) => step.part === 'limiter' && index > steps.findIndex(({ part }) => part === 'limiter') + 1,
  },
  'a new application': {
    prepare: session,
    send: (csrf) => browser.ask('/api/oauth2/applications', { json: { name: 'Mine', bot: true }, headers: { 'x-csrf-token': csrf } }),
    succeeded: ({ status, json }) => status === 200 && json.bot.token,
    async settled(csrf) {
      for (const { id } of (await browser.ask('/api/oauth2/applications/@me')).json) await world.admin('DELETE', `/applications/${id}`);
    },
  },
  'a remembered consent': {
    prepare: async () => (await world.tokens(browser, web), web.authorizationRequest()),
    send: ({ url }) => browser.ask(url),
    succeeded: ({ landed }) => landed?.has('code'),
    settled: async (request, answer) => assert.equal((await world.exchange(web, { code: answer.landed.get('code') })).status, 200),
    absorbs: ({ part }) => LIMITER.test(part),
  },
  ...Object.fromEntries(['confidential', 'public'].map((type) => [`the exchange of a ${type} client`, {
    async prepare() {
      const client = await world.application(type);
      return { client, grant: await world.authorize(browser, client) };
    },
    send: ({ client, grant }) => world.exchange(client, grant),
    succeeded: ({ status }) => status === 200,
    settled: async ({ client }, answer) => oneLineage(client, answer.json),
    // A record in KV that cannot be read is as good as none.
    absorbs: ({ part }) => part === 'kv' || LIMITER.test(part),
  }])),
  'a refresh': {
    async prepare() {
      const client = await world.application('public');
      return { client, granted: await world.tokens(browser, client) };
    },
    send: ({ client, granted }) => world.refresh(client, granted.refresh_token),
    succeeded: ({ status }) => status === 200,
    settled: async ({ client }, answer) => oneLineage(client, answer.json),
    absorbs: (step) => LIMITER.test(step.part) || isApplication(step),
  },
  'client credentials': {
    prepare: () => world.application('confidential'),
    send: (client) => world.post('/oauth2/token', client.with({ grant_type: 'client_credentials' })),
    succeeded: ({ status }) => status === 200,
    absorbs: ({ part }) => LIMITER.test(part),
  },
  'a revocation': {
    prepare: async () => ({ granted: await world.tokens(browser, web) }),
    send: ({ granted }) => world.revoke(web, granted.refresh_token),
    succeeded: ({ status }) => status === 200,
    settled: async ({ granted }) => assert.equal(await world.active(web, granted.access_token), false),
    absorbs: (step) => LIMITER.test(step.part) || isApplication(step),
  },
  'an introspection': {
    prepare: async () => ({ granted: await world.tokens(browser, web) }),
    send: ({ granted }) => world.introspect(web, granted.access_token),
    succeeded: ({ status, json }) => status === 200 && json.active,
    // Without the directory it answers as ever, but for the name.
    absorbs: (step) => LIMITER.test(step.part) || step.part === 'd1',
  },
  'a resource': {
    prepare: async () => ({ granted: await world.tokens(browser, web) }),
    send: ({ granted }) => world.me(granted.access_token),
    succeeded: ({ status }) => status === 200,
    absorbs: isApplication,
  },
  'the list of authorizations': {
    prepare: () => world.tokens(browser, web),
    send: () => browser.ask(`/api/oauth2/@me/authorizations/${web.id}`),
    succeeded: ({ status }) => status === 200,
  },
  'a deauthorization': {
    async prepare() {
      const client = await world.application('confidential');
      return { client, granted: await world.tokens(browser, client), csrf: await session() };
    },
    send: ({ client, csrf }) => browser.ask(`/api/oauth2/@me/authorizations/${client.id}`, { method: 'DELETE', headers: { 'x-csrf-token': csrf } }),
    // Sent again after its effect, there may be nothing left to take back.
    succeeded: ({ status }, again) => status === 204 || (again && status === 404),
    async settled({ client, granted }) {
      assert.equal((await world.me(granted.access_token)).status, 401);
      assert.equal((await browser.ask(`/api/oauth2/@me/authorizations/${client.id}`)).status, 404);
    },
  },
  'a pushed request': {
    prepare: async () => app.authorizationRequest(),
    send: (request) => push(request),
    succeeded: ({ status }) => status === 201,
    settled: async (request, { json }) => {
      const page = await browser.submit(await browser.open(pushedUrl(json.request_uri)), { decision: 'approve' });
      assert.equal((await world.exchange(app, { ...request, code: page.landed.get('code') })).status, 200);
    },
    absorbs: ({ part }) => LIMITER.test(part),
  },
  ...Object.fromEntries(['approve', 'deny'].map((decision) => [`a consent to a pushed request: ${decision}`, {
    async prepare() {
      const client = await world.application('public');
      const request = client.authorizationRequest();
      const url = pushedUrl((await push(request)).json.request_uri, client);
      return { client, request, url, ...browser.fill(await browser.open(url), { decision }) };
    },
    send: ({ action, form }) => browser.ask(action, { form }),
    succeeded: ({ landed }) => landed?.has(decision === 'approve' ? 'code' : 'error'),
    async settled({ client, request, url }, { landed }) {
      if (decision === 'approve') assert.equal((await world.exchange(client, { ...request, code: landed.get('code') })).status, 200);
      assert.equal((await browser.ask(url)).status, 400, 'it is over');
    },
    absorbs: ({ part }) => LIMITER.test(part),
  }])),
  'the codes of a device': {
    prepare: () => world.application('public'),
    send: (tv) => world.post('/api/oauth2/device_authorization', tv.with({})),
    succeeded: ({ status }) => status === 200,
    async settled(tv, { json }) {
      await world.answerDevice(browser, json.user_code);
      assert.equal((await poll(tv, json)).status, 200);
    },
    absorbs: ({ part }) => LIMITER.test(part),
  },
  ...Object.fromEntries(['approve', 'deny'].map((decision) => [`a user's answer to a device: ${decision}`, {
    async prepare() {
      const { tv, device } = await waiting();
      const page = await browser.submit(await browser.open('/device'), { user_code: device.user_code });
      return { tv, device, ...browser.fill(page, { decision }) };
    },
    send: ({ action, form }) => browser.ask(action, { form }),
    // Sent again after its effect, a denial has come too late: there is nobody left to deny.
    succeeded: ({ status, text }, again) => (status === 200 && text.includes('is connected')) || (decision === 'deny' && (status === 200 || (again && status === 400))),
    async settled({ tv, device }) {
      const { status, json } = await poll(tv, device);
      if (decision === 'approve') assert.equal(status, 200);
      else assert.equal(json.error, 'access_denied');
    },
    absorbs: ({ part }) => LIMITER.test(part),
  }])),
  'a poll': {
    async prepare() {
      const { tv, device } = await waiting();
      await world.answerDevice(browser, device.user_code);
      return { tv, device };
    },
    send: ({ tv, device }) => poll(tv, device),
    succeeded: ({ status }) => status === 200,
    settled: async ({ tv }, answer) => oneLineage(tv, answer.json),
    absorbs: ({ part }) => part === 'kv' || LIMITER.test(part),
  },
  'client credentials by a signature and a proof': {
    async prepare() {
      const [signer, holder] = [await Signer.of('ES256'), await Signer.of('ES256')];
      const client = await world.application('confidential', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [signer.jwk] }, dpop_bound_access_tokens: true });
      return { form: await signer.authenticated(world, client, { grant_type: 'client_credentials' }, soon()), proof: await holder.proof(world, soon()) };
    },
    send: ({ form, proof }) => world.post('/api/oauth2/token', form, { headers: { dpop: proof } }),
    succeeded: ({ status, json }) => status === 200 && json.token_type === 'DPoP',
    absorbs: ({ part }) => LIMITER.test(part),
  },
  'the exchange of a public client with a proof': {
    async prepare() {
      const holder = await Signer.of('ES256');
      const client = await world.application('public');
      const grant = await world.authorize(browser, client);
      return { client, grant, proof: await holder.proof(world, soon()) };
    },
    send: ({ client, grant, proof }) => world.post('/api/oauth2/token', client.exchange(grant), { headers: { dpop: proof } }),
    succeeded: ({ status, json }) => status === 200 && json.token_type === 'DPoP',
    absorbs: ({ part }) => part === 'kv' || LIMITER.test(part),
  },
  'a logout': {
    async prepare() {
      const visitor = await world.login(user);
      const cookie = visitor.cookie;
      return { visitor, cookie, ...visitor.fill(await visitor.open('/logout'), {}) };
    },
    send: ({ cookie, action, form }) => world.request(action, { form, cookie }),
    succeeded: ({ status }) => status === 303,
    settled: async ({ cookie }) => assert.equal((await world.request('/api/oauth2/session', { cookie })).status, 401),
  },
};

const push = ({ url }) => world.post('/api/oauth2/par', { ...Object.fromEntries(new URL(url, world.origin).searchParams), prompt: 'consent' });
const pushedUrl = (uri, client = app) => `/oauth2/authorize?${new URLSearchParams({ client_id: client.id, request_uri: uri })}`;
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const poll = (tv, { device_code }) => world.post('/api/oauth2/token', tv.with({ grant_type: DEVICE, device_code }));
async function waiting() {
  const tv = await world.application('public');
  return { tv, device: (await world.post('/api/oauth2/device_authorization', tv.with({}))).json };
}
/** The Worker's clock is ahead of the signers'. */
const soon = () => {
  const now = Math.floor((Date.now() + storage.clock) / 1000);
  return { iat: now, exp: now + 60 };
};

/** What was granted works, and goes on as one chain. */
async function oneLineage(client, granted) {
  assert.equal(await world.active(client, granted.access_token), true);
  const next = await atOnce(world, times(3, () => ({ path: '/oauth2/token', form: client.refresh(granted.refresh_token) })));
  assert.deepEqual(statuses(next), { 200: 3 });
  assert.equal(new Set(next.map(({ json }) => json.refresh_token)).size, 1);
  assert.equal((await world.ledgerRows(user, client)).length, 1);
}

for (const [flow, { prepare, send, succeeded, settled = () => {}, absorbs = () => false }] of Object.entries(FLOWS)) {
  test(`${flow}: any step may fail`, async (t) => {
    const begin = async () => {
      const it = await prepare();
      await storage.idle();
      forget();
      storage.steps = [];
      return it;
    };
    const watched = await begin();
    const smooth = await storage.watching(() => send(watched));
    assert.ok(succeeded(smooth, false), `${smooth.status} ${smooth.text}`);
    const steps = storage.steps.slice();
    assert.ok(steps.length > 0);
    await settled(watched, smooth);

    for (const [index, expected] of steps.entries()) {
      for (const when of ['before', 'after']) {
        const it = await begin();
        let hit;
        // What is asked at the same time comes in any order.
        let earlier = steps.slice(0, index).filter((step) => name(step) === name(expected)).length;
        storage.mood = (step) => {
          if (name(step) !== name(expected)) return undefined;
          earlier -= 1;
          if (earlier >= 0) return undefined;
          storage.mood = () => undefined;
          hit = step;
          injected += 1;
          return { [when]: TEXT[step.part] };
        };
        const label = `${when} ${index + 1} of ${steps.length}: ${name(expected)}`;
        const faulty = await send(it);
        await settledQuietly();
        storage.mood = undefined;
        assert.equal(hit && name(hit), name(expected), `${label} is where the fault was`);
        let last = faulty;
        if ([isAudit, isRecord, isLapse, isLedger].some((is) => is(expected)) || absorbs(expected, index, steps)) {
          assert.ok(succeeded(faulty, false), `${label} is absorbed: ${faulty.status} ${faulty.text}`);
        } else {
          unavailable(faulty, label);
          last = await send(it);
          assert.ok(succeeded(last, true), `${label}, sent again: ${last.status} ${last.text}`);
        }
        await settled(it, last);
      }
    }
    t.diagnostic(`${steps.length} steps: ${steps.map(name).join(', ')}`);
  });
}

/** What runs on after an answer has run. */
const settledQuietly = () => storage.idle();

/** Ours, and said so in the words of whoever was asked. */
function unavailable(answer, label) {
  assert.equal(answer.status, 503, `${label}: ${answer.status} ${answer.text}`);
  assert.match(answer.header('retry-after') ?? '', /^\d+$/, label);
  assert.equal(answer.header('location'), undefined, label);
  assert.ok(!/KV|D1|Durable|Network/.test(answer.text), 'what storage said is for the log');
  if (!answer.text.startsWith('{')) return;
  const { error, code } = answer.json;
  assert.equal(error ?? code, error ? 'temporarily_unavailable' : 'SERVICE_UNAVAILABLE', label);
}

// --- a ledger's own storage ------------------------------------------------------------------------

for (const flow of ['a consent', "a user's answer to a device: approve", 'a poll', 'the exchange of a confidential client', 'the exchange of a public client', 'a refresh', 'a revocation', 'a resource', 'a deauthorization']) {
  test(`${flow}: any statement inside the ledger may fail`, async (t) => {
    const { prepare, send, succeeded, settled = () => {} } = FLOWS[flow];
    const run = async (sql) => {
      const it = await prepare();
      await storage.idle();
      storage.rows = [];
      let told = false;
      const answer = await during(({ part }) => (sql && part === 'ledger' && !told ? ((told = true), { sql }) : undefined), () => send(it));
      const { statements } = storage.rows[0];
      return { it, answer, statements };
    };
    const smooth = await run();
    assert.ok(succeeded(smooth.answer, false));
    for (let statement = 0; statement < smooth.statements; statement += 1) {
      for (const when of ['before', 'after']) {
        injected += 1;
        const label = `${when} statement ${statement + 1} of ${smooth.statements}`;
        const { it, answer, statements } = await run({ statement, when });
        assert.equal(statements, statement + (when === 'after'), `${label} is where the fault was`);
        // The object takes back what it wrote, and is asked once more.
        assert.ok(succeeded(answer, true), `${label}: ${answer.status} ${answer.text}`);
        await settled(it, answer);
      }
    }
    t.diagnostic(`${smooth.statements} statements`);
  });
}

// --- a part that is down, and moods of KV that last ------------------------------------------------

/** All steps of a part fail while `work` runs. */
async function during(mood, work) {
  storage.mood = mood;
  try {
    return await work();
  } finally {
    storage.mood = undefined;
    await storage.idle();
  }
}

for (const part of ['kv', 'ledger', 'd1', 'limiter']) {
  test(`while ${part} is down a code and a refresh token keep`, async () => {
    const [app, other] = [await world.application('public'), await world.application('public')];
    const grant = await world.authorize(browser, app);
    const { refresh_token, access_token } = await world.tokens(browser, other);
    await storage.idle();
    forget();
    const down = (step) => (step.part === part ? { before: TEXT[part] } : undefined);
    await during(down, async () => {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        for (const [answer, needs] of [
          ...(['kv', 'limiter'].includes(part) ? [] : [[await world.exchange(app, grant), ['ledger', 'd1']]]),
          // What was read a moment ago serves without D1.
          [await world.refresh(other, refresh_token), ['ledger']],
          [await world.revoke(other, 'nonsense'), []],
          [await world.introspect(other, access_token), ['ledger']],
          [await world.me(access_token), ['ledger', 'd1']],
        ]) {
          if (needs.includes(part)) unavailable(answer, part);
          else assert.equal(answer.status, 200, `${part}: ${answer.text}`);
        }
        if (part === 'limiter') return;
      }
      const health = await world.request('/healthz');
      assert.equal(health.status, 503);
      assert.equal(Object.values(health.json).filter((said) => said !== 'ok').length, 1);
      assert.equal((await world.request('/.well-known/oauth-authorization-server')).status, 200);
    });
    if (part === 'limiter') return;
    forget();
    await oneLineage(app, (await world.exchange(app, grant)).json);
    assert.equal((await world.refresh(other, refresh_token)).status, 200);
  });
}

test('while what is answered once cannot be asked, nothing is spent by it', async () => {
  const [signer, holder] = [await Signer.of('ES256'), await Signer.of('ES256')];
  const client = await world.application('confidential', { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [signer.jwk] } });
  const { tv, device } = await waiting();
  await world.answerDevice(browser, device.user_code);
  const [request, grant] = [app.authorizationRequest(), await world.authorize(browser, app)];
  const url = pushedUrl((await push(request)).json.request_uri);
  const consent = browser.fill(await browser.open(url), { decision: 'approve' });
  const signed = await signer.authenticated(world, client, { grant_type: 'client_credentials' }, soon());
  const dpop = await holder.proof(world, soon());
  const asked = {
    push: () => push(request),
    visit: () => browser.ask(url),
    consent: () => browser.ask(consent.action, { form: consent.form }),
    poll: () => poll(tv, device),
    assertion: () => world.post('/api/oauth2/token', signed),
    proof: () => world.post('/api/oauth2/token', app.exchange(grant), { headers: { dpop } }),
  };
  await during(({ part }) => (part === 'pending' ? { before: TEXT.pending } : undefined), async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      for (const [what, ask] of Object.entries(asked)) unavailable(await ask(), what);
    }
    assert.equal((await world.tokens(browser, app)).token_type, 'Bearer', 'whoever needs none of it goes on');
  });
  for (const [what, ask] of Object.entries(asked)) {
    const answer = await ask();
    assert.equal(answer.status, { push: 201, consent: 303 }[what] ?? 200, `${what}: ${answer.text}`);
  }
});

test('login refuses while the limiter is down', async () => {
  const visitor = new Browser(world);
  const page = await visitor.open('/login');
  await during(({ part }) => (part === 'limiter' ? { before: TEXT.limiter } : undefined), async () => {
    const { action, form } = visitor.fill(page, { login: user.email, password: user.password });
    unavailable(await visitor.ask(action, { form }), 'login');
  });
});

// What a stub of ours throws once a deployment has reset its object, and where the object is of the version before.
const RESET = { before: "The Durable Object's code has been updated, this version can no longer access storage.", reset: true };
const OLDER = { before: 'The RPC receiver does not implement the method "ask".', type: 'TypeError' };

for (const [what, thrown] of Object.entries({ reset: RESET, 'of an earlier version': OLDER })) {
  test(`objects that are ${what} cost nothing but one more question`, async () => {
    const client = await world.application('confidential');
    const { refresh_token, access_token } = await world.tokens(browser, client);
    await storage.idle();
    const asked = [];
    await during((step) => (step.op === 'ask' && asked.push(step.part) ? thrown : undefined), async () => {
      assert.equal((await world.refresh(client, refresh_token)).status, 200);
      assert.equal((await world.me(access_token)).status, 200);
      const visitor = new Browser(world);
      const { action, form } = visitor.fill(await visitor.open('/login'), { login: user.email, password: user.password });
      assert.equal((await visitor.ask(action, { form })).status, 303);
    });
    assert.ok(asked.includes('limiter') && asked.includes('ledger'), asked.join());
  });
}

test('a limiter that is down is asked once', async () => {
  const client = await world.application('confidential');
  const { refresh_token } = await world.tokens(browser, client);
  await storage.idle();
  for (const [thrown, asked] of [[{ before: TEXT.limiter }, 1], [RESET, 2]]) {
    let count = 0;
    const down = (step) => (step.part === 'limiter' && (count += 1) ? thrown : undefined);
    await during(down, async () => assert.equal((await world.refresh(client, refresh_token)).status, 200));
    assert.equal(count, asked, thrown.before);
  }
});

test('a silent request is told by redirect that we cannot', async () => {
  await during(({ part }) => (part === 'd1' ? { before: TEXT.d1 } : undefined), async () => {
    const page = await browser.ask(web.authorizationRequest({ prompt: 'none' }).url);
    assert.ok(page.landed ? page.landed.get('error') === 'temporarily_unavailable' : page.status === 503);
  });
});

/** Everything a client does, one after another, in whatever mood KV is. */
async function wholeStory(client) {
  const grant = await world.authorize(browser, client);
  const winners = await atOnce(world, times(10, () => ({ path: '/oauth2/token', form: client.exchange(grant) })));
  assert.deepEqual(statuses(winners), { 200: 1, 400: 9 });
  let granted = await world.tokens(browser, client);
  for (let link = 0; link < 3; link += 1) {
    const next = (await world.refresh(client, granted.refresh_token)).json;
    assert.notEqual(next.refresh_token, granted.refresh_token);
    granted = next;
  }
  assert.equal((await world.me(tokenOf({ json: granted }))).status, 200);
  assert.equal((await world.revoke(client, granted.refresh_token)).status, 200);
  assert.equal(await world.active(client, granted.access_token), false);
  assert.equal((await world.refresh(client, granted.refresh_token)).json.error, 'invalid_grant');
  const gone = await world.authorize(browser, client);
  await browser.ask(`/api/oauth2/@me/authorizations/${client.id}`, { method: 'DELETE', headers: { 'x-csrf-token': await session() } });
  assert.equal((await world.exchange(client, gone)).json.error, 'invalid_grant');
}

const reads = (fault) => ({ part, op }) => (part === 'kv' && op === 'get' ? fault() : undefined);
const MOODS = {
  'has nothing': reads(() => ({ instead: null })),
  'has nothing half of the time': reads(() => (Math.random() < 0.5 ? { instead: null } : undefined)),
  'has something else': reads(() => ({ instead: '{"old":"schema"}' })),
  'has rubbish': reads(() => ({ instead: '\u0000<html>' })),
  'is slow': ({ part }) => (part === 'kv' ? { wait: 150 } : undefined),
  'is slow and forgetful': ({ part, op }) => (part === 'kv' ? { wait: Math.random() * 50, ...(op === 'get' && { instead: null }) } : undefined),
};
for (const [mood, rule] of Object.entries(MOODS)) {
  test(`while KV ${mood} everything is as ever`, async () => {
    for (const client of [web, app]) await during(rule, () => wholeStory(client));
  });
}

test('while KV is gone a code goes out and is redeemed', async () => {
  const request = app.authorizationRequest();
  const { action, form } = browser.fill(await browser.open(request.url), { decision: 'approve' });
  await during(({ part }) => (part === 'kv' ? { before: TOO_MANY } : undefined), async () => {
    const page = await browser.ask(action, { form });
    const granted = await world.exchange(app, { ...request, code: page.landed.get('code') });
    assert.equal(granted.status, 200);
  });
});

test('no store is waited for longer than its bound', async () => {
  const { refresh_token } = await world.tokens(browser, app);
  const grant = await world.authorize(browser, web);
  const silent = (silent) => ({ part }) => (part === silent ? { wait: 20_000 } : undefined);
  const timed = async (part, work) => {
    const since = Date.now();
    await during(silent(part), async () => {
      const answer = await work();
      storage.took = Date.now() - since;
      storage.running.clear();
      return answer;
    });
    return storage.took;
  };
  forget();
  assert.ok((await timed('d1', async () => assert.equal((await world.refresh(app, refresh_token)).status, 200))) < 4_000, 'D1: 2 s');
  assert.ok((await timed('kv', async () => assert.equal((await world.exchange(web, grant)).status, 200))) < 4_000, 'KV: 2 s');
  assert.ok((await timed('ledger', async () => unavailable(await world.refresh(app, refresh_token), 'ledger'))) < 8_000, 'objects: 5 s');
  const { access_token } = await world.tokens(browser, app);
  const me = () => world.request('/api/users/@me', { headers: { authorization: `Bearer ${access_token}` } });
  assert.equal((await me()).status, 200);
  assert.ok((await timed('d1', async () => unavailable(await me(), 'D1'))) < 4_000, 'D1: 2 s, beside an object that has 5');
});

test('an alarm that cannot be set leaves no family behind', async () => {
  for (const when of ['before', 'after']) {
    const client = await world.application('public');
    const request = client.authorizationRequest();
    const { action, form } = browser.fill(await browser.open(request.url), { decision: 'approve' });
    const broken = ({ part, op }) => (part === 'alarm' && op === 'set' ? { [when]: 'Network connection lost.' } : undefined);
    await during(broken, async () => unavailable(await browser.ask(action, { form }), 'approve'));
    assert.deepEqual(await world.ledgerRows(user, client), [], when);
    const page = await browser.ask(action, { form });
    assert.equal((await world.exchange(client, { ...request, code: page.landed.get('code') })).status, 200);
  }
});

test('an alarm that cannot be set leaves no entry behind', async () => {
  for (const when of ['before', 'after']) {
    const request = app.authorizationRequest();
    const stored = (await world.stored('PendingEntry')).length;
    // The entry is asked once more, and its alarm fails again.
    const broken = ({ part }) => (part === 'pending' ? { alarm: { [when]: 'Network connection lost.' } } : undefined);
    await during(broken, async () => unavailable(await push(request), 'push'));
    assert.equal((await world.stored('PendingEntry')).length, stored, when);
    assert.equal((await push(request)).status, 201);
    assert.equal((await world.stored('PendingEntry')).length, stored + 1, 'what is stored is found');
  }
});

test('a window whose alarm could not be set has one once it is asked again', async () => {
  const ask = () => world.request('/oauth2/revoke', { form: app.with({ token: 'x' }), headers: { 'cf-connecting-ip': '203.0.113.77' } });
  const forgotten = async () => (await world.stored('RateLimiter')).filter(({ hasAlarm }) => !hasAlarm).length;
  const kept = (await world.stored('RateLimiter')).length;
  const broken = ({ part }) => (part === 'limiter' ? { alarm: { before: 'Network connection lost.' } } : undefined);
  await during(broken, async () => assert.equal((await ask()).status, 200, 'a limiter that is down stops nobody'));
  assert.equal(await forgotten(), 1, 'it is the one');
  assert.equal((await ask()).status, 200);
  assert.equal(await forgotten(), 0);
  assert.ok((await world.stored('RateLimiter')).length > kept);
});

test('an alarm that was given up comes back at the next turn, and is not looked at before', async () => {
  const client = await world.application('public');
  await world.tokens(browser, client);
  const { refresh_token } = await world.tokens(browser, client);
  const looks = () => storage.steps.filter(({ part }) => part === 'alarm').map(({ op }) => op);
  // The instance that knew of the alarm has left memory, and the platform has forgotten it.
  const forgotten = ({ part, op }) => (part === 'alarm' && op === 'get' ? { instead: null } : part === 'ledger' ? { evict: true } : undefined);
  const refresh = async (token) => (await world.refresh(client, token)).json.refresh_token;
  const day = 24 * 60 * 60_000;
  try {
    storage.steps = [];
    storage.mood = forgotten;
    storage.clock = 20 * day;
    const next = await refresh(refresh_token);
    assert.deepEqual(looks(), [], 'nothing has ended');
    storage.clock = 31 * day; // the first login has ended, and this one was used
    await refresh(next);
    for (let waited = 0; waited < 100 && looks().length < 2; waited += 1) await sleep(50);
    assert.deepEqual(looks(), ['get', 'set']);
  } finally {
    storage.mood = undefined;
    storage.clock = 0;
  }
});

test('while KV refuses writes codes that went out are redeemed, and refreshed', async () => {
  const grants = [await world.authorize(browser, app), await world.authorize(browser, web)];
  await during(({ op }) => (op === 'put' ? { before: TOO_MANY } : undefined), async () => {
    for (const [index, client] of [app, web].entries()) {
      const { refresh_token } = (await world.exchange(client, grants[index])).json;
      assert.equal((await world.refresh(client, refresh_token)).status, 200);
    }
  });
});

test('storage that fails at random never breaks a chain', async () => {
  let { refresh_token: token } = await world.tokens(browser, app);
  const random = (step) => {
    if (Math.random() > 0.3) return undefined;
    injected += 1;
    return { [Math.random() < 0.5 ? 'before' : 'after']: TEXT[step.part] };
  };
  await during(random, async () => {
    for (let link = 0; link < 60; ) {
      const answer = await world.refresh(app, token);
      if (answer.status !== 200) {
        unavailable(answer, `link ${link}`);
        continue;
      }
      token = answer.json.refresh_token;
      link += 1;
    }
  });
  assert.equal((await world.refresh(app, token)).status, 200);
});
