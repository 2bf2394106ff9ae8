// scripts/subject-access: all that is stored of a person, or none of it.

import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { server, stop } from './moving.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    erase: { type: 'boolean', default: false }, applications: { type: 'string', default: 'delete' }, yes: { type: 'boolean', default: false },
    remote: { type: 'boolean', default: false }, 'persist-to': { type: 'string' }, config: { type: 'string' },
    url: { type: 'string', default: 'http://127.0.0.1:8787' }, 'client-id': { type: 'string', default: '1' },
  },
});
if (positionals.length !== 1) stop('usage: scripts/subject-access [options] USER (see --help)');

/** Every table with something of a person in it, and which rows; `?` is the person's id. Tables by themselves have a page. */
const TABLES = {
  users: 'id = ?',
  sessions: 'user_id = ?',
  connections: 'user_id = ?',
  members: 'user_id = ?',
  guilds: 'owner_id = ?',
  bot_members: 'inviter_id = ?',
  authorizations: 'user_id = ?',
  applications: 'owner_id = ? OR trusted_by = ?',
};
const ROWS = 1000;
/** Entries that name a person in their details, and not by themselves. */
const NAMING = "action IN ('member.set', 'member.removed') AND json_extract(details, '$.user_id') = ?";

const text = (value) => `'${String(value).replaceAll("'", "''")}'`;

/** The rows of each of some statements. */
function query(...statements) {
  const at = options.remote ? ['--remote', '--config', options.config ?? 'wrangler.deploy.toml'] : ['--local'];
  if (!options.remote && options.config) at.push('--config', options.config);
  if (!options.remote && options['persist-to']) at.push('--persist-to', options['persist-to']);
  const run = spawnSync('wrangler', ['d1', 'execute', 'DIRECTORY', ...at, '--json', '--command', statements.join('; ')], { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (run.status !== 0) stop(`wrangler d1 execute: ${run.stderr || run.stdout}`);
  return JSON.parse(run.stdout).map(({ results }) => results);
}

/** A row without hashes. */
function told(row) {
  const kept = Object.entries(row).filter(([name]) => !name.endsWith('_hash') && name !== 'platform_session');
  return Object.fromEntries(kept);
}

/** Whom an id, a user name or an e-mail address stands for, and the names of their applications. */
function find(person) {
  const key = text(person.toLowerCase());
  const isThem = `id = ${text(person)} OR username_key = ${key} OR email_key = ${key}`;
  const [found, applications] = query(
    `SELECT id, username, email FROM users WHERE ${isThem}`,
    `SELECT name FROM applications WHERE owner_id = ${text(person)} OR owner_id IN (SELECT id FROM users WHERE ${isThem})`,
  );
  const known = applications.map(({ name }) => name);
  if (found.length === 1) return { id: found[0].id, user: found[0], known };
  // Who was deleted, or lives elsewhere, may still be in the log.
  if (/^\d{1,20}$/.test(person)) return { id: person, known };
  return stop(`there is no user ${person}`);
}

/** Every row of a person's, by table: the first page of all at once, and then of those that have more. */
function tables(id) {
  const seldom = "action NOT IN ('user.login', 'user.logout', 'authorization.granted')";
  const entry = 'CAST(id AS TEXT) AS id, action, actor_id, application_id, target_id, address, device, details';
  const log = (where) => ({ table: 'audit_log', columns: entry, where, order: 'audit_log.id' });
  const parts = [
    ...Object.entries(TABLES).map(([table, where]) => ({ table, columns: '*', where, order: '1, 2' })),
    log('actor_id = ?'), log(`target_id = ? AND ${seldom}`), log(`${NAMING} AND ${seldom}`),
  ];
  for (let open = parts; open.length > 0; open = open.filter(({ last }) => last === ROWS)) {
    const pages = query(...open.map(({ table, columns, where, order, rows = [] }) => (
      `SELECT ${columns} FROM ${table} WHERE (${where.replaceAll('?', text(id))}) ORDER BY ${order} LIMIT ${ROWS} OFFSET ${rows.length}`)));
    for (const [index, part] of open.entries()) Object.assign(part, { rows: [...(part.rows ?? []), ...pages[index]], last: pages[index].length });
  }
  const all = Object.fromEntries(Object.keys(TABLES).map((table, index) => [table, parts[index].rows.map(told)]));
  const entries = new Map(parts.filter(({ table }) => table === 'audit_log').flatMap(({ rows }) => rows.map((row) => [row.id, { ...row, details: row.details && JSON.parse(row.details) }])));
  all.audit_log = [...entries.values()].sort((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
  return all;
}

const { id, user, known } = find(positionals[0]);
const ask = server(options);
if (options.erase) await erase();
else {
  const stored = tables(id);
  const logins = [];
  for (const { application_id: application } of stored.authorizations) {
    logins.push(JSON.parse((await ask(`/api/admin/users/${id}/authorizations/${application}`))[1]));
  }
  process.stdout.write(`${JSON.stringify({ user_id: id, taken_at: new Date().toISOString(), tables: stored, logins }, undefined, 2)}\n`);
}

async function erase() {
  console.error(`${user ? `${user.username} (${user.email}), ` : ''}${id}: ${known.length === 0 ? 'no applications' : `${known.length} applications: ${known.join(', ')}, ${options.applications === 'delete' ? 'which are deleted' : `which go to ${options.applications}`}`}`);
  if (!options.yes) {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await terminal.question('Delete all of this? Type the id: ');
    terminal.close();
    if (answer.trim() !== id) stop('nothing was deleted');
  }
  if (user) await ask(`/api/admin/users/${id}?${new URLSearchParams({ applications: options.applications })}`, { method: 'DELETE' });
  await sleep(1000); // the entry of the deletion is written after its answer
  for (;;) {
    const [response] = await ask(`/api/admin/audit-log/${id}`, { method: 'DELETE' });
    if (response.status === 204) break;
  }
  const left = Object.entries(tables(id)).filter(([, rows]) => rows.length > 0);
  if (left.length > 0) stop(`something is left: ${left.map(([table, rows]) => `${rows.length} of ${table}`).join(', ')}\nRun it again.`);
  console.error('nothing is left');
}
