// After a panic the next request is answered.
//
// No input that panics is known, and the shipped Worker has no route that does. So where the Worker
// reads the clock, wasm traps, as every panic of ours ends: nothing is unwound. And a clock that asks a
// window while the window reads it makes Rust itself panic.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { BUILD, Storage, World, atOnce, statuses, times } from './harness.mjs';

const storage = new Storage();
let world, user, browser, app;
before(async () => {
  world = await World.start({ storage, settings: { RATE_LIMIT_REVOKE: '100000/10' } });
  user = await world.user();
  browser = await world.login(user);
  app = await world.application('public');
});
after(() => world?.stop());

/**
 * A request that traps; whatever the runtime tells its client is no verdict. Here a ledger shares its
 * memory with the Worker, so that one who waits for a ledger's trap waits in vain.
 */
async function trap(path, options = {}) {
  const answer = await world.request(path, { ...options, within: 2_000 }).catch((error) => ({ status: 500, text: String(error) }));
  assert.ok(answer.status >= 500, `${answer.status} ${answer.text}`);
}

test('a trap as a request arrives', async () => {
  for (let round = 0; round < 5; round += 1) {
    storage.crash = true;
    await trap('/api/users/@me');
    assert.equal((await world.request('/healthz')).status, 200);
  }
  // The runtime says it too, of every request that ends so.
  const ours = (line) => !line.startsWith('Uncaught exception: workerd/');
  const logged = (text) => world.logged.filter((line) => line.includes(text) && ours(line)).length;
  for (let waited = 0; waited < 200 && logged('Reinitializing') < 5; waited += 1) await sleep(50);
  assert.deepEqual([logged('RuntimeError: unreachable'), logged('Reinitializing')], [5, 5], 'each was one, and is logged');
});

const CASES = {
  'in the midst of a flow': {
    prepare: async () => browser.fill(await browser.open(app.authorizationRequest().url), { decision: 'approve' }),
    send: ({ action, form }) => trap(action, { form, cookie: browser.cookie }),
    after: ({ part }) => part === 'd1', // on the way to KV, whose TTL is counted from now
  },
  'inside a ledger': {
    prepare: () => world.authorize(browser, app),
    send: (grant) => trap('/oauth2/token', { form: app.exchange(grant) }),
    after: ({ part }) => part === 'ledger',
  },
};
for (const [name, { prepare, send, after }] of Object.entries(CASES)) {
  test(`a trap ${name}`, async () => {
    const it = await prepare();
    await storage.idle();
    storage.mood = (step) => {
      if (!after(step)) return undefined;
      storage.mood = () => undefined;
      return { crash: true };
    };
    await send(it);
    storage.mood = () => undefined;
    const grant = await world.authorize(browser, app);
    const answers = await atOnce(world, times(10, () => ({ path: '/oauth2/token', form: app.exchange(grant) })));
    assert.deepEqual(statuses(answers), { 200: 1, 400: 9 });
  });
}

test('a panic is logged once, with what it says, and the next request is answered', async () => {
  const logged = () => world.logged.filter((line) => /panic|RuntimeError|Critical/i.test(line));
  for (let round = 0; round < 3; round += 1) {
    await storage.idle();
    world.logged.length = 0;
    storage.mood = ({ part }) => {
      if (part !== 'limiter') return undefined;
      storage.mood = () => undefined;
      return { panics: true };
    };
    await trap('/api/oauth2/revoke', { form: app.with({ token: 'x' }) });
    storage.mood = () => undefined;
    assert.equal((await world.request('/healthz')).status, 200);
    for (let waited = 0; waited < 100 && !world.logged.some((line) => line.includes('Reinitializing')); waited += 1) await sleep(50);
    assert.match(logged().join(), /Rust panic: .*rate_limit_do\.rs/s);
    assert.equal(logged().length, 1, logged().join('\n'));
  }
});

test('the hook that logs a panic is that of the worker crate, and no other', async () => {
  const glue = await readFile(join(BUILD, 'index.js'), 'utf8');
  assert.match(glue, /criticalError/, 'which the hook sets');
  assert.doesNotMatch(glue, /__wbg_stack_/, 'console_error_panic_hook reads the stack');
});
