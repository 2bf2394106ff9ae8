// What administrators, developers and users see of how the server is used, on D1 itself: the log's searches and
// files, the counts of the cron, an isolate's own counts, and sessions.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { World } from './harness.mjs';

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0';

let world, staff, browser;
before(async () => {
  world = await World.start();
  staff = await world.user({ admin: true });
  browser = await world.login(staff);
});
after(() => world?.stop());

const sentences = (page) => page.html.querySelectorAll('ol.log .sentence').map((it) => it.textContent.replace(/\s+/g, ' ').trim());
const open = async (path) => {
  const page = await browser.open(path);
  assert.equal(page.status, 200, `${path}: ${page.text}`);
  return page;
};
const total = (page, label) => Number(page.html.querySelectorAll('figure.chart figcaption').find((it) => it.textContent.startsWith(label)).querySelector('strong').textContent);

test('the log is searched by person, application, action, address and day', async () => {
  const user = await world.user();
  const client = await world.application('confidential', { name: 'Searched Club' });
  const theirs = await world.login(user);
  await world.tokens(Object.assign(theirs, { headers: { 'user-agent': FIREFOX } }), client, { scope: 'identify email' });
  const today = new Date().toISOString().slice(0, 10);
  const consent = new RegExp(`^${user.username} \\(\\d{4}…\\) authorized Searched Club \\(\\d{4}…\\) for identify, email$`);
  for (const query of [`person=${user.username}`, `person=${user.id}`, 'application=Searched+Club', `application=${client.id}`, `person=${user.id}&application=${client.id}`, 'action=authorization.granted', `person=${user.id}&address=127.0.0.1&from=${today}&until=${today}`]) {
    const page = await open(`/admin/audit-log?${query}`);
    assert.ok(sentences(page).some((it) => consent.test(it)), `${query}: ${sentences(page).join('\n')}`);
  }
  const page = await open(`/admin/audit-log?person=${user.id}`);
  assert.match(page.html.querySelector('ol.log').textContent, /Firefox on Windows/);
  for (const query of [`person=${user.id}&address=192.0.2.200`, `person=${user.id}&until=2020-01-01`, `application=${client.id}&action=user.logout`]) {
    assert.equal(sentences(await open(`/admin/audit-log?${query}`)).length, 0, query);
  }
});

test('the log goes out as a file, in parts, whole', async () => {
  const directory = await world.mf.getD1Database('DIRECTORY');
  // Two parts and some; every entry a second after the other.
  await directory.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2300) INSERT INTO audit_log (id, action, actor_id, target_id, address) SELECT ((1790000000000 - 1420070400000 + i * 1000) << 22), 'user.logout', '1', '1', '192.0.2.9' FROM n");
  const kept = await directory.prepare('SELECT COUNT(*) AS n FROM audit_log').first('n');
  const file = await browser.ask('/admin/audit-log/download?format=csv');
  assert.equal(file.status, 200);
  assert.equal(file.headers.get('content-disposition'), 'attachment; filename=audit-log.csv');
  const lines = file.text.trim().split('\r\n');
  const ids = lines.slice(1).map((line) => line.split(',')[0]);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.length >= kept, `${ids.length} of ${kept}`);
  const ndjson = await browser.ask('/admin/audit-log/download?format=ndjson&address=192.0.2.9');
  const entries = ndjson.text.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(entries.length, 2300);
});

test('the counts are the same before and after the cron has counted', async () => {
  const theirs = await world.user();
  await world.login(theirs);
  const [logins, actions] = [total(await open('/admin'), 'Logins'), ['Logins', 'Authorizations', 'Revocations']];
  assert.ok(logins >= 2);
  const before = await open('/admin?range=30d');
  const worker = await world.mf.getWorker();
  for (let times = 0; times < 2; times += 1) {
    assert.equal((await worker.scheduled({ cron: '*/10 * * * *' })).outcome, 'ok');
    const after = await open('/admin?range=30d');
    for (const action of actions) assert.equal(total(after, action), total(before, action), action);
  }
  // Entries of the last two minutes wait; older ones are counted, once.
  const directory = await world.mf.getD1Database('DIRECTORY');
  const counted = await directory.prepare("SELECT SUM(n) AS n FROM counts WHERE span = 86400000 AND action = 'user.logout'").first('n');
  assert.equal(counted, 2300);
  assert.match((await open('/admin')).html.querySelector('#health').textContent, /directory works/);
});

