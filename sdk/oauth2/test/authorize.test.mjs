// Authorize URLs, states, code challenges and bot invitations.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Permissions, authorizeUrl, botInviteUrl, generatePkce, generateState, permissionBits, permissionNames } from '@fluxer/oauth2';

import { CLIENT } from './fakes.mjs';

const query = (url) => [...new URL(url).searchParams].map(([name, value]) => `${name}=${value}`);

test('the documented URL, to the letter', () => {
  assert.equal(
    authorizeUrl(CLIENT, 'some-state'),
    'https://fluxer.app/oauth2/authorize?response_type=code&client_id=42&redirect_uri=https%3A%2F%2Fyourapp.com%2Fcallback&scope=identify+email+guilds&state=some-state',
  );
});

test('no URL holds the client secret or the code verifier', async () => {
  const pkce = await generatePkce();
  const urls = [
    authorizeUrl(CLIENT, 'state', { pkce, prompt: 'consent' }),
    botInviteUrl(CLIENT, { permissions: 8n }),
    botInviteUrl(CLIENT, { state: 'state', pkce }),
  ];
  for (const url of urls) {
    assert.ok(!url.includes(CLIENT.clientSecret), url);
    assert.ok(!url.includes(pkce.codeVerifier), url);
  }
});

test('a URL carries the challenge, the prompt, and a scope of its own', () => {
  const url = authorizeUrl(CLIENT, 'state', { pkce: { codeChallenge: 'challenge' }, prompt: 'none', scope: 'identify' });
  assert.deepEqual(query(url).slice(3), ['scope=identify', 'state=state', 'code_challenge=challenge', 'code_challenge_method=S256', 'prompt=none']);
});

test('the query of the authorize endpoint itself stays (RFC 6749 §3.1)', () => {
  const url = authorizeUrl({ ...CLIENT, authorizeEndpoint: 'https://fluxer.app/oauth2/authorize?locale=de' }, 'state');
  assert.equal(query(url)[0], 'locale=de');
  assert.equal(query(url)[1], 'response_type=code');
});

test('a state comes out as it went in', () => {
  const state = 'a b&c=d+e%20/ü';
  assert.equal(new URL(authorizeUrl(CLIENT, state)).searchParams.get('state'), state);
});

for (const [what, config, state, message] of [
  ['no state', {}, '', /^state is missing$/],
  ['no client id', { clientId: '' }, 's', /^clientId is missing$/],
  ['no redirect URI', { redirectUri: undefined }, 's', /^redirectUri is missing$/],
  ['no endpoint', { authorizeEndpoint: undefined }, 's', /^authorizeEndpoint is missing/],
  ['a path as endpoint', { authorizeEndpoint: '/oauth2/authorize' }, 's', /^authorizeEndpoint must be an absolute URL$/],
  ['plain http', { authorizeEndpoint: 'http://fluxer.app/oauth2/authorize' }, 's', /^authorizeEndpoint must be https/],
  ['a script', { authorizeEndpoint: 'javascript:alert(1)' }, 's', /^authorizeEndpoint must be https/],
  ['a host that only looks like this one', { authorizeEndpoint: 'http://127.0.0.1.evil.example/' }, 's', /^authorizeEndpoint must be https/],
  ['a fragment', { authorizeEndpoint: 'https://fluxer.app/#a' }, 's', /^authorizeEndpoint must not have a fragment$/],
]) {
  test(`a URL is not made of ${what}`, () => {
    assert.throws(() => authorizeUrl({ ...CLIENT, ...config }, state), { name: 'TypeError', message });
  });
}

test('a generatePkce that nobody awaited is a mistake, and not a login without PKCE', () => {
  assert.throws(() => authorizeUrl(CLIENT, 'state', { pkce: generatePkce() }), { name: 'TypeError', message: 'pkce.codeChallenge is missing' });
});

test('plain http is for this machine, and for allowHttp', () => {
  for (const host of ['127.0.0.1:8787', '[::1]:8787', 'localhost', 'fluxer.localhost']) {
    assert.ok(authorizeUrl({ ...CLIENT, authorizeEndpoint: `http://${host}/oauth2/authorize` }, 's').startsWith(`http://${host}/`));
  }
  assert.ok(authorizeUrl({ ...CLIENT, authorizeEndpoint: 'http://worker/oauth2/authorize', allowHttp: true }, 's'));
});

