// scripts/soak: traffic, faults and restarts, and a model of which tokens have to work at the end.
//
// A pair of a user and an application is used by one client at a time, so that the model knows what happened;
// a token that is used twice at once is sent so by that client.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Storage, World } from '../../tests/worker/harness.mjs';
import { kill, runtimes } from '../../tests/worker/kill.mjs';

import { random } from './random.mjs';
import { isUsedBefore, tally, wrongWith } from './soak-expects.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' }, clients: { type: 'string', default: '6' }, users: { type: 'string', default: '200' },
    applications: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' },
  },
});
const [minutes, clients, userCount, applicationCount, seed] = ['minutes', 'clients', 'users', 'applications', 'seed'].map((name) => Number(values[name]));
if (![minutes, clients, userCount, applicationCount].every((it) => it > 0)) {
  console.error('usage: scripts/soak [options] (see --help)');
  process.exit(1);
}

/** Of the operations of a store, how many fail while the weather is bad. */
const FAULTS = 0.04;
/** Seconds between two changes of the weather, and between two restarts. */
const [WEATHER, RESTART] = [7, 40];
/** How often a request is sent that is not answered, or answered 503. */
const TRIES = 60;

const next = random(seed);
/** One of a list, the first being the likeliest: Zipf's law. */
const zipf = (list) => list[Math.min(list.length, Math.floor(list.length ** next())) - 1];

const storage = new Storage();
const counts = { requests: {}, faults: {}, restarts: 0, families: 0, retried: 0, used: 0, slowest: 0 };
const latencies = [];
const wrong = [];
let isBad = false;
let restarting;
/** How many restarts have begun. */
let restarts = 0;
/** What the Worker asked of its bindings, and the empty one was not asked for so far; and that one, once it runs. */
let asked = [];
let empty;
storage.mood = (step) => {
  storage.steps.length = storage.rows.length = 0; // nobody reads them
  if (empty) asked.push([step.part, step.op]);
  const failing = ['kv', 'd1', 'ledger', 'limiter', 'pending', 'revoked'];
  if (!isBad || !failing.includes(step.part) || next() >= FAULTS) return undefined;
  counts.faults[step.part] = (counts.faults[step.part] ?? 0) + 1;
  return next() < 0.5 ? { before: 'the soak breaks it' } : { after: 'the soak loses the answer' };
};

// Limits that let everybody in, so that the limiter is asked.
const limits = Object.fromEntries(['AUTHORIZE', 'TOKEN', 'REVOKE', 'LOGIN'].map((name) => [`RATE_LIMIT_${name}`, '100000/10']));
const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const how = { storage, isolates: 2, before: file('../../tests/worker/soaked.mjs'), beside: [file('../../tests/worker/faulty.mjs'), file('bench/memory.mjs')] };
const world = await World.start({ ...how, settings: limits });
const users = [];
const applications = [];
for (let made = 0; made < userCount; made += 1) users.push(await patiently(() => world.user()));
for (let made = 0; made < applicationCount; made += 1) {
  applications.push(await patiently(() => world.application(made % 3 === 0 ? 'public' : 'confidential', { name: `Soaked ${made}` })));
}
const browsers = new Map();
const pairs = new Map();

/** Does something until it succeeds: a busy machine is slower than the Worker waits for its bindings. */
async function patiently(act) {
  for (let tried = 1; ; tried += 1) {
    await restarting;
    try {
      return await act();
    } catch (error) {
      if (tried >= TRIES) throw error;
      await sleep(50);
    }
  }
}

/** Has the empty Worker do what the built one did. */
async function mirror() {
  const [steps, name] = [asked, `${zipf(users).id}:${zipf(applications).id}`];
  asked = [];
  await fetch(empty.origin, { method: 'POST', body: JSON.stringify({ name, steps }) }).then((answer) => answer.text());
}

/**
 * Sends a request until it is answered otherwise than by a fault. `tries` takes a line for each time: when it was sent,
 * when it was over, what came back, and whether the runtime was killed meanwhile.
 */
