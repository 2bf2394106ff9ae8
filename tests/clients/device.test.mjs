// The device grant as other people's clients do it: each asks for codes, its user answers on another
// device, and it polls until it has tokens.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

import { Child, HERE, Reported, is, world } from './journey.mjs';

const GRANTS = ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'];

/** Each gives what `begin` and `poll` are in it: the user code, and the tokens or a throw. */
const CLIENTS = {
  'openid-client': {
    async client({ id }) {
      const config = await openid.discovery(new URL(world.origin), id, undefined, openid.None(), { execute: [openid.allowInsecureRequests] });
      let device;
      return {
        begin: async () => (device = await openid.initiateDeviceAuthorization(config, { scope: 'openid identify' })).user_code,
        poll: () => openid.pollDeviceAuthorizationGrant(config, device),
      };
    },
    denied: is(openid.ResponseBodyError, { error: 'access_denied' }),
    hasIdToken: true,
  },
  oauth4webapi: {
    async client({ id }) {
      const [issuer, insecure] = [new URL(world.origin), { [oauth.allowInsecureRequests]: true }];
      const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }));
      const client = { client_id: id };
      let device;
      return {
        async begin() {
          const parameters = new URLSearchParams({ scope: 'openid identify' });
          const answer = await oauth.deviceAuthorizationRequest(server, client, oauth.None(), parameters, insecure);
          device = await oauth.processDeviceAuthorizationResponse(server, client, answer);
          return device.user_code;
        },
        async poll() {
          for (;;) {
            await new Promise((resolve) => setTimeout(resolve, device.interval * 1000));
            const answer = await oauth.deviceCodeGrantRequest(server, client, oauth.None(), device.device_code, insecure);
            try {
              return await oauth.processDeviceCodeResponse(server, client, answer);
            } catch (error) {
              if (error.error !== 'authorization_pending') throw error;
            }
          }
        },
      };
    },
    denied: is(oauth.ResponseBodyError, { error: 'access_denied' }),
    hasIdToken: true,
  },
  'oauth2 (Rust)': {
    async client({ id }, t) {
      const child = new Child(t, join(HERE, 'rust/target/debug/rust-client'), [], { id, redirect_uri: 'com.example.app:/callback' });
      return { begin: () => child.call('device'), poll: () => child.call('poll') };
    },
    denied: is(Reported, { type: 'ServerResponse', error: 'access_denied' }),
  },
};

// They wait for their interval together.
describe('devices', { concurrency: true }, () => {
  for (const [library, { client: make, denied, hasIdToken = false }] of Object.entries(CLIENTS)) {
    const start = async (t) => {
      const app = await world.server.application('public', { grant_types: GRANTS });
      const client = await make(app, t);
      return { client, code: await client.begin(), browser: await world.server.login(world.user) };
    };

    test(`${library}: a device polls until its user has approved`, async (t) => {
      const { client, code, browser } = await start(t);
      const polled = client.poll();
      await new Promise((resolve) => setTimeout(resolve, 6_000)); // one poll in vain
      await world.server.answerDevice(browser, code);
      const tokens = await polled;
      assert.equal((await world.server.me(tokens.access_token)).json.id, world.user.id);
      assert.equal(Boolean(tokens.id_token), hasIdToken);
      assert.ok(tokens.refresh_token);
    });

    test(`${library}: a device is told that its user said no`, async (t) => {
      const { client, code, browser } = await start(t);
      const polled = assert.rejects(async () => client.poll(), denied);
      await world.server.answerDevice(browser, code, 'deny');
      await polled;
    });
  }
});
