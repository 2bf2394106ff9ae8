// Draws the requests of half a busy minute and counts them by the objects that they would be asked of.

import { parseArgs } from 'node:util';

import { PRICES, bill } from './bench/bill.mjs';
import { random } from './random.mjs';

const { values: options } = parseArgs({
  options: {
    refreshes: { type: 'string', default: '10000' }, users: { type: 'string', default: '1000' },
    applications: { type: 'string', default: '100000' }, peak: { type: 'string', default: '3' }, seed: { type: 'string', default: '1' },
  },
});
const [refreshes, users, applications, peak, seed] = ['refreshes', 'users', 'applications', 'peak', 'seed'].map((name) => Number(options[name]));

const SECONDS = 30;
const MONTH = 30 * 86_400;
const MOST_DRAWS = 3_000_000;
/** What one object can do (Durable Objects, limits). */
const OBJECT_LIMIT = 1_000;
/** RATE_LIMIT_TOKEN as it ships. */
const LIMIT = { requests: 10, seconds: 10 };

const next = random(seed);

/** A rank of `count`, the first being the likeliest: Zipf's law, by its continuous inverse. */
function zipf(count, exponent) {
  const power = 1 - exponent;
  const draw = power === 0 ? (u) => count ** u : (u) => ((count ** power - 1) * u + 1) ** (1 / power);
  // Two draws, for one has 32 bits and there are a billion users.
  return () => Math.min(count - 1, Math.floor(draw(next() + next() / 2 ** 32)) - 1);
}

// Who asks. Some users are busier than others, and a few applications have most of the users.
const user = zipf(users * 1e6, 0.6);
const application = zipf(applications, 1);
/** Of a refresh, how many are sent twice at once: tabs, and clients that repeat what took long. */
const DOUBLED = 0.05;

// Where from: of all requests to the token endpoint, which share comes from how many addresses.
const ADDRESSES = [
  { name: 'homes', share: 0.5, draw: zipf(400e6, 0.3) },
  { name: "carriers' NATs", share: 0.25, draw: zipf(200_000, 0.7) },
  { name: 'offices, schools', share: 0.05, draw: zipf(1_000_000, 0.8) },
  // A confidential application refreshes from its own servers: four addresses each.
  { name: "applications' servers", share: 0.2, draw: (its) => its * 4 + Math.floor(next() * 4) },
];
function address(its) {
  let at = next();
  for (const [index, { share, draw }] of ADDRESSES.entries()) {
    if ((at -= share) < 0) return [index, draw(its)];
  }
  return [0, ADDRESSES[0].draw(its)];
}

const rate = (peak * refreshes * 1e6) / MONTH;
const draws = Math.round(rate * SECONDS);
if (draws > MOST_DRAWS) throw new Error(`${draws} requests are more than this draws (${MOST_DRAWS}): fewer refreshes, or a lower peak`);

const tally = () => new Map();
const add = (counts, key) => counts.set(key, (counts.get(key) ?? 0) + 1);
const kinds = { 'one for each user and application': tally(), 'one for each user': tally(), 'one for each application': tally() };
const limiters = ADDRESSES.map(() => ({ seconds: tally(), windows: tally(), asked: 0 }));
for (let each = 0; each < draws; each += 1) {
  const [who, what, second] = [user(), application(), Math.floor(next() * SECONDS)];
  const [from, number] = address(what);
  for (let copies = next() < DOUBLED ? 2 : 1; copies; copies -= 1) {
    add(kinds['one for each user and application'], `${who}:${what}:${second}`);
    add(kinds['one for each user'], `${who}:${second}`);
    add(kinds['one for each application'], `${what}:${second}`);
    add(limiters[from].seconds, `${number}:${second}`);
    add(limiters[from].windows, `${number}:${Math.floor(second / LIMIT.seconds)}`);
    limiters[from].asked += 1;
  }
}

function table(heads, rows) {
  const cells = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  for (const row of cells) console.log(row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ').trimEnd());
  console.log();
}
const number = (value, digits = 0) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percentiles = (counts) => {
  const sorted = Float64Array.from(counts.values()).sort();
  const at = (part) => number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]);
  return [at(0.5), at(0.99), at(0.9999), number(sorted.at(-1)), sorted.at(-1) > OBJECT_LIMIT ? 'too hot' : ''];
};

console.log(`${number(refreshes)} million refreshes a month of ${number(users)} million users, ${number(applications)} applications; at the peak ${number(rate)} a second.\n`);
const heads = ['p50', 'p99', 'p99.99', 'most', ''];
table(['requests to an object in a second', ...heads], Object.entries(kinds).map(([name, counts]) => [name, ...percentiles(counts)]));
table(['requests to a limiter in a second', ...heads, 'refused'], limiters.map(({ seconds, windows, asked }, index) => {
  const refused = [...windows.values()].reduce((sum, count) => sum + Math.max(0, count - LIMIT.requests), 0);
  return [`an address of ${ADDRESSES[index].name}`, ...percentiles(seconds), `${number((100 * refused) / asked, 2)} %`];
}));

// What a refresh, and what goes with it, does: as counted, and as measured, by scripts/bench.
const CPU = 0.5;
const REFRESH = { requests: 1, cpu: CPU, objects: { ledger: 1, limiter: 1, read: 1, written: 1 } };
const CHECK = { requests: 1, cpu: CPU, objects: { ledger: 1, read: 1 }, d1: { calls: 1, read: 1 } };
const LOGIN = { requests: 2, cpu: 4 * CPU, kv: { get: 1, put: 2 }, objects: { ledger: 2, limiter: 2, read: 1, written: 2 }, d1: { calls: 1, read: 8, written: 3 } };
const PEER = { requests: 1, cpu: CPU, kv: { get: 2, put: 2 } };
const [LOGINS, CHECKS] = [0.05, 2];
const money = (dollars) => `$${number(dollars, dollars < 100 ? 2 : 0)}`;
table(['a month of, in millions', 'refreshes alone', `with ${LOGINS} logins and ${CHECKS} checks each`, 'refreshes alone, workers-oauth-provider'], [1, 100, 10_000].map((millions) => [
  `${number(millions)} refreshes`,
  money(bill([[millions, REFRESH]])),
  money(bill([[millions, REFRESH], [millions * LOGINS, LOGIN], [millions * CHECKS, CHECK]])),
  money(bill([[millions, PEER]])),
]));

// What there is to keep, measured: an object with one family is three pages of SQLite, a user with a
// session and a consent is 560 bytes of D1 with its indexes, and a record of KV is 200 with its key.
const LEDGERS = 3; // live applications of a user
const [OBJECT_BYTES, USER_BYTES, RECORD_BYTES] = [12_288, 560, 200];
const D1_BYTES = 10e9; // the largest database there is (D1, limits)
table(['to keep, for so many million users', 'objects', 'GB', 'KV, GB', 'D1, GB', 'databases', 'a month'], [1, 100, 1_000].map((millions) => {
  const gb = { objects: (millions * LEDGERS * OBJECT_BYTES) / 1e3, kv: (millions * LEDGERS * RECORD_BYTES) / 1e3, d1: (millions * USER_BYTES) / 1e3 };
  const month = Object.entries(gb).reduce((sum, [where, size]) => sum + size * PRICES.per_gb_month[where], 0);
  return [number(millions), `${number(millions * LEDGERS)} million`, number(gb.objects), number(gb.kv), number(gb.d1), number(Math.ceil((gb.d1 * 1e9) / D1_BYTES)), money(month)];
}));