async function send(kind, ask, tries = []) {
  for (let tried = 1; ; tried += 1) {
    await restarting;
    const before = restarts;
    const began = performance.now();
    const sent = Date.now();
    let answer;
    try {
      answer = await ask();
    } catch (error) {
      if (tried >= TRIES) throw error;
    }
    const status = answer?.status ?? 'broken off';
    const last = { asked: sent, answered: Date.now(), status: answer?.status, killed: restarts > before };
    tries.push(last);
    latencies.push(performance.now() - began);
    if (empty) await mirror();
    (counts.requests[kind] ??= {})[status] = (counts.requests[kind][status] ?? 0) + 1;
    if (answer && answer.status !== 503) {
      if (answer.status >= 500) wrong.push(`${kind}: ${answer.status} ${answer.text.slice(0, 200)}`);
      return Object.assign(answer, { tried, last });
    }
    if (tried >= TRIES) {
      wrong.push(`${kind}: no answer after ${TRIES} tries`);
      return Object.assign(answer ?? { status: 0 }, { tried, last });
    }
    await sleep(Math.min(1000, 20 * tried));
  }
}

/** What a pair's tokens have to do. */
function claim(condition, what, answer) {
  if (!condition) wrong.push(`${what}: ${answer.status} ${(answer.text ?? '').slice(0, 200)}`);
}

async function browserOf(user) {
  if (!browsers.has(user)) browsers.set(user, await patiently(() => world.login(user)));
  return browsers.get(user);
}

const OPERATIONS = [
  [12, async function authorize(pair) {
    const browser = await browserOf(pair.user);
    const request = pair.client.authorizationRequest(pair.client.type === 'public' ? {} : { pkce: next() < 0.5 });
    let page = await send('authorize', () => browser.ask(request.url));
    if (page.status === 200) {
      const { action, form } = browser.fill(page, { decision: 'approve' });
      page = await send('approve', () => browser.ask(action, { form }));
    }
    const code = page.landed?.get('code');
    if (!code) return claim(false, 'no code', page);
    const exchange = pair.client.exchange({ code, verifier: request.verifier });
    const redeemed = Date.now();
    const answer = await send('code', () => world.post('/api/oauth2/token', exchange));
    // A code whose first answer was lost stays refused, and what it gave has ended.
    if (answer.status !== 200) return claim(answer.tried > 1 && answer.status === 400, 'a code', answer);
    const family = { access: answer.json.access_token, refresh: answer.json.refresh_token };
    counts.families += 1;
    if (next() < 0.05) {
      const again = await send('code again', () => world.post('/api/oauth2/token', exchange));
      claim(again.status === 400, 'a code that was used', again);
      // With the verifier it is forgiven for ten seconds: a page that mounts twice.
      if (!request.verifier) return pair.dead.push(family);
      if (Date.now() - redeemed > 9_000) return undefined;
    }
    pair.live.push(family);
    // People have a few devices.
    if (pair.live.length > 3) await end(pair, pair.live.shift());
  }],
  [40, async function refresh(pair) {
    const family = pair.live.at(-1);
    if (!family) return;
    const answers = await refreshed(pair, family, next() < 0.05 ? 2 : 1);
    // It is a token that was stolen, for all that the server knows: its family has ended.
    if (answers.some(isUsedBefore)) {
      pair.live.pop();
      return pair.dead.push(family);
    }
    const [answer, other = answer] = answers;
    if (answer.status !== 200) return;
    claim(other.json.refresh_token === answer.json.refresh_token, 'two refreshes at once', other);
    Object.assign(family, { access: answer.json.access_token, refresh: answer.json.refresh_token });
  }],
  [20, async function resource(pair) {
    const [live, dead] = [pair.live.at(-1), pair.dead.at(-1)];
    if (live) {
      const answer = await send('resource', () => world.me(live.access));
      claim(answer.status === 200 && answer.json.id === pair.user.id, 'an access token', answer);
    }
    if (dead) {
      const answer = await send('resource, revoked', () => world.me(dead.access));
      claim(answer.status === 401, 'an access token that was revoked', answer);
    }
  }],
  [10, async function introspect(pair) {
    const family = pair.live[0] ?? pair.dead[0];
    if (!family || pair.client.type === 'public') return;
    const answer = await send('introspect', () => world.introspect(pair.client, family.access));
    claim(answer.status === 200 && answer.json.active === pair.live.includes(family), 'introspection', answer);
  }],
  [5, async function revoke(pair) {
    const family = pair.live.shift();
    if (family) await end(pair, family);
  }],
  [2, async function deauthorize(pair) {
    if (pair.live.length === 0) return;
    const browser = await browserOf(pair.user);
    const session = await send('session', () => browser.ask('/api/oauth2/session'));
    const answer = await send('deauthorize', () => browser.ask(`/api/oauth2/@me/authorizations/${pair.client.id}`, { method: 'DELETE', headers: { 'x-csrf-token': session.json.csrf_token } }));
    claim(answer.status === 204 || (answer.status === 404 && answer.tried > 1), 'a deauthorization', answer);
    pair.dead.push(...pair.live.splice(0));
  }],
  [3, async function own(pair) {
    if (pair.client.type === 'public') return;
    const answer = await send('client credentials', () => world.post('/api/oauth2/token', pair.client.with({ grant_type: 'client_credentials' })));
    claim(answer.status === 200, 'client credentials', answer);
  }],
  [3, async function stranger(pair) {
    const made = pair.live[0]?.refresh.replace(/.{6}$/, 'AAAAAA') ?? 'nothing';
    const answer = await send('a made-up token', () => world.refresh(pair.client, made));
    claim(answer.status === 400, 'a made-up token', answer);
  }],
  [3, async function look(pair) {
    const browser = await browserOf(pair.user);
    const answer = await send('settings', () => browser.ask('/settings/authorizations'));
    claim(answer.status === 200, 'the settings', answer);
  }],
  [2, async function health() {
    const answer = await send('metadata', () => world.request('/.well-known/openid-configuration'));
    claim(answer.status === 200, 'metadata', answer);
  }],
];

