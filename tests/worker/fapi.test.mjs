// What the modules of the OpenID Foundation's plan for the FAPI 2.0 Security Profile Final expect of an
// application with `profile: fapi2` (private_key_jwt, DPoP), each test named as its modules. Those that a
// native test does as well are named with it.

import assert from 'node:assert/strict';
import { randomBytes, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { Signer, now } from './signer.mjs';
import { Storage, World, atOnce, statuses, times } from './harness.mjs';

const PAR = '/api/oauth2/par';
const TOKEN = '/api/oauth2/token';
const ME = '/api/users/@me';
const LOST = 'Network connection lost.';

/** The modules of the plan, without the prefix that all have; those for OpenID Connect as well. */
const MODULES = `
discovery-end-point-verification happy-flow user-rejects-authentication ensure-authorization-request-without-state-success
ensure-authorization-request-without-nonce-success ensure-authorization-request-with-64-char-nonce-success
ensure-other-scope-order-succeeds test-claims-parameter-identity-claims access-token-type-header-case-sensitivity
check-dpop-proof-nbf-exp ensure-dpopproof-with-iat-10seconds-before-succeeds ensure-dpopproof-with-iat-10seconds-after-succeeds
ensure-mismatched-dpop-jkt-fails ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt
ensure-token-endpoint-fails-with-mismatched-dpop-jkt ensure-dpopproof-at-par-endpoint-binding-success
ensure-dpop-auth-code-binding-success ensure-different-nonce-inside-and-outside-request-object
ensure-different-state-inside-and-outside-request-object ensure-authorization-request-with-long-nonce
ensure-authorization-request-with-long-state state-only-outside-request-object-not-used
ensure-request-object-without-redirect-uri-fails plain-fapi-tolerate-unregistered-redirect-uri ensure-registered-redirect-uri
ensure-unsigned-authorization-request-without-using-par-fails ensure-redirect-uri-in-authorization-request
ensure-response-type-code-idtoken-fails ensure-response-type-token-fails ensure-client-id-in-token-endpoint
ensure-holder-of-key-required ensure-authorization-code-is-bound-to-client attempt-reuse-authorization-code-after-one-second
ensure-token-endpoint-fails-with-expired-auth-code ensure-signed-client-assertion-with-RS256-fails
ensure-client-assertion-in-token-endpoint ensure-client-assertion-with-exp-is-5-minutes-in-past-fails
ensure-client-assertion-with-wrong-aud-fails ensure-client-assertion-with-no-sub-fails dpop-negative-tests refresh-token
par-ensure-reused-request-uri-prior-to-auth-completion-succeeds par-attempt-reuse-request_uri
par-attempt-to-use-expired-request_uri par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted
par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails par-attempt-to-use-request_uri-for-different-client
par-authorization-request-containing-request_uri-form-param par-attempt-invalid-http-method par-ensure-pkce-required
ensure-pkce-code-verifier-required incorrect-pkce-code-verifier-rejected par-plain-pkce-rejected par-without-duplicate-parameters
par-test-array-as-audience-fails par-test-par-endpoint-url-as-audience-fails par-test-token-endpoint-url-as-audience-fails
`.trim().split(/\s+/);
const expected = new Set();

/** A test of what these modules expect. */
function expectation(modules, run) {
  for (const module of modules.split(', ')) {
    assert.ok(MODULES.includes(module), module);
    expected.add(module);
  }
  test(modules, run);
}

/** A native test of what a module expects. */
function natively(module, file, name) {
  expectation(module, () => assert.ok(readFileSync(new URL(`../flows/${file}.rs`, import.meta.url), 'utf8').includes(`fn ${name}()`)));
}

const storage = new Storage({ watched: false });
let world, browser, signer, holder, client, other, otherSigner;
before(async () => {
  world = await World.start({ storage });
  browser = await world.login(await world.user());
  [signer, otherSigner, holder] = [await Signer.of('PS256'), await Signer.of('ES256'), await Signer.of('ES256')];
  const fapi = (keys) => world.application('confidential', { profile: 'fapi2', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [keys.jwk] } });
  [client, other] = [await fapi(signer), await fapi(otherSigner)];
});
after(async () => {
  await world?.stop(); // first, or a fault would keep the process until its time is up
  assert.deepEqual(world?.logged.filter((line) => !line.includes(LOST)), []);
});

