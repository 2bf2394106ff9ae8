// What the clients of MCP send, as it was recorded, against the built Worker. Their documents are served on
// loopback; all else is theirs.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { Signer } from './signer.mjs';
import { Client, Storage, World } from './harness.mjs';

const NOTES = 'https://notes.example/mcp';
const storage = new Storage({ watched: false });
const served = new Map();
let world, browser, documents, base;
before(async () => {
  world = await World.start({ storage, settings: { DYNAMIC_REGISTRATION: 'open', CLIENT_METADATA_DOCUMENTS: 'on', RATE_LIMIT_REGISTER: 'off' } });
  browser = await world.login(await world.user());
  await world.admin('POST', '/resources', { identifier: NOTES, name: 'Notes', scopes: [{ name: 'notes:read', description: 'Read your notes' }] });
  documents = createServer(({ url }, response) => {
    const found = served.get(url);
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(found));
  });
  await new Promise((resolve) => documents.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${documents.address().port}`;
});
after(async () => {
  documents?.close();
  await world?.stop();
});

/** The client of a document. */
function documented(path, { redirect_uris, ...more }) {
  served.set(path, { client_id: base + path, client_name: path.slice(1), redirect_uris, grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], ...more });
  return new Client({ id: base + path, type: 'public', redirect_uris });
}

/** The client that a registration makes. */
async function registered(fields) {
  const answer = await world.request('/oauth2/register', { json: { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'none', ...fields } });
  assert.equal(answer.status, 201, answer.text);
  const { client_id, client_secret, redirect_uris } = answer.json;
  return Object.assign(new Client({ id: client_id, client_secret, redirect_uris, type: 'public' }), { answer: answer.json });
}

const audience = ({ access_token }) => JSON.parse(Buffer.from(access_token.split('.')[1], 'base64url')).aud;

/** From the user to a tool's token and the next one; `prove` adds what authenticates the client. */
async function connects(client, { scope, redirectUri = client.redirectUri, prove = async (form) => form, refresh = { resource: NOTES }, ...more }) {
  const grant = await world.authorize(browser, client, { redirectUri, resource: NOTES, ...(scope !== undefined && { scope }), ...more, pkce: true });
  const { host, protocol } = new URL(grant.page.location);
  assert.equal(`${protocol}//${host}`, `${new URL(redirectUri).protocol}//${new URL(redirectUri).host}`);
  const first = await world.post('/oauth2/token', await prove({ ...client.exchange(grant), resource: NOTES }));
  assert.equal(first.status, 200, first.text);
  assert.equal(audience(first.json), NOTES);
  const next = await world.post('/oauth2/token', await prove(client.refresh(first.json.refresh_token, refresh)));
  assert.equal(next.status, 200, next.text);
  assert.equal(audience(next.json), NOTES);
  return next.json;
}

test('Claude: a document where the metadata says so, with a space before its scope, or a registration', async () => {
  const { json: metadata } = await world.request('/.well-known/oauth-authorization-server');
  assert.equal(metadata.client_id_metadata_document_supported, true);
  assert.ok(metadata.token_endpoint_auth_methods_supported.includes('none'));
  assert.ok(metadata.scopes_supported.includes('offline_access'));
  const claude = { client_uri: 'https://claude.ai', redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] };
  const asks = { scope: ' offline_access', prompt: 'consent' };
  await connects(documented('/claude', { ...claude, token_endpoint_auth_method: 'none' }), asks);
  assert.ok(metadata.registration_endpoint.endsWith('/oauth2/register'));
  await connects(await registered({ client_name: 'Claude', ...claude }), asks);
});

test('Claude Code: localhost without a port in its document, and any port when it listens', async () => {
  const redirect_uris = ['http://localhost/callback', 'http://127.0.0.1/callback'];
  for (const redirectUri of ['http://localhost:54211/callback', 'http://127.0.0.1:3118/callback']) {
    await connects(documented('/claude-code', { redirect_uris, token_endpoint_auth_method: 'none' }), { redirectUri });
    await connects(await registered({ client_name: 'Claude Code', redirect_uris }), { redirectUri });
  }
});