/** Uses a refresh token, so many times at once; every answer is as it has to be, or wrong. */
async function refreshed(pair, family, times) {
  const tries = [];
  const answers = await Promise.all(Array.from({ length: times }, () => send('refresh', () => world.refresh(pair.client, family.refresh), tries)));
  wrong.push(...answers.map(({ last, text }) => wrongWith(tries, last, text)).filter(Boolean));
  const took = Math.max(...tries.map((it) => it.answered)) - Math.min(...tries.map((it) => it.asked));
  if (tries.length > times) counts.retried += 1;
  counts.slowest = Math.max(counts.slowest, took);
  if (answers.some(isUsedBefore)) {
    counts.used += 1;
    console.error(`refused as used before: ${tally(tries)}`);
  }
  return answers;
}

const WEIGHT = OPERATIONS.reduce((sum, [weight]) => sum + weight, 0);

async function end(pair, family) {
  const answer = await send('revoke', () => world.revoke(pair.client, next() < 0.5 ? family.refresh : family.access));
  claim(answer.status === 200, 'a revocation', answer);
  pair.dead.push(family);
  if (pair.dead.length > 5) pair.dead.shift();
}

function draw() {
  let at = next() * WEIGHT;
  return OPERATIONS.find(([weight]) => (at -= weight) < 0)?.[1] ?? OPERATIONS[0][1];
}

async function client(until) {
  while (Date.now() < until) {
    const [user, application] = [zipf(users), zipf(applications)];
    const key = `${user.id}:${application.id}`;
    if (!pairs.has(key)) pairs.set(key, { user, client: application, live: [], dead: [], busy: false });
    const pair = pairs.get(key);
    if (pair.busy) {
      await sleep(1);
      continue;
    }
    pair.busy = true;
    try {
      await draw()(pair);
    } catch (error) {
      wrong.push(error.stack);
    }
    pair.busy = false;
  }
}

/** MB that a process holds. */
const residentOf = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)[1]) / 1024;

/**
 * MB that the runtime holds, and the empty one; the objects whose database it has open, and MB of the Worker's WebAssembly
 * in the isolate that happens to answer.
 */
async function held() {
  const [pid] = runtimes();
  const resident = residentOf(pid);
  const open = readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).endsWith('.sqlite');
    } catch {
      return false; // it was closed
    }
  });
  return { resident, empty: residentOf(empty.pid), open: open.length, worker: (await world.request('/memory')).json / 2 ** 20, requests: latencies.length };
}

const began = Date.now();
const until = began + minutes * 60_000;
const middle = began + minutes * 30_000;
const memory = [];

/** Kills the runtime and starts another one; nobody sends meanwhile. */
async function restart(meanwhile = () => undefined) {
  restarts += 1;
  restarting = kill(world, how).then(meanwhile);
  await restarting;
  restarting = undefined;
  counts.restarts += 1;
}

/** Starts the empty Worker. */
async function startEmpty() {
  const process = fork(file('soak-empty.mjs'), { execArgv: ['--disable-warning=ExperimentalWarning'] });
  [empty] = await Promise.race([once(process, 'message'), once(process, 'exit').then(() => Promise.reject(new Error('the empty Worker did not start')))]);
  empty.process = process;
}

