// What each flow costs: storage operations, counted on the bindings, against the table in docs/storage.md.
// More is a failure; less is noted.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Browser, Storage, World } from './harness.mjs';

const storage = new Storage();
let world, user, browser, web, app, botted;
before(async () => {
  const limit = '100000/10';
  world = await World.start({ storage, settings: { RATE_LIMIT_TOKEN: limit, RATE_LIMIT_AUTHORIZE: limit, RATE_LIMIT_REVOKE: limit, RATE_LIMIT_LOGIN: limit } });
  user = await world.user();
  browser = await world.login(user);
  [web, app, botted] = [await world.application('confidential'), await world.application('public'), await world.application('confidential', { bot: true })];
});
after(() => world?.stop());

const consent = async (client) => {
  const request = client.authorizationRequest();
  return browser.fill(await browser.open(request.url), { decision: 'approve' });
};
const redeem = async (client) => {
  const grant = await world.authorize(browser, client);
  return () => world.exchange(client, grant);
};
/**
 * What a flow may cost, how it is made ready, and its hops: what is asked at the same time stands between
 * two `>`. What runs on after the answer is no hop.
 */
const FLOWS = {
  'approve': [{ 'kv.put': 1, ledger: 1, rows: 1, limiter: 1, d1: 1, 'd1 rows': 3 }, 'limiter > ledger > d1.batch', async () => {
    const { action, form } = await consent(app);
    return () => browser.ask(action, { form });
  }],
  // Whether the bot may be added is asked of D1 as it is.
  'approve, with a bot': [{ 'kv.put': 1, ledger: 1, rows: 1, limiter: 1, d1: 2, 'd1 rows': 12 }, 'limiter > d1.first > ledger > d1.batch', async () => {
    const guild = await world.admin('POST', '/guilds', { name: 'A guild', owner_id: user.id });
    await world.tokens(browser, botted); // the first family of a pair also makes its table
    const page = await browser.open(botted.authorizationRequest({ scope: 'identify bot', permissions: '8' }).url);
    const { action, form } = browser.fill(page, { decision: 'approve', guild_id: guild.id });
    return () => browser.ask(action, { form });
  }],
  // A ledger that keeps nothing has no alarm to look for, and sets one.
  'approve, the first time': [{ 'kv.put': 1, ledger: 1, alarm: 1, limiter: 1, d1: 1, 'd1 rows': 4 }, 'limiter > ledger > d1.batch', async () => {
    const client = await world.application('public');
    const { action, form } = await consent(client);
    return () => browser.ask(action, { form });
  }],
  'code to tokens, confidential': [{ 'kv.get': 1, 'kv.put': 1, ledger: 1, rows: 1, limiter: 1 }, 'kv.get + limiter > ledger', () => redeem(web)],
  'code to tokens, public': [{ 'kv.get': 1, 'kv.put': 1, ledger: 1, rows: 1, limiter: 1 }, 'kv.get + limiter > ledger', () => redeem(app)],
  'refresh to tokens': [{ ledger: 1, rows: 1, limiter: 1 }, 'limiter > ledger', async () => {
    const { refresh_token } = await world.tokens(browser, web);
    return () => world.refresh(web, refresh_token);
  }],
  'client credentials': [{ limiter: 1 }, 'limiter', async () => () => world.post('/oauth2/token', web.with({ grant_type: 'client_credentials' }))],
  'resource with a bearer token': [{ ledger: 1, d1: 1 }, 'd1.first + ledger', async () => {
    const { access_token } = await world.tokens(browser, web);
    return () => world.me(access_token);
  }],
  'introspection': [{ ledger: 1, d1: 1 }, 'd1.first + ledger', async () => {
    const { access_token } = await world.tokens(browser, web);
    return () => world.introspect(web, access_token);
  }],
  'the guilds of a user': [{ ledger: 1, d1: 1 }, 'd1.first + ledger', async () => {
    const { access_token } = await world.tokens(browser, web, { scope: 'guilds' });
    return () => world.request('/api/users/@me/guilds', { headers: { authorization: `Bearer ${access_token}` } });
  }],
  "a bot's own request": [{ d1: 1 }, 'd1.first', async () => () => world.request('/api/users/@me', { headers: { authorization: `Bot ${botted.bot.token}` } })],
  'login': [{ limiter: 4, d1: 3, 'd1 rows': 6 }, undefined, async () => {
    const visitor = new Browser(world);
    const { action, form } = visitor.fill(await visitor.open('/login'), { login: user.email, password: user.password });
    return () => visitor.ask(action, { form });
  }],
  // With its entry of the audit log.
  'revoke': [{ limiter: 1, ledger: 1, rows: 1, d1: 1, 'd1 rows': 3 }, 'limiter > ledger', async () => {
    const { refresh_token } = await world.tokens(browser, web);
    return () => world.revoke(web, refresh_token);
  }],
};

