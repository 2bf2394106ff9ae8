// Every example of the READMEs, compiled and run against the built server, which calls itself
// https://fluxer.app here.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import * as errors from '@fluxer/errors';
import * as oauth2 from '@fluxer/oauth2';

import { Browser, World } from '../../tests/worker/harness.mjs';
import { blocks, write } from './examples.mjs';

const SDK = resolve(import.meta.dirname, '..');
const FLUXER = 'https://fluxer.app';
const systemFetch = globalThis.fetch;

let world, user, browser, application;
before(async () => {
  world = await World.start({ settings: { ISSUER: FLUXER } });
  world.origin = FLUXER;
  globalThis.fetch = (url, init) => (new URL(url).origin === FLUXER ? world.mf.dispatchFetch(String(url), init) : systemFetch(url, init));
  user = await world.user();
  browser = new Browser(world);
  await browser.submit(await browser.open('/login'), { login: user.email, password: user.password });
  application = await world.application('confidential', { redirect_uris: ['https://yourapp.com/callback'], bot: true });
});
after(async () => {
  globalThis.fetch = systemFetch;
  await world?.stop();
});

/** The resource server, once it was made. */
let resources;

/** What an application asks for that wants a token for a resource server. */
async function orders() {
  resources ??= world.admin('POST', '/resources', {
    identifier: 'https://orders.example/', name: 'Orders', signing_alg: 'ES256', scopes: [{ name: 'orders:read', description: 'See your orders' }],
  });
  await resources;
  return { scope: 'orders:read', resource: 'https://orders.example/' };
}

/** A user who has just come back, with everything that an example names. */
async function stage(code) {
  const config = {
    clientId: application.id, clientSecret: application.secret, redirectUri: application.redirectUri, scope: 'identify email guilds', ...(await oauth2.discover(FLUXER)),
  };
  const guild = await world.admin('POST', '/guilds', { name: 'Night Owls', owner_id: user.id });
  const visit = async (url) => {
    const page = await browser.open(url);
    if (page.landed) return page;
    const picks = page.html.querySelector('[name=guild_id]') && { guild_id: guild.id };
    return browser.submit(page, { decision: 'approve', ...picks });
  };
  const back = async (more = {}) => {
    const [state, pkce] = [oauth2.generateState(), await oauth2.generatePkce()];
    const { location, landed } = await visit(oauth2.authorizeUrl(config, state, { pkce, ...more }));
    return { state, codeVerifier: pkce.codeVerifier, url: location, code: landed.get('code') };
  };
  const [here, earlier] = [await back(), await back()];
  const tokens = await oauth2.exchangeCode(config, earlier);
  const device = code.includes('deviceConfig') ? await world.application('public', { grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'] }) : undefined;
  const resource = code.includes('resourceToken') ? await oauth2.exchangeCode(config, await back(await orders())) : undefined;
  return {
    clientId: config.clientId, clientSecret: config.clientSecret, config, code: here.code, codeVerifier: here.codeVerifier,
    tokens, accessToken: tokens.accessToken, refreshToken: tokens.refreshToken, userId: user.id, guildId: guild.id, resourceToken: resource?.accessToken,
    deviceConfig: { ...config, clientId: device?.id, clientSecret: undefined },
    show: (text) => {
      const code = text.match(/code ([A-Z]{4}-[A-Z]{4})$/)?.[1];
      if (code) void world.answerDevice(browser, code);
      else assert.match(text, /^<svg/);
    },
    signingKey: new Uint8Array(Buffer.from(world.settings.SIGNING_KEYS, 'base64url')),
    request: new Request(here.url), visit: async (url) => new Request((await visit(url)).location),
    browserSession: { load: async () => here, save: async () => undefined },
    database: { load: async () => undefined, save: async () => undefined, delete: async () => undefined },
    equal: async (actual, expected) => {
      checked += 1;
      assert.deepEqual(actual, expected);
      if (String(actual).startsWith(config.authorizeEndpoint)) assert.match((await visit(actual)).text, /is now in/);
    },
  };
}

let checked;
const examples = write(['errors', 'oauth2']);
execFileSync(join(SDK, 'node_modules/.bin/tsc'), ['-p', examples[0].folder], { stdio: 'inherit' });

for (const { name, path, code } of examples) {
  test(`example ${name}`, async () => {
    const { default: example } = await import(path);
    checked = 0;
    await example(await stage(code));
    assert.equal(checked, code.match(/\/\/ →/g)?.length ?? 0, 'each value that it states was looked at');
  });
}

for (const [name, exported] of Object.entries({ errors, oauth2 })) {
  const code = blocks(name).map(({ code }) => code).join('\n');
  const readme = readFileSync(join(SDK, name, 'README.md'), 'utf8');
  const isClass = (value) => /^class\b/.test(String(value));

  test(`every function of ${name} has an example`, () => {
    for (const [item, value] of Object.entries(exported)) if (typeof value === 'function' && !isClass(value)) assert.match(code, new RegExp(`\\b${item}\\(`), item);
  });

  test(`every class and constant of ${name} is in its README`, () => {
    for (const [item, value] of Object.entries(exported)) if (typeof value !== 'function' || isClass(value)) assert.match(readme, new RegExp(`\\b${item}\\b`), item);
  });
}
