// What people look through and search, on D1 itself: its joins, its ranges of indexes, its pages.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World } from './harness.mjs';

let world, staff, browser;
before(async () => {
  world = await World.start();
  staff = await world.user({ admin: true });
  browser = await world.login(staff);
});
after(() => world?.stop());

const names = (page) => page.html.querySelectorAll('ul.rows a.name').map((link) => link.textContent);
const next = (page) => page.html.querySelector('a[rel=next]')?.getAttribute('href');
const open = async (path) => {
  const page = await browser.open(path.replaceAll('&amp;', '&'));
  assert.equal(page.status, 200, `${path}: ${page.text}`);
  return page;
};
const all = async (path, read = names) => {
  const found = [];
  for (let here = path; here; ) {
    const page = await open(here);
    found.push(...read(page));
    here = next(page);
  }
  return found;
};

test('a list is found by its beginning, whole, in order, and % is just a %', async () => {
  const users = Array.from({ length: 30 }, (_, index) => `many_${String(index).padStart(2, '0')}`);
  for (const username of [...users, 'Manya', 'man']) await world.user({ username, email: `${username}@many.example` });
  assert.deepEqual(await all('/admin/users?q=MANY_'), users);
  assert.deepEqual(await all('/admin/users?by=email&q=many_'), users);
  assert.deepEqual(await all('/admin/users?q=many'), [...users, 'Manya']);
  assert.deepEqual(await all('/admin/users?q=many_29@many.example&by=email'), ['many_29']);
  assert.deepEqual(await all(`/admin/users?q=${staff.id}`), [staff.username]);
  assert.equal((await all('/admin/users')).length, 33);

  for (let index = 0; index < 28; index += 1) await world.application('public', { name: ['Twin', 'twin', '50% off', '😀 Ünï'][index % 4] });
  const twins = await all('/admin/applications?q=tWIN');
  assert.deepEqual([twins.length, new Set(twins).size], [14, 2]);
  const ids = await all('/admin/applications', (page) => page.html.querySelectorAll('ul.rows p.quiet').map((id) => id.textContent));
  assert.equal(new Set(ids).size, 28);
  for (const [typed, found] of [['50%', 7], ['😀', 7], ['😀 Ünï', 7], ['%', 0], ['_', 0], ['t%', 0], ["' OR 1=1 --", 0], ['\0', 0], ['\u{10ffff}', 0], ['x'.repeat(101), 0], ['ünï', 0]]) {
    assert.equal((await all(`/admin/applications?q=${encodeURIComponent(typed)}`)).length, found, typed);
  }
  for (const typed of ['%', '_', 'many%', "'", '\0', '😀']) {
    assert.equal((await all(`/admin/users?q=${encodeURIComponent(typed)}`)).length, 0, typed);
  }
});

test('ids of fewer digits, which an import may bring, have one place in every list', async () => {
  const ids = ['5', '62', '777', '9999999999', ...Array.from({ length: 20 }, (_, index) => String(88_888_888_888_888_800n + BigInt(index))), '999999999999999999'];
  const records = ids.flatMap((id) => [
    { record: 'user', id, username: `short_${id}`, email: `${id}@short.example` },
    { record: 'application', id, name: 'Short', type: 'public', owner_id: staff.id },
  ]);
  const body = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const imported = await world.request('/api/admin/import', { method: 'POST', body, headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/x-ndjson' } });
  assert.equal(imported.text.match(/"created"/g)?.length, records.length, imported.text);
  const shown = (page) => page.html.querySelectorAll('ul.rows p.quiet').map((id) => id.textContent);
  const numeric = (one, other) => (BigInt(one) < BigInt(other) ? -1 : 1);
  assert.deepEqual((await all('/admin/users')).slice(0, ids.length), ids.map((id) => `short_${id}`));
  assert.equal((await all('/admin/users?q=short_')).length, ids.length);
  assert.equal((await all('/admin/users?by=email&q=9')).length, 2);
  assert.deepEqual((await all('/admin/applications', shown)).slice(0, ids.length), ids);
  assert.deepEqual((await all('/admin/applications?q=short', shown)).sort(numeric), ids);
  for (const list of ['users', 'applications']) {
    const listed = [];
    for (let page; page?.length !== 0; listed.push(...page.map(({ id }) => id))) page = await world.admin('GET', `/${list}?limit=7&after=${listed.at(-1) ?? '1'}`);
    assert.deepEqual(listed.slice(0, ids.length), ids);
    assert.deepEqual(listed, [...new Set(listed)].sort(numeric));
  }
});

test('what a user authorized is listed with its devices, and ends at a button', async () => {
  const user = await world.user();
  const theirs = await world.login(user);
  const clients = [];
  for (let index = 0; index < 23; index += 1) clients.push(await world.application('confidential', { name: `App ${index}` }));
  for (const client of clients) client.tokens = await world.tokens(theirs, client);
  const buttons = (page, kind) => page.html.querySelectorAll(`button[value^="${kind}:"]`).map((button) => button.getAttribute('value'));
  const first = await theirs.open('/settings/authorizations');
  const second = await theirs.open(next(first));
  const third = await theirs.open(next(second));
  assert.equal(next(third), undefined);
  const listed = [first, second, third].flatMap((page) => buttons(page, 'application'));
  assert.deepEqual(listed.sort(), clients.map(({ id }) => `application:${id}`).sort());
  assert.equal(buttons(first, 'device').length, 10);

  const [device] = buttons(second, 'device');
  const ended = clients.find(({ id }) => device.includes(id));
  const done = await theirs.submit(second, { action: device });
  assert.match(done.html.querySelector('[role=status]').textContent, /That device/);
  assert.equal(await world.active(ended, ended.tokens.access_token), false);
  assert.equal((await world.me(ended.tokens.access_token)).status, 401);
  const other = clients.find((client) => client !== ended);
  assert.equal(await world.active(other, other.tokens.access_token), true);

  const profile = await open(`/admin/users/${user.id}`);
  assert.equal(names(profile).length, 23);
  await browser.submit(profile, { action: 'everything' });
  assert.equal(await world.active(other, other.tokens.access_token), false);
  assert.match((await theirs.open('/settings/authorizations')).text, /have not authorized/);

  const log = await open(`/admin/audit-log?actor=${staff.id}&target=${user.id}&action=authorization.revoked`);
  assert.equal(log.html.querySelectorAll('ol.log > li').length, 23);
  const byThem = await all(`/admin/audit-log?actor=${user.id}`, (page) => page.html.querySelectorAll('ol.log > li'));
  assert.equal(byThem.length, 25, 'a login, 23 consents, one device');
});