/** What runs on after the answer: records, entries of the audit log. */
const LATER = ['kv.put', 'd1.run'];
function chain(steps) {
  const hops = [];
  for (const { part, op, hop } of steps) {
    const name = part === 'kv' || part === 'd1' ? `${part}.${op}` : part;
    if (hop && !LATER.includes(name)) (hops[hop - 1] ??= []).push(name);
  }
  return hops.map((asked) => asked.sort().join(' + ')).join(' > ');
}

for (const [flow, [budget, hops, prepare]] of Object.entries(FLOWS)) {
  test(`${flow} costs what it may`, async (t) => {
    await (await prepare())(); // warms the isolate
    storage.stopped = Date.now(); // what it remembers stays fresh, however slow the machine is
    const send = await prepare();
    await storage.idle();
    [storage.steps, storage.rows, storage.written] = [[], [], 0];
    const answer = await send();
    await storage.idle();
    storage.stopped = undefined;
    assert.ok(answer.status < 400, answer.text);
    const spent = {};
    for (const { part, op } of storage.steps) {
      const name = part === 'kv' ? `kv.${op}` : part;
      spent[name] = (spent[name] ?? 0) + 1;
    }
    spent.rows = storage.rows.reduce((sum, { rows }) => sum + rows, 0);
    spent['d1 rows'] = storage.written;
    t.diagnostic(`${flow}: ${JSON.stringify(spent)}, ${chain(storage.steps)}`);
    if (hops) assert.equal(chain(storage.steps), hops);
    const rows = budget.rows ?? (flow.includes('first time') ? Infinity : 0);
    for (const [name, count] of Object.entries(spent)) {
      assert.ok(count <= (name === 'rows' ? rows : budget[name] ?? 0), `${count} ${name}: ${storage.steps.map((step) => `${step.part}.${step.op} ${step.about ?? ''}`)}`);
    }
  });
}

test('the audit log is found by its indexes, whatever is asked of it', async () => {
  const staff = await world.user({ admin: true });
  const admin = await world.login(staff);
  const whole = (await world.admin('GET', '/audit-log?limit=100')).map(({ id, action, actor_id, target_id }) => ({ id, action, actor: actor_id, target: target_id }));
  const database = await world.mf.getD1Database('DIRECTORY');
  const wanted = [
    { action: 'authorization.granted' }, { action: 'user.created' }, { actor: user.id }, { actor: '1' }, { target: user.id }, { target: web.id },
    { action: 'user.created', target: user.id }, { action: 'authorization.granted', target: user.id }, { action: 'user.created', actor: '1' }, { actor: user.id, target: user.id },
  ];
  for (const filter of wanted) {
    const expected = whole.filter((entry) => Object.entries(filter).every(([name, value]) => entry[name] === value)).length;
    assert.ok(expected > 0, JSON.stringify(filter));
    storage.steps = [];
    const page = await admin.open(`/admin/audit-log?${new URLSearchParams(filter)}`);
    assert.equal(page.html.querySelectorAll('ol.log > li').length, Math.min(expected, 25), JSON.stringify(filter));
    const { about } = storage.steps.find(({ about }) => /FROM audit_log/.test(about ?? ''));
    const values = Array(Math.max(...[...about.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number)))).fill('1');
    const { results } = await database.prepare(`EXPLAIN QUERY PLAN ${about}`).bind(...values).all();
    const searches = results.map(({ detail }) => detail).filter((detail) => /audit_log/.test(detail));
    const isCommon = filter.action === 'authorization.granted' && !filter.target;
    const index = isCommon ? /PRIMARY KEY/ : /audit_log_(actor|seldom)/;
    for (const search of searches) assert.match(search, index, `${JSON.stringify(filter)}: ${search}`);
  }
});

test('the overview looks through neither the log nor its counts, whatever the time', async () => {
  const admin = await world.login(await world.user({ admin: true }));
  const database = await world.mf.getD1Database('DIRECTORY');
  const links = (await admin.open('/admin')).html.querySelectorAll('a[href^="/admin?range="]').map((it) => it.getAttribute('href'));
  assert.equal(links.length, 3);
  for (const link of links) {
    storage.steps = [];
    assert.equal((await admin.open(link)).status, 200);
    const asked = storage.steps.map(({ about }) => about ?? '').filter((about) => /FROM audit_log/.test(about));
    assert.ok(asked.length > 0, link);
    for (const about of asked) {
      const values = Array(Math.max(0, ...[...about.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number)))).fill('1');
      const { results } = await database.prepare(`EXPLAIN QUERY PLAN ${about}`).bind(...values).all();
      const reads = results.map(({ detail }) => detail).filter((detail) => /\b(audit_log|counts)\b/.test(detail));
      assert.ok(reads.length > 0);
      for (const read of reads) assert.match(read, /^SEARCH /, `${link}: ${read}`);
    }
  }
});
