// Clients that nobody registered by hand, on D1 and with real fetches: by registration, and by document.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { Client, World } from './harness.mjs';

let world, user, browser, documents, base;
const pages = new Map(); // path → (response) => void
before(async () => {
  world = await World.start({ settings: { DYNAMIC_REGISTRATION: 'open', CLIENT_METADATA_DOCUMENTS: 'on', RATE_LIMIT_REGISTER: 'off' } });
  user = await world.user();
  browser = await world.login(user);
  documents = createServer((request, response) => {
    const serve = pages.get(request.url);
    if (serve) return serve(response);
    response.writeHead(404).end();
  });
  await new Promise((resolve) => documents.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${documents.address().port}`;
});
after(async () => {
  documents?.closeAllConnections();
  documents?.close();
  await world?.stop();
});

const json = (body, headers = {}) => (response) =>
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

function serve(path, more = {}, headers = {}) {
  const url = `${base}${path}`;
  const document = { client_id: url, client_name: 'Documented', redirect_uris: ['https://client.example/cb'], token_endpoint_auth_method: 'none', ...more };
  pages.set(path, json(document, headers));
  return new Client({ id: url, type: 'public', redirect_uris: document.redirect_uris });
}

const register = (json) => world.request('/api/oauth2/register', { json });

async function works(client) {
  const tokens = await world.tokens(browser, client, { scope: 'identify' });
  assert.equal((await world.me(tokens.access_token)).status, 200);
  const next = await world.refresh(client, tokens.refresh_token);
  assert.equal(next.status, 200, next.text);
  return next.json;
}

test('a client registers itself, changes, and goes', async () => {
  for (const token_endpoint_auth_method of ['none', 'client_secret_basic']) {
    const answer = await register({ client_name: 'Client', redirect_uris: ['https://client.example/cb'], token_endpoint_auth_method });
    assert.equal(answer.status, 201, answer.text);
    const { client_id, client_secret, redirect_uris, registration_access_token, registration_client_uri } = answer.json;
    const client = new Client({ id: client_id, client_secret, redirect_uris, type: client_secret ? 'confidential' : 'public' });
    const { access_token } = await works(client);

    const headers = { authorization: `Bearer ${registration_access_token}` };
    const path = new URL(registration_client_uri).pathname;
    assert.equal((await world.request(path, { headers })).json.client_name, 'Client');
    const renamed = await world.request(path, { method: 'PUT', headers, json: { client_id, client_name: 'Renamed', redirect_uris, token_endpoint_auth_method } });
    assert.equal(renamed.json.client_name, 'Renamed', renamed.text);
    assert.equal((await world.request(path, { headers: { authorization: 'Bearer x' } })).status, 401);
    assert.equal((await world.request(path, { method: 'DELETE', headers })).status, 204);
    assert.equal((await world.request(path, { headers })).status, 401);
    assert.equal((await world.me(access_token)).status, 401);
  }
});

test('a client that a document describes, with one id for all its users', async () => {
  const client = serve('/good.json');
  const tokens = await works(client);
  assert.equal((await world.introspect(client, tokens.access_token)).json.client_id, client.id);
  const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url'));
  assert.equal(claims.client_id, client.id);
  const other = await world.login(await world.user());
  await Promise.all([world.tokens(other, client), world.tokens(browser, client)]);
  const applications = await world.admin('GET', '/applications?limit=100');
  assert.equal(applications.filter(({ name }) => name === 'Documented').length, 1);
});

test('documents that are bad, long, slow or elsewhere end on a page', async () => {
  const good = serve('/bad.json');
  pages.set('/moved.json', pages.get('/bad.json')); // what a redirect that is followed would find good
  const long = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    const more = () => response.writable && response.write(chunk, (error) => error || more());
    response.on('error', () => {});
    more();
  };
  for (const [name, answer, status] of [
    ['another client_id', json({ client_id: `${base}/other.json`, client_name: 'X', redirect_uris: ['https://client.example/cb'] }), 400],
    ['a redirect', (response) => response.writeHead(302, { location: `${base}/moved.json` }).end(), 400],
    ['another type', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('{}'), 400],
    ['deep JSON', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('['.repeat(30_000)), 400],
    ['without end', long, 400],
    ['a drip', (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 500);
      response.on('close', () => clearInterval(drip));
    }, 503],
    ['an error', (response) => response.writeHead(500).end(), 503],
  ]) {
    pages.set('/bad.json', answer);
    const page = await browser.open(good.authorizationRequest().url);
    assert.equal(page.status, status, `${name}: ${page.text}`);
    assert.equal(page.location, undefined, name);
  }
  assert.equal((await works(serve('/bad.json'))).token_type, 'Bearer', 'what was bad is not remembered');
});

test('the last good document serves where there is none any more', async () => {
  const client = serve('/gone.json', {}, { 'cache-control': 'no-store' });
  const { refresh_token } = await world.tokens(browser, client);
  pages.delete('/gone.json');
  assert.equal((await world.refresh(client, refresh_token)).status, 200);
  const nobody = new Client({ id: `${base}/nobody.json`, type: 'public', redirect_uris: ['https://client.example/cb'] });
  const answer = await world.refresh(nobody, 'x');
  assert.deepEqual([answer.status, answer.json.error], [503, 'temporarily_unavailable']);
});

test('a token that lets clients register', async () => {
  const made = await world.admin('POST', '/registration-tokens', { name: 'CI', expires_in: 60 });
  assert.ok(made.token);
  const listed = await world.admin('GET', '/registration-tokens');
  assert.deepEqual(listed.map(({ id, name, token }) => [id, name, token]), [[made.id, 'CI', undefined]]);
  await world.admin('DELETE', `/registration-tokens/${made.id}`);
  assert.deepEqual(await world.admin('GET', '/registration-tokens'), []);
});