test('ChatGPT: RS256 with keys at a URL, or none where its document offers that too', async () => {
  const signer = await Signer.of('RS256', 'chatgpt');
  served.set('/jwks', { keys: [signer.jwk] });
  const fields = { redirect_uris: ['https://chatgpt.com/connector/oauth/abc', 'https://chatgpt.com/connector_platform_oauth_redirect'], token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'RS256', jwks_uri: `${base}/jwks` };
  const client = documented('/chatgpt', fields);
  const prove = async (form) => signer.authenticated(world, client, form, { aud: `${world.origin}/api/oauth2/token` });
  const granted = await connects(client, { prove });
  const bare = await world.refresh(client, granted.refresh_token);
  assert.deepEqual([bare.status, bare.json.error], [401, 'invalid_client'], 'it never falls back to none');
  const newer = documented('/chatgpt-newer', { ...fields, token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'] });
  await connects(newer, {});
});

test('VS Code and Copilot CLI: a port where they registered another', async () => {
  const redirect_uris = ['https://insiders.vscode.dev/redirect', 'https://vscode.dev/redirect', 'http://127.0.0.1/', 'http://127.0.0.1:33418/'];
  const code = await registered({ client_name: 'Visual Studio Code', client_uri: 'https://code.visualstudio.com', application_type: 'native', redirect_uris });
  assert.deepEqual(code.answer.redirect_uris, redirect_uris);
  for (const redirectUri of ['http://127.0.0.1:61234/', 'http://127.0.0.1:33418/', 'https://vscode.dev/redirect']) await connects(code, { redirectUri });
  const copilot = documented('/copilot', { redirect_uris: ['http://127.0.0.1:33418/'], token_endpoint_auth_method: 'none' });
  await connects(copilot, { redirectUri: 'http://127.0.0.1:50123/' });
});

test('Cursor: three URIs at once, one of them of its own scheme', async () => {
  const redirect_uris = ['cursor://anysphere.cursor-mcp/oauth/callback', 'https://www.cursor.com/agents/mcp/oauth/callback', 'http://localhost:8787/callback'];
  const cursor = await registered({ client_name: 'Cursor', redirect_uris });
  assert.deepEqual(cursor.answer.redirect_uris, redirect_uris);
  for (const redirectUri of redirect_uris) await connects(cursor, { redirectUri });
});

test('Codex: a refresh without `resource` inherits it, and one that is refused spends nothing', async () => {
  const codex = await registered({ client_name: 'Codex', redirect_uris: ['http://127.0.0.1/callback'] });
  const granted = await connects(codex, { redirectUri: 'http://127.0.0.1:1455/callback', refresh: {} });
  const refused = await world.refresh(codex, granted.refresh_token, { resource: 'https://unknown.example' });
  assert.deepEqual([refused.status, refused.json.error], [400, 'invalid_target']);
  const next = await world.refresh(codex, granted.refresh_token);
  assert.deepEqual([next.status, audience(next.json)], [200, NOTES]);
});

test('the TypeScript SDK: what it throws away, and what it keeps', async () => {
  const client = await registered({ client_name: 'SDK', redirect_uris: ['http://localhost/callback'] });
  const { refresh_token } = await connects(client, {});
  const said = async (answer) => [(await answer).status, (await answer).json.error];
  storage.mood = ({ part }) => (part === 'ledger' ? { before: 'Network connection lost.' } : undefined);
  const down = await world.refresh(client, refresh_token);
  storage.mood = undefined;
  assert.deepEqual([down.status, down.json.error], [503, 'temporarily_unavailable'], 'it keeps all');
  assert.ok(down.header('retry-after'));
  assert.equal((await world.refresh(client, refresh_token)).status, 200);
  assert.deepEqual(await said(world.refresh(client, 'nonsense')), [400, 'invalid_grant'], 'it asks the user');
  const { registration_access_token, registration_client_uri } = client.answer;
  await world.request(registration_client_uri, { method: 'DELETE', headers: { authorization: `Bearer ${registration_access_token}` } });
  assert.deepEqual(await said(world.refresh(client, refresh_token)), [401, 'invalid_client'], 'it registers anew');
});

test('the Python SDK: no endpoint in the metadata sends it elsewhere, and the path it guesses is none here', async () => {
  const { json: metadata } = await world.request('/.well-known/oauth-authorization-server');
  assert.ok(metadata.registration_endpoint, 'so it does not guess');
  const guessed = await world.request('/register', { json: { client_name: 'SDK', redirect_uris: ['http://localhost/callback'] } });
  assert.equal(guessed.status, 404);
});

test('browsers: each URL that a client asks takes its preflight, with the header of MCP', async () => {
  const asked = 'content-type,authorization,mcp-protocol-version';
  for (const [path, method] of [
    ['/.well-known/oauth-authorization-server', 'GET'], ['/.well-known/openid-configuration', 'GET'], ['/.well-known/oauth-protected-resource', 'GET'],
    ['/api/oauth2/register', 'POST'], ['/api/oauth2/token', 'POST'], ['/api/oauth2/revoke', 'POST'], ['/.well-known/jwks.json', 'GET'],
  ]) {
    const headers = { origin: 'http://localhost:6274', 'access-control-request-method': method, 'access-control-request-headers': asked };
    const preflight = await world.request(path, { method: 'OPTIONS', headers });
    assert.equal(preflight.status, 204, path);
    assert.equal(preflight.header('access-control-allow-origin'), '*', path);
    const allowed = preflight.header('access-control-allow-headers').toLowerCase().split(/, ?/);
    for (const name of asked.split(',')) assert.ok(allowed.includes(name), `${path}: ${name}`);
    assert.ok(preflight.header('access-control-allow-methods').includes(method), path);
  }
});