const verifier = () => randomBytes(32).toString('base64url');
const challengeOf = (text) => createHash('sha256').update(text).digest('base64url');

/** The parameters of a request, and what its code is redeemed with. */
function request(more = {}) {
  const secret = verifier();
  const parameters = { response_type: 'code', redirect_uri: client.redirectUri, scope: 'openid identify', state: 'state', nonce: 'nonce', code_challenge: challengeOf(secret), code_challenge_method: 'S256', ...more };
  return { secret, parameters: Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)) };
}

const push = async (parameters, { as = client, by = signer, claims, header, headers } = {}) => world.post(PAR, await by.authenticated(world, as, parameters, claims, header), { headers });
const authorizeUrl = (uri, more = {}, as = client) => `/oauth2/authorize?${new URLSearchParams({ client_id: as.id, request_uri: uri, ...more })}`;

async function pushed(more) {
  const { secret, parameters } = request(more);
  const answer = await push(parameters);
  assert.equal(answer.status, 201, answer.text);
  return { secret, uri: answer.json.request_uri, answer };
}

async function visit(url, decision = 'approve') {
  const page = await browser.open(url);
  return page.status === 200 ? browser.submit(page, { decision }) : page;
}

async function code(more) {
  const { secret, uri } = await pushed(more);
  const page = await visit(authorizeUrl(uri));
  assert.ok(page.landed, page.text);
  return { secret, uri, code: page.landed.get('code'), landed: page.landed };
}

async function exchange({ code: it, secret }, { as = client, by = signer, key = holder, claims, params = {} } = {}) {
  const form = { grant_type: 'authorization_code', code: it, redirect_uri: client.redirectUri, code_verifier: secret, ...params };
  const headers = key && { dpop: await key.proof(world) };
  return world.post(TOKEN, await by.authenticated(world, as, form, claims), { headers });
}

const refused = (answer, status, error) => assert.deepEqual([answer.status, answer.json.error], [status, error], answer.text);
const resource = async (token, scheme = 'DPoP') => world.request(ME, { headers: { authorization: `${scheme} ${token}`, dpop: await holder.proof(world, { method: 'GET', path: ME, token }) } });

expectation('discovery-end-point-verification', async () => {
  const metadata = (await world.request('/.well-known/oauth-authorization-server')).json;
  assert.equal(metadata.pushed_authorization_request_endpoint, world.origin + PAR);
  assert.ok(metadata.token_endpoint_auth_methods_supported.includes('private_key_jwt'));
  for (const alg of ['PS256', 'ES256', 'EdDSA']) assert.ok(metadata.token_endpoint_auth_signing_alg_values_supported.includes(alg));
  assert.ok(metadata.dpop_signing_alg_values_supported.includes('ES256'));
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
});

expectation('happy-flow, refresh-token, access-token-type-header-case-sensitivity', async () => {
  const granted = await code();
  assert.deepEqual([granted.landed.get('state'), granted.landed.get('iss')], ['state', world.origin]);
  const answer = await exchange(granted);
  assert.equal(answer.status, 200, answer.text);
  const { access_token, refresh_token, id_token, token_type } = answer.json;
  assert.equal(token_type, 'DPoP');
  const [header, claims] = id_token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
  assert.deepEqual([header.alg, claims.nonce, claims.aud], ['ES256', 'nonce', client.id]);
  for (const scheme of ['DPoP', 'dpop', 'DPOP']) assert.equal((await resource(access_token, scheme)).status, 200, scheme);
  assert.equal((await world.me(access_token)).status, 401, 'not as a bearer token');
  for (let round = 0; round < 2; round += 1) {
    const form = { grant_type: 'refresh_token', refresh_token };
    const next = await world.post(TOKEN, await signer.authenticated(world, client, form), { headers: { dpop: await holder.proof(world) } });
    assert.equal(next.status, 200, next.text);
    assert.equal(next.json.refresh_token, refresh_token, 'refresh tokens do not rotate');
    assert.equal((await resource(next.json.access_token)).status, 200);
  }
});

