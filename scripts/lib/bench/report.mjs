// The table, and the targets beside what was measured.

const OURS = 'ours';
const LIMITED = 'ours+limiter';
const FILLED = 'ours, filled';
const PEER = 'workers-oauth-provider';

const BEFORE = 'before';

/** Two medians of the same are this far apart on a machine that does other things too. */
const NOISE = 1.1;

/** CPU of a flow at most: to the build before (`--also before=FOLDER`), to the peer, to the floor. */
const CPU = {
  refresh: { [BEFORE]: 0.85, [PEER]: 0.65, floor: 1.1 },
  refresh_cold: { [BEFORE]: 0.7, [PEER]: 0.9, floor: 1.1 },
  exchange: { [BEFORE]: 0.8, [PEER]: 0.9, floor: 1.15 },
  login: { [BEFORE]: 0.7, [PEER]: 0.9, floor: 1.1 },
  first_login: { [BEFORE]: 0.65, [PEER]: 0.9, floor: 1.1 },
  me: { [BEFORE]: 0.85, floor: 1.1 },
  client_credentials: { [BEFORE]: 0.65, floor: 1.15 },
  metadata: { [BEFORE]: 0.65, [PEER]: 1, floor: 1.05 },
};
/** Dollars of a million at most. */
const DOLLARS = { login: 15, first_login: 17 };
const BUNDLE_BYTES = 520_000;

/** What is held against what bound. */
function targets({ flows, size, start, fill }) {
  const cpu = (flow, name) => flows[flow]?.[name]?.cpu;
  const bill = (flow) => flows[flow]?.[OURS]?.bill?.total;
  const ratio = (value, to) => (value !== undefined && to ? value / to : undefined);
  const of = (what, flow, name, other, bound) => [what, ratio(cpu(flow, name), cpu(flow, other)), bound];
  return [
    ...Object.entries(CPU).flatMap(([flow, bounds]) => Object.entries(bounds).map(([other, bound]) => of(`CPU of ${WORDS[flow]}, to ${other}`, flow, OURS, other, bound))),
    of(`CPU of ${WORDS.refresh} with the limiter on, to ${PEER}`, 'refresh', LIMITED, PEER, 1),
    ...Object.keys(fill ? flows : {}).map((flow) => of(`CPU of ${WORDS[flow]}, filled to not filled`, flow, FILLED, OURS, NOISE)),
    ...Object.entries(DOLLARS).map(([flow, bound]) => [`dollars of a million: ${WORDS[flow]}`, bill(flow), bound]),
    [`bytes of the bundle, gzipped, to ${number(BUNDLE_BYTES, 0)}`, ratio(size.gzipped, BUNDLE_BYTES), 1],
    ['start to first answer, to an empty Worker', ratio(start?.ours, start?.empty), 1.4],
  ].filter(([, value]) => value !== undefined);
}

export const WORDS = { approve: 'approve', exchange: 'code exchange', login: 'login: approve + exchange', first_login: "a user's first login with an application", refresh: 'refresh', refresh_cold: 'refresh, of a ledger that is not in memory', client_credentials: 'client credentials', me: '/api/users/@me', introspect: 'introspection', metadata: 'metadata' };
/** What the floor does where it has no such flow. */
const FLOOR = { introspect: 'one read of an object', metadata: 'an answer', client_credentials: 'one signature', me: 'one read of an object, one of D1' };

export function table(heads, rows) {
  const cells = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return cells.map((row) => row.map((cell, column) => (column === 0 || column === heads.length - 1 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ').trimEnd()).join('\n');
}

const number = (value, digits) => (value === undefined ? '' : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }));
const brief = (count) => number(count, count % 1 ? 1 : 0);

function storage(operation) {
  if (!operation) return '';
  const { kv = {}, objects = {}, d1 = {} } = operation;
  const some = (count, unit) => (count > 0.05 ? [`${brief(Math.round(count * 10) / 10)} ${unit}`] : []);
  return [
    ...['get', 'put', 'list', 'delete'].flatMap((op) => some(kv[op], `kv ${op}`)),
    ...some(objects.ledger, 'ledger'), ...some(objects.limiter, 'limiter'), ...some(objects.written, 'row'),
    ...some(d1.calls, 'd1'), ...some(d1.written, 'd1 row'),
  ].join(', ') || 'none';
}

export function report(result) {
  const { flows, rounds, operations, size, start, fill } = result;
  const heads = ['', 'req/s', 'p50 ms', 'p99 ms', 'CPU ms', 'x floor', 'x provider', '$/million', 'storage'];
  const rows = Object.entries(flows).flatMap(([flow, by]) => [
    [WORDS[flow], ...heads.slice(1).map(() => '')],
    ...Object.entries(by).map(([name, each]) => {
      const against = (other) => (by[other] ? number(each.cpu / by[other].cpu, 2) : '');
      return [`  ${name}`, number(each.perSecond, 0), number(each.p50, 1), number(each.p99, 1), number(each.cpu, 3), against('floor'), against(PEER), number(each.bill?.total, 2), (name === 'floor' && FLOOR[flow]) || storage(each.operation)];
    }),
  ]);
  const met = targets(result).map(([what, value, bound]) => [what, number(value, 2), `at most ${number(bound, 2)}`, value <= bound ? 'met' : 'MISSED']);
  return [
    table(heads, rows),
    `\nMedians of ${rounds} rounds of ${operations} operations by 32 visitors at once. CPU: of the server process, all threads, a\nthousand operations in seconds. Dollars: at list prices, and the CPU measured here.`,
    fill ? `Filled: ${number(fill.families, 0)} families, ${number(fill.users, 0)} users.` : '',
    start ? `Start to first answer: ${number(start.ours, 0)} ms, an empty Worker ${number(start.empty, 0)} ms.` : '',
    `The Worker takes ${number(size.gzipped, 0)} bytes gzipped.\n`,
    table(['target', 'measured', '', ''], met),
  ].filter(Boolean).join('\n');
}
