// What an application's page shows for other people's libraries, run as it stands there.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { InMemoryWebStorage, UserManager, WebStorageStateStore } from 'oidc-client-ts';

import { HERE, Surfer, application, said, serve, world } from './journey.mjs';

/** The snippet for a library on the page of an application, as its owner copies it. */
async function snippet({ id }, library, scopes) {
  const browser = await world.server.login(world.user);
  const query = scopes.map((scope) => `scope=${scope}`).join('&');
  const page = await browser.open(`/developers/${id}?${query}`);
  return page.html.querySelector(`#${library}`).text;
}

/** From the client to the login page and the consent page; where the browser ends up. */
async function logIn(address) {
  const browser = new Surfer(world.server);
  const { email, password } = world.user;
  const consent = await browser.submit(await browser.open(address), { login: email, password });
  return browser.submit(consent, { decision: 'approve' });
}

test('oidc-client-ts logs a user in as the snippet says', async (t) => {
  const app = await application('public', { redirect_uris: ['https://app.example/callback'], owner_id: world.user.id });
  const shown = await snippet(app, 'oidc-client-ts', ['identify', 'email']);
  // Node has no window, and keeps nothing.
  let callback;
  globalThis.window = { location: { get href() { return callback; } }, sessionStorage: new InMemoryWebStorage(), localStorage: new InMemoryWebStorage() };
  Object.assign(globalThis, { sessionStorage: window.sessionStorage, localStorage: window.localStorage });
  class InNode extends UserManager {
    constructor(settings) {
      const navigator = { prepare: async () => ({ navigate: async ({ url }) => { callback = (await logIn(url)).callback.href; return { url: callback }; }, close() {} }) };
      const store = () => new WebStorageStateStore({ store: new InMemoryWebStorage() });
      super({ ...settings, userStore: store(), stateStore: store() }, navigator);
      // Its timer waits for the token to expire, for days.
      t.after(() => { this.stopSilentRenew(); return this.events.unload(); });
    }
  }
  const [imported, program] = [/^import .*;$/m, shown.replace(/^import .*;$/m, '')];
  assert.match(shown, imported);
  const run = new Function('UserManager', `return (async () => {${program}\nreturn user; })();`);
  const user = await run(InNode);
  assert.equal(user.profile.sub, world.user.id);
  assert.equal(user.profile.iss, world.origin);
  assert.equal((await world.server.me(user.access_token)).json.email, world.user.email);
});

test('Authlib logs a user in as the snippet says', async (t) => {
  // A port that was free a moment ago.
  const origin = await serve({ after: (close) => queueMicrotask(close) }, createServer());
  const app = await application('confidential', { redirect_uris: [`${origin}/callback`], owner_id: world.user.id });
  const folder = mkdtempSync(join(tmpdir(), 'snippet-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'app.py'), await snippet(app, 'authlib', ['identify', 'email']));
  const env = { PATH: process.env.PATH, CLIENT_SECRET: app.secret, SESSION_SECRET: 'a secret of the test' };
  const flask = spawn(join(HERE, 'python/venv/bin/flask'), ['run', '--port', new URL(origin).port], { env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => flask.kill('SIGKILL'));
  for await (const line of flask.stderr) if (String(line).includes('Running on')) break;
  const { sub, iss, aud } = said(await logIn(`${origin}/log-in`));
  assert.deepEqual([sub, iss, aud], [world.user.id, world.origin, app.id]);
});