expectation('user-rejects-authentication', async () => {
  const { uri } = await pushed({ prompt: 'consent' });
  const page = await visit(authorizeUrl(uri), 'deny');
  assert.equal(page.landed.get('error'), 'access_denied');
});

expectation('ensure-unsigned-authorization-request-without-using-par-fails', async () => {
  const page = await browser.open(`/oauth2/authorize?${new URLSearchParams({ client_id: client.id, ...request().parameters })}`);
  assert.equal(page.landed.get('error'), 'invalid_request');
});

expectation('par-without-duplicate-parameters, ensure-authorization-request-without-state-success', async () => {
  const { landed } = await code({ state: undefined });
  assert.equal(landed.has('state'), false);
});

for (const [name, more] of [['long-state', { state: 's'.repeat(384) }], ['long-nonce', { nonce: 'n'.repeat(384) }], ['64-char-nonce-success', { nonce: 'n'.repeat(64) }]]) {
  expectation(`ensure-authorization-request-with-${name}`, async () => {
    const granted = await code(more);
    if (more.state) assert.equal(granted.landed.get('state'), more.state);
    const { id_token } = (await exchange(granted)).json;
    if (more.nonce) assert.equal(JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url')).nonce, more.nonce);
  });
}

for (const [module, more, error] of [
  ['ensure-response-type-token-fails', { response_type: 'token' }, 'unsupported_response_type'],
  ['ensure-response-type-code-idtoken-fails', { response_type: 'code id_token' }, 'unsupported_response_type'],
  ['par-authorization-request-containing-request_uri-form-param', { request_uri: 'urn:ietf:params:oauth:request_uri:x' }, 'invalid_request'],
  ['par-ensure-pkce-required', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
  ['par-plain-pkce-rejected', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['ensure-registered-redirect-uri, plain-fapi-tolerate-unregistered-redirect-uri', { redirect_uri: 'https://app.example/other' }, 'invalid_request'],
  ['ensure-redirect-uri-in-authorization-request, ensure-request-object-without-redirect-uri-fails', { redirect_uri: undefined }, 'invalid_request'],
]) {
  expectation(module, async () => refused(await push(request(more).parameters), 400, error));
}

for (const [module, claims] of [
  ['par-test-array-as-audience-fails', () => ({ aud: [world.origin] })],
  ['par-test-par-endpoint-url-as-audience-fails', () => ({ aud: world.origin + PAR })],
  ['par-test-token-endpoint-url-as-audience-fails', () => ({ aud: world.origin + TOKEN })],
  ['par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails', () => ({ nbf: now() + 70, iat: now() + 70 })],
]) {
  expectation(module, async () => refused(await push(request().parameters, { claims: claims() }), 401, 'invalid_client'));
}

for (const [module, claims] of [
  ['ensure-client-assertion-with-exp-is-5-minutes-in-past-fails', () => ({ exp: now() - 300 })],
  ['ensure-client-assertion-with-wrong-aud-fails', () => ({ aud: 'https://other.example' })],
  ['ensure-client-assertion-with-no-sub-fails', () => ({ sub: undefined })],
]) {
  expectation(module, async () => {
    const granted = await code();
    refused(await exchange(granted, { claims: claims() }), 401, 'invalid_client');
    assert.equal((await exchange(granted)).status, 200);
  });
}

test('an assertion of another iss, or unsigned, is none; one that says more is one', async () => {
  refused(await push(request().parameters, { claims: { iss: 'https://other.example' } }), 401, 'invalid_client');
  refused(await push(request().parameters, { header: { alg: 'none' } }), 401, 'invalid_client');
  assert.equal((await push(request().parameters, { claims: { more: { x: 1 } }, header: { more: 1 } })).status, 201);
});

expectation('ensure-client-assertion-in-token-endpoint', async () => {
  const granted = await code();
  const form = { client_id: client.id, grant_type: 'authorization_code', code: granted.code, redirect_uri: client.redirectUri, code_verifier: granted.secret };
  refused(await world.post(TOKEN, form, { headers: { dpop: await holder.proof(world) } }), 401, 'invalid_client');
  assert.equal((await exchange(granted)).status, 200);
});

expectation('par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted', async () => {
  assert.equal((await push(request().parameters, { claims: { nbf: now() + 8, iat: now() + 8 } })).status, 201);
});

expectation('ensure-signed-client-assertion-with-RS256-fails', async () => {
  const rs256 = await Signer.of('RS256');
  const app = await world.application('confidential', { profile: 'fapi2', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [rs256.jwk] } });
  refused(await push(request().parameters, { as: app, by: rs256 }), 401, 'invalid_client');
});

expectation('par-attempt-invalid-http-method', async () => {
  for (const method of ['GET', 'PUT']) assert.equal((await world.request(PAR, { method })).status, 405);
});

expectation('par-attempt-reuse-request_uri, par-ensure-reused-request-uri-prior-to-auth-completion-succeeds', async () => {
  const { uri } = await pushed({ prompt: 'consent' });
  assert.equal((await browser.open(authorizeUrl(uri))).status, 200);
  assert.equal((await browser.open(authorizeUrl(uri))).status, 200);
  assert.ok((await visit(authorizeUrl(uri))).landed.has('code'));
  const again = await browser.open(authorizeUrl(uri));
  assert.deepEqual([again.status, again.landed], [400, undefined]);
});

expectation('par-attempt-to-use-request_uri-for-different-client', async () => {
  const { uri } = await pushed();
  const page = await browser.open(authorizeUrl(uri, {}, other));
  assert.deepEqual([page.status, page.landed], [400, undefined]);
});

expectation('ensure-different-state-inside-and-outside-request-object', async () => {
  const { uri } = await pushed();
  const page = await visit(authorizeUrl(uri, { scope: 'email guilds', state: 'other', redirect_uri: 'https://evil.example/', prompt: 'none' }));
  assert.equal(page.landed.get('state'), 'state');
});

expectation('ensure-different-nonce-inside-and-outside-request-object', async () => {
  const { secret, uri } = await pushed();
  const page = await visit(authorizeUrl(uri, { nonce: 'other' }));
  const { id_token } = (await exchange({ secret, code: page.landed.get('code') })).json;
  assert.equal(JSON.parse(Buffer.from(id_token.split('.')[1], 'base64url')).nonce, 'nonce');
});

expectation('state-only-outside-request-object-not-used', async () => {
  const { uri } = await pushed({ state: undefined });
  const page = await visit(authorizeUrl(uri, { state: 'outside' }));
  assert.deepEqual([page.landed.has('code'), page.landed.has('state')], [true, false]);
});

natively('par-attempt-to-use-expired-request_uri', 'par', 'it_waits_ninety_seconds_for_its_first_visit_and_then_for_the_user');

expectation('ensure-pkce-code-verifier-required, incorrect-pkce-code-verifier-rejected', async () => {
  const granted = await code();
  refused(await exchange({ ...granted, secret: '' }), 400, 'invalid_grant');
  refused(await exchange({ ...granted, secret: verifier() }), 400, 'invalid_grant');
  assert.equal((await exchange(granted)).status, 200);
});

expectation('ensure-authorization-code-is-bound-to-client, ensure-client-id-in-token-endpoint', async () => {
  const granted = await code();
  refused(await exchange(granted, { as: other, by: otherSigner }), 400, 'invalid_grant');
  refused(await exchange(granted, { params: { client_id: other.id } }), 401, 'invalid_client');
  assert.equal((await exchange(granted)).status, 200);
});

expectation('attempt-reuse-authorization-code-after-one-second', async () => {
  const granted = await code();
  assert.equal((await exchange(granted)).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  refused(await exchange(granted), 400, 'invalid_grant');
});

expectation('ensure-holder-of-key-required', async () => {
  const granted = await code();
  refused(await exchange(granted, { key: null }), 400, 'invalid_dpop_proof');
  const rs256 = await Signer.of('RS256');
  refused(await exchange(granted, { key: rs256 }), 400, 'invalid_dpop_proof');
  assert.equal((await exchange(granted)).status, 200);
});

/** What the suite's `dpop-negative-tests` sends: claims, header, and what is made of the proof. */
const NEGATIVE = {
  'no typ': [{}, { typ: undefined }], 'typ JWT': [{}, { typ: 'JWT' }], 'no jwk': [{}, { jwk: undefined }], 'no alg': [{}, { alg: undefined }],
  'alg none': [{}, { alg: 'none' }], 'alg HS256': [{}, { alg: 'HS256' }], 'alg of another kind of key': [{}, { alg: 'EdDSA' }], 'a symmetric key': [{}, { jwk: { kty: 'oct', k: 'AAAA' } }], 'a private key': () => [{}, { jwk: { ...holder.jwk, d: holder.jwk.x } }],
  'no jti': [{ jti: undefined }], 'no htm': [{ htm: undefined }], 'another htm': [{ htm: 'PUT' }], 'no htu': [{ htu: undefined }], 'another htu': [{ htu: 'https://other.example/' }],
  'no iat': [{ iat: undefined }], 'an hour ago': [() => ({ iat: now() - 3600 })], 'in an hour': [() => ({ iat: now() + 3600 })],
  'a bad signature': [{}, {}, (proof) => `${proof.slice(0, -6)}AAAAAA`], 'no JWT': [{}, {}, () => 'x.y'], 'two proofs': [{}, {}, (proof) => `${proof}, ${proof}`],
};
async function negative(name, where) {
  const sent = NEGATIVE[name];
  const [claims, header = {}, made = (proof) => proof] = typeof sent === 'function' ? sent() : sent;
  return made(await holder.proof(world, { ...where, ...(typeof claims === 'function' ? claims() : claims) }, header));
}

expectation('dpop-negative-tests, check-dpop-proof-nbf-exp, ensure-dpopproof-with-iat-10seconds-before-succeeds, ensure-dpopproof-with-iat-10seconds-after-succeeds', async () => {
  const granted = await code();
  const form = { grant_type: 'authorization_code', code: granted.code, redirect_uri: client.redirectUri, code_verifier: granted.secret };
  const ask = async (dpop) => world.post(TOKEN, await signer.authenticated(world, client, form), { headers: { dpop } });
  for (const name of Object.keys(NEGATIVE)) {
    const answer = await ask(await negative(name));
    assert.deepEqual([answer.status, answer.json.error], [400, 'invalid_dpop_proof'], `${name}: ${answer.text}`);
  }
  // Neither `nbf` nor `exp` is a claim of a proof, and neither may spoil one.
  const proof = await holder.proof(world, { iat: now() - 10, nbf: now() - 10, exp: now() + 60 });
  const first = await ask(proof);
  assert.equal(first.status, 200, first.text);
  refused(await ask(proof), 400, 'invalid_dpop_proof');
  const token = first.json.access_token;
  const at = { method: 'GET', path: ME, token };
  const look = (dpop) => world.request(ME, { headers: { authorization: `DPoP ${token}`, dpop } });
  for (const name of Object.keys(NEGATIVE)) assert.equal((await look(await negative(name, at))).status, 401, name);
  for (const made of [await holder.proof(world, { ...at, ath: 'x' }), await holder.proof(world, { ...at, token: `${token}x` }), await holder.proof(world, { method: 'GET', path: ME }), await (await Signer.of('ES256')).proof(world, at)]) {
    const answer = await look(made);
    assert.equal(answer.status, 401);
    assert.match(answer.header('www-authenticate'), /DPoP/);
  }
  const url = world.origin + ME;
  for (const claims of [{ iat: now() - 10 }, { iat: now() + 10 }, { htu: `${url}?a=b#c` }, { htu: url.replace('http:', 'HTTP:') }, { more: { x: 1 } }]) {
    assert.equal((await look(await holder.proof(world, { ...at, ...claims }))).status, 200, JSON.stringify(claims));
  }
  for (const iat of [now() - 10, now() + 10]) assert.equal((await exchange(await code(), { key: { proof: () => holder.proof(world, { iat }) } })).status, 200);
});

expectation('ensure-other-scope-order-succeeds, ensure-authorization-request-without-nonce-success, test-claims-parameter-identity-claims', async () => {
  const granted = await exchange(await code({ scope: 'identify openid', nonce: undefined, claims: JSON.stringify({ id_token: { name: { essential: true } } }) }));
  assert.equal(granted.status, 200, granted.text);
  assert.equal('nonce' in JSON.parse(Buffer.from(granted.json.id_token.split('.')[1], 'base64url')), false);
});

expectation('ensure-mismatched-dpop-jkt-fails', async () => {
  const proof = await holder.proof(world, { path: PAR });
  refused(await push(request({ dpop_jkt: 'A'.repeat(43) }).parameters, { headers: { dpop: proof } }), 400, 'invalid_request');
});

expectation('ensure-token-endpoint-fails-with-expired-auth-code', async () => {
  const granted = await code();
  storage.clock = 61_000;
  const late = { iat: now() + 61, exp: now() + 120 };
  const form = { grant_type: 'authorization_code', code: granted.code, redirect_uri: client.redirectUri, code_verifier: granted.secret };
  const answer = await world.post(TOKEN, await signer.authenticated(world, client, form, late), { headers: { dpop: await holder.proof(world, { iat: now() + 61 }) } });
  storage.clock = 0;
  refused(answer, 400, 'invalid_grant');
});

/** A code that is bound to the holder's key, by a proof where it was pushed or by `dpop_jkt`. */
async function bound(by) {
  const { kty, crv, x, y } = holder.jwk;
  const jkt = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  const { secret, parameters } = request(by === 'dpop_jkt' ? { dpop_jkt: jkt } : {});
  const headers = by === 'proof' ? { dpop: await holder.proof(world, { path: PAR }) } : {};
  const answer = await push(parameters, { headers });
  assert.equal(answer.status, 201, answer.text);
  const page = await visit(authorizeUrl(answer.json.request_uri));
  return { secret, code: page.landed.get('code') };
}

for (const [by, mismatched, bindingSucceeds] of [
  ['proof', 'ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt', 'ensure-dpopproof-at-par-endpoint-binding-success'],
  ['dpop_jkt', 'ensure-token-endpoint-fails-with-mismatched-dpop-jkt', 'ensure-dpop-auth-code-binding-success'],
]) {
  expectation(`${mismatched}, ${bindingSucceeds}`, async () => {
    const granted = await bound(by);
    refused(await exchange(granted, { key: await Signer.of('ES256') }), 400, 'invalid_grant');
    assert.equal((await exchange(granted)).json.token_type, 'DPoP');
  });
}

test('every module of the plan has its expectation', () => assert.deepEqual(MODULES.filter((module) => !expected.has(module)), []));

test('what a fault of ours ended is sent again as it is, and is answered once', async () => {
  const granted = await code();
  const form = await signer.authenticated(world, client, { grant_type: 'authorization_code', code: granted.code, redirect_uri: client.redirectUri, code_verifier: granted.secret });
  const headers = { dpop: await holder.proof(world) };
  const send = () => world.post(TOKEN, form, { headers });
  for (const [part, fault] of [['pending', { before: LOST }], ['pending', { after: LOST }], ['ledger', { before: LOST }]]) {
    storage.mood = (step) => (step.part === part ? fault : undefined);
    refused(await send(), 503, 'temporarily_unavailable');
  }
  storage.mood = undefined;
  assert.equal((await send()).status, 200);
  refused(await send(), 401, 'invalid_client');
});

test('a hundred visits of one request_uri at once make one code', async () => {
  await code();
  for (let round = 0; round < 3; round += 1) {
    const { secret, uri } = await pushed({ prompt: 'consent' });
    const page = await browser.open(authorizeUrl(uri));
    const { action, form } = browser.fill(page, { decision: 'approve' });
    const approve = { path: action, form, headers: { cookie: browser.cookie } };
    const answers = await atOnce(world, times(100, () => approve));
    assert.deepEqual(statuses(answers), { 303: 100 });
    const codes = new Set(answers.map((answer) => new URL(answer.header('location')).searchParams.get('code')));
    assert.equal(codes.size, 1);
    assert.equal((await exchange({ secret, code: [...codes][0] })).status, 200);
  }
});

/** One is taken and all others are refused; a machine that is too busy to answer some may take none. */
function once(answers, taken, refused) {
  const { [taken]: wins = 0, [refused]: losses = 0, 503: busy = 0 } = statuses(answers);
  const seen = JSON.stringify(statuses(answers));
  assert.equal(wins + losses + busy, answers.length, seen);
  assert.ok(wins === 1 || (wins === 0 && busy > 0), seen);
}

test('a hundred pushes of one proof at once, and of one assertion: one request', async () => {
  const web = await world.application('confidential');
  for (let round = 0; round < 3; round += 1) {
    const { parameters } = request({ redirect_uri: web.redirectUri });
    const dpop = await holder.proof(world, { path: PAR });
    once(await atOnce(world, times(100, () => ({ path: PAR, form: web.with(parameters), headers: { dpop } }))), 201, 400);
    const form = await signer.authenticated(world, client, request().parameters);
    once(await atOnce(world, times(100, () => ({ path: PAR, form }))), 201, 401);
  }
});

test('one assertion at four endpoints at once, and one proof under two spellings of one: one of them', async () => {
  const [web, token] = [await world.application('confidential'), (await exchange(await code())).json.refresh_token];
  const form = { grant_type: 'refresh_token', refresh_token: token };
  for (let round = 0; round < 3; round += 1) {
    const { client_assertion, client_assertion_type } = await signer.authenticated(world, client);
    const at = async (path, params) => ({ path, form: { ...params, client_assertion, client_assertion_type }, headers: { dpop: await holder.proof(world, { path }) } });
    const asked = await Promise.all([at(TOKEN, form), at(PAR, request().parameters), at('/api/oauth2/introspect', { token }), at('/oauth2/token', form)]);
    const answers = await atOnce(world, times(40, (index) => asked[index % asked.length]));
    once(answers.map((answer) => ({ ...answer, status: answer.status === 201 ? 200 : answer.status })), 200, 401);
    const dpop = await holder.proof(world);
    once(await atOnce(world, times(40, (index) => ({ path: index % 2 ? TOKEN : '/oauth2/token', form: web.with({ grant_type: 'client_credentials' }), headers: { dpop } }))), 200, 400);
  }
});

test('one request_uri for fifty visits of each of two users at once: one code, whoever was first', async () => {
  const second = await world.login(await world.user());
  for (const one of [browser, second]) {
    const page = await one.open(authorizeUrl((await pushed()).uri));
    if (page.status === 200) await one.submit(page, { decision: 'approve' });
  }
  for (let round = 0; round < 3; round += 1) {
    const { secret, uri } = await pushed();
    const visit = (index) => ({ path: authorizeUrl(uri), method: 'GET', headers: { cookie: (index % 2 ? browser : second).cookie } });
    const answers = await Promise.all(times(100, (index) => world.request(visit(index).path, visit(index))));
    const codes = new Set(answers.filter(({ status }) => status === 303).map((answer) => new URL(answer.header('location')).searchParams.get('code')));
    assert.equal(codes.size, 1);
    for (const { status } of answers) assert.ok([303, 400, 409].includes(status), String(status));
    assert.equal((await exchange({ secret, code: [...codes][0] })).status, 200);
  }
});

test('a yes and a no to one request_uri at once: one of them is told, and holds', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { secret, uri } = await pushed({ prompt: 'consent' });
    const answer = async (decision) => {
      const { action, form } = browser.fill(await browser.open(authorizeUrl(uri)), { decision });
      return { path: action, form, headers: { cookie: browser.cookie } };
    };
    const answers = await atOnce(world, [await answer('approve'), await answer('deny')]);
    assert.deepEqual(statuses(answers), { 303: 1, 409: 1 });
    const landed = new URL(answers.find(({ status }) => status === 303).header('location')).searchParams;
    if (landed.has('code')) assert.equal((await exchange({ secret, code: landed.get('code') })).status, 200);
    else assert.equal(landed.get('error'), 'access_denied');
    assert.equal((await browser.open(authorizeUrl(uri))).status, 400);
  }
});