/** Restarts until the middle, and the weather until the end; in the second half memory is looked at. */
async function conduct() {
  for (let seconds = 1; Date.now() < until; seconds += 1) {
    await sleep(1000);
    if (seconds % WEATHER === 0) isBad = !isBad;
    if (seconds % RESTART === 0 && Date.now() < middle) await restart();
    // From here on both runtimes are equally old.
    if (Date.now() > middle && !empty) await restart(startEmpty);
    if (empty) memory.push(await patiently(held));
    if (seconds % 60 === 0) console.error(`${((Date.now() - began) / 60_000).toFixed(0)} of ${minutes} minutes, ${latencies.length} requests, ${wrong.length} wrong${wrong.length > 0 ? `: ${wrong.at(-1)}` : ''}`);
  }
}
await Promise.all([conduct(), ...Array.from({ length: clients }, () => client(until))]);
const requests = latencies.length;

// The end: no faults, a fresh runtime, and every token that the model knows.
isBad = false;
if (empty) {
  const ended = once(empty.process, 'exit');
  empty.process.disconnect();
  await ended;
  empty = undefined;
}
await restart();
const checked = { live: 0, dead: 0 };
for (const pair of pairs.values()) {
  for (const family of pair.live) {
    const resource = await send('at the end', () => world.me(family.access));
    claim(resource.status === 200, 'at the end, an access token', resource);
    await refreshed(pair, family, 1);
    checked.live += 1;
  }
  for (const family of pair.dead) {
    const resource = await send('at the end', () => world.me(family.access));
    claim(resource.status === 401, 'at the end, an access token that was revoked', resource);
    const refused = await send('at the end', () => world.refresh(pair.client, family.refresh));
    claim(refused.status === 400, 'at the end, a refresh token that was revoked', refused);
    checked.dead += 1;
  }
}
await world.stop();

// Of the second half, by sixths. WebAssembly's memory never shrinks: once it is warm it stays what it is. Objects that
// nobody asks are closed after a while, so as many stay open as there are in use. The runtime itself holds more with
// every request, whatever runs in it: what we hold is what comes on top of the empty one's.
const PER_REQUEST = 20 / 1024;
const sixths = (name, of) => Array.from({ length: 6 }, (_, nth) => of(...memory.slice((memory.length * nth) / 6, Math.max(1, (memory.length * (nth + 1)) / 6)).map((it) => it[name])));
const [worker, resident, without, open, sent] = [sixths('worker', Math.max), sixths('resident', Math.min), sixths('empty', Math.min), sixths('open', Math.max), sixths('requests', Math.min)];
const rise = (of) => of[5] - of[2];
const ours = rise(resident) - rise(without);
const grew = worker[5] > worker[2] * 1.1 + 1 || open[5] > open[2] * 1.5 + 50 || ours > rise(sent) * PER_REQUEST + 32;
latencies.sort((one, other) => one - other);
const quantile = (q) => latencies[Math.floor(latencies.length * q)].toFixed(0);
console.log(`${minutes} minutes, ${clients} clients, ${users.length} users, ${applications.length} applications, two isolates, seed ${seed}`);
console.log(`${requests} requests (${(requests / minutes / 60).toFixed(0)} a second; half within ${quantile(0.5)} ms, 99 of 100 within ${quantile(0.99)} ms)`);
for (const [kind, statuses] of Object.entries(counts.requests)) console.log(`  ${kind}: ${Object.entries(statuses).map(([status, count]) => `${status} ${count}×`).join(', ')}`);
console.log(`faults made: ${Object.entries(counts.faults).map(([part, count]) => `${part} ${count}`).join(', ') || 'none'}; restarts: ${counts.restarts}`);
console.log(`${counts.retried} refreshes were sent again, the slowest ${counts.slowest} ms after its first try; ${counts.used} were refused as used, after the grace`);
console.log(`${counts.families} logins of applications; at the end ${checked.live} that should work and ${checked.dead} that should not`);
const told = (sizes) => sizes.map((it) => it.toFixed(it < 100 ? 1 : 0)).join(', ');
console.log(`memory since the last restart, by sixths of the time: of the Worker ${told(worker)} MB, of the runtime ${told(resident)} MB, of an empty one ${told(without)} MB (${rise(sent)} requests, ${((ours / rise(sent)) * 1024).toFixed(1)} KB of ours each), with ${open.join(', ')} objects open at most${grew ? ': it GREW' : ''}`);
console.log(wrong.length === 0 ? 'nothing was wrong' : `${wrong.length} WRONG:\n${[...new Set(wrong)].slice(0, 30).join('\n')}`);
process.exit(wrong.length > 0 || grew ? 1 : 0);