test('a state is 32 random bytes in base64url', () => {
  const states = Array.from({ length: 200 }, () => generateState());
  for (const state of states) {
    assert.match(state, /^[\w-]{43}$/);
    assert.equal(Buffer.from(state, 'base64url').length, 32);
  }
  assert.equal(new Set(states).size, states.length);
});

test('a code challenge is the SHA-256 of its verifier (RFC 7636 §4.2)', async () => {
  const { codeVerifier, codeChallenge } = await generatePkce();
  assert.match(codeVerifier, /^[\w-]{43}$/);
  assert.equal(codeChallenge, createHash('sha256').update(codeVerifier).digest('base64url'));
  assert.notEqual((await generatePkce()).codeVerifier, codeVerifier);
});

test('a bot invitation needs a client id and nothing else', () => {
  const { clientId, authorizeEndpoint } = CLIENT;
  assert.equal(botInviteUrl({ clientId, authorizeEndpoint }), 'https://fluxer.app/oauth2/authorize?client_id=42&scope=bot');
});

test('a bot invitation names permissions and a guild', () => {
  const url = botInviteUrl(CLIENT, { permissions: ['KICK_MEMBERS', 'UPDATE_RTC_REGION'], guildId: '7', disableGuildSelect: true });
  assert.deepEqual(query(url), ['client_id=42', 'scope=bot', 'permissions=9007199254740994', 'guild_id=7', 'disable_guild_select=true']);
});

test('a bot invitation that leaves no choice says where to', () => {
  assert.throws(() => botInviteUrl(CLIENT, { disableGuildSelect: true }), { name: 'TypeError', message: 'guildId is missing' });
});

test('with a state, a bot invitation brings a code back', () => {
  const url = botInviteUrl({ ...CLIENT, scope: 'identify' }, { state: 'state', permissions: 8n });
  assert.deepEqual(query(url), [
    'response_type=code', 'client_id=42', 'redirect_uri=https://yourapp.com/callback', 'scope=identify bot', 'state=state', 'permissions=8',
  ]);
  assert.ok(query(botInviteUrl(CLIENT, { state: 's', scope: 'bot guilds' })).includes('scope=bot guilds'));
});

test('the permissions are those of the server', () => {
  const source = readFileSync(new URL('../../../src/fluxer/permissions.rs', import.meta.url), 'utf8');
  const [, table] = source.match(/^pub const ALL: &\[Permission\] = &\[\n([\s\S]*?)^\];/m);
  const rows = table.trimEnd().split('\n').map((row) => row.match(/^ {4}permission\((\d+), +"(\w+)", .*\),$/).slice(1));
  assert.deepEqual(Object.entries(Permissions), rows.map(([bit, name]) => [name, 1n << BigInt(bit)]));
});

test('permissions and bits are each other', () => {
  const names = Object.keys(Permissions);
  assert.equal(permissionBits(names), 69815829414805503n);
  assert.deepEqual(permissionNames(69815829414805503n), names);
  for (const name of names) assert.deepEqual(permissionNames(permissionBits([name])), [name]);
  assert.equal(permissionBits([]), 0n);
  assert.equal(permissionBits(['ADMINISTRATOR', 'ADMINISTRATOR']), 8n);
  assert.deepEqual(permissionNames(String(2n ** 60n + 32n)), ['MANAGE_GUILD']);
});

test('there is no permission but those', () => {
  for (const name of ['KICK', 'kick_members', '', 'toString', '__proto__']) {
    assert.throws(() => botInviteUrl(CLIENT, { permissions: [name] }), { name: 'TypeError', message: `there is no permission "${name}"` });
  }
  for (const permissions of [-1n, 2n ** 64n]) {
    assert.throws(() => botInviteUrl(CLIENT, { permissions }), { name: 'TypeError', message: 'permissions must be 64 bits, and not negative' });
  }
  assert.ok(botInviteUrl(CLIENT, { permissions: 2n ** 64n - 1n }).endsWith('&permissions=18446744073709551615'));
});