test('a developer sees why requests were refused, and how often', async () => {
  const user = await world.user();
  const client = await world.application('confidential', { owner_id: user.id, redirect_uris: ['https://mine.example/cb'] });
  for (let times = 0; times < 3; times += 1) await world.request(`/oauth2/authorize?client_id=${client.id}&response_type=code&redirect_uri=https%3A%2F%2Fmine.example%2Fwrong`);
  const theirs = await world.login(user);
  const page = await theirs.open(`/developers/${client.id}`);
  assert.match(page.html.querySelector('#usage').textContent, /redirect_uri is not one of those.*https:\/\/mine\.example\/wrong.*3 in 14 days, 3 of them today/s);
  // Written down some seconds later.
  const directory = await world.mf.getD1Database('DIRECTORY');
  const rows = async () => (await directory.prepare("SELECT SUM(n) AS n FROM application_days WHERE application_id = ? AND what = 'refused'").bind(client.id).first('n'));
  for (let waited = 0; (await rows()) !== 3; waited += 1) {
    assert.ok(waited < 100, 'nothing was written');
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
});

test('active users are counted once a day, and survive the isolate', async () => {
  const owner = await world.user();
  const client = await world.application('confidential', { owner_id: owner.id, redirect_uris: ['https://mine.example/cb'] });
  const users = await Promise.all([world.user(), world.user(), world.user()]);
  for (const user of users) {
    const theirs = await world.login(user);
    const { refresh_token } = await world.tokens(theirs, client);
    await world.refresh(client, refresh_token);
  }
  const directory = await world.mf.getD1Database('DIRECTORY');
  const marks = async () => (await directory.prepare("SELECT COUNT(*) AS n FROM application_days WHERE application_id = ? AND what = 'active'").bind(client.id).first('n'));
  for (let waited = 0; (await marks()) === 0; waited += 1) {
    assert.ok(waited < 100, 'nothing was written');
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const theirs = await world.login(owner);
  const shown = async () => total(await theirs.open(`/developers/${client.id}`), 'Active users');
  assert.equal(await shown(), 3);
  // A large sketch, as an application of 10,000 users has it.
  await directory.exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 255) INSERT INTO application_days SELECT '${client.id}', ${Math.floor(Date.now() / 86_400_000) * 86_400_000}, 'active', i, 6 FROM n WHERE true ON CONFLICT DO UPDATE SET n = 6`);
  const many = await shown();
  assert.ok(many > 10_000 && many < 13_000, `${many}`);
});

test('an icon is kept in KV as it came, and served as a picture and nothing else', async () => {
  const owner = await world.user();
  const client = await world.application('confidential', { owner_id: owner.id });
  const theirs = await world.login(owner);
  const picture = readFileSync(join(import.meta.dirname, '../../fuzz/seeds/icon/webp-lossless'));
  const upload = async (file) => {
    const page = await theirs.open(`/developers/${client.id}`);
    const { action, form } = theirs.fill(page, { action: 'icon', icon: '' });
    const body = new FormData();
    for (const [name, value] of form) if (name !== 'icon') body.append(name, value);
    body.append('icon', new Blob([file], { type: 'image/webp' }), 'a b.webp');
    return theirs.ask(action.split('#')[0], { method: 'POST', body });
  };
  assert.equal((await upload(picture)).status, 303);
  const page = await theirs.open(`/developers/${client.id}`);
  const src = page.html.querySelector('img.monogram').getAttribute('src');
  const answer = await fetch(world.origin + src);
  assert.equal(answer.status, 200);
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), picture);
  for (const [name, value] of Object.entries({ 'content-type': 'image/webp', 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; sandbox", 'cache-control': 'public, max-age=31536000, immutable', 'set-cookie': null })) assert.equal(answer.headers.get(name), value, name);
  const head = await fetch(world.origin + src, { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
  assert.equal((await upload(Buffer.alloc(300 * 1024))).status, 400);
  assert.equal((await upload(Buffer.alloc(600 * 1024))).status, 413);
  // Other forms are as short as ever.
  assert.equal((await theirs.ask(`/developers/${client.id}`, { form: { action: 'x'.repeat(70_000) } })).status, 413);
  const records = await world.mf.getKVNamespace('RECORDS');
  const names = async () => (await records.list({ prefix: 'icon:' })).keys.map(({ name }) => name);
  assert.deepEqual(await names(), [src.slice(1).replace('icons', 'icon').replaceAll('/', ':')]);
  await world.admin('DELETE', `/applications/${client.id}`);
  for (let waited = 0; (await names()).length > 0; waited += 1) {
    assert.ok(waited < 50, 'the icon stays');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.equal((await fetch(world.origin + src)).status, 404);
});

test('a user changes their password and logs browsers out', async () => {
  const user = await world.user();
  const [here, there] = [await world.login(user), await world.login(user)];
  const page = await here.open('/settings');
  assert.equal(page.html.querySelectorAll('li.row').length, 2);
  const password = 'another password entirely';
  await here.submit(page, { action: 'password', password: user.password, new_password: password, repeat_password: password });
  assert.equal((await here.open('/settings')).html.querySelectorAll('li.row').length, 1);
  assert.equal((await there.ask('/api/oauth2/session')).status, 401);
  const again = await world.login({ ...user, password });
  await here.submit(await here.open('/settings'), { action: 'others' });
  assert.equal((await again.ask('/api/oauth2/session')).status, 401);
  assert.equal((await here.ask('/api/oauth2/session')).status, 200);
});

test('once a day, what was kept long enough goes', async () => {
  const DAY = 86_400_000;
  const database = await world.mf.getD1Database('DIRECTORY');
  const id = (daysAgo) => (((BigInt(Date.now() - daysAgo * DAY) - 1_420_070_400_000n) << 22n) | 0x3fffffn).toString();
  const [old, older, kept] = [id(90.01), id(4_000), id(89.99)];
  const insert = database.prepare("INSERT INTO audit_log (id, action, address) VALUES (CAST(? AS INTEGER), 'user.login', 'x')");
  await database.batch([old, older, kept].map((id) => insert.bind(id)));
  const many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) INSERT INTO audit_log (id, action, address) SELECT i, 'user.login', 'x' FROM n";
  await database.prepare(many).run();
  const session = "INSERT INTO sessions (id_hash, user_id, authenticated_at, expires_at) VALUES (?, ?, 0, ?)";
  await database.batch([database.prepare(session).bind('expired', staff.id, Date.now() - 1_000), database.prepare(session).bind('standing', staff.id, Date.now() + DAY)]);
  const rows = async (sql) => (await database.prepare(sql).all()).results.map(({ found }) => found);
  const before = (await rows(`SELECT CAST(id AS TEXT) AS found FROM audit_log WHERE id >= ${kept}`)).length;
  assert.deepEqual(await world.admin('GET', `/audit-log?before=${kept}`), [], 'what is to go is not shown before it went');

  const worker = await world.mf.getWorker();
  assert.equal((await worker.scheduled({ cron: '*/10 * * * *' })).outcome, 'ok');
  assert.deepEqual(await rows(`SELECT CAST(id AS TEXT) AS found FROM audit_log WHERE id < ${kept}`), []);
  assert.equal((await rows(`SELECT CAST(id AS TEXT) AS found FROM audit_log WHERE id >= ${kept}`)).length, before);
  assert.deepEqual(await rows("SELECT id_hash AS found FROM sessions WHERE id_hash IN ('expired', 'standing')"), ['standing']);
  assert.equal((await browser.ask('/api/oauth2/session')).status, 200);
  assert.equal((await worker.scheduled({ cron: '*/10 * * * *' })).outcome, 'ok', 'with nothing to do');
});
