// Proofs of possession on the built Worker: signatures by the runtime's WebCrypto, headers as the runtime
// joins them, and races for one `jti`.

import assert from 'node:assert/strict';
import { createHash, randomUUID, webcrypto } from 'node:crypto';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { World, atOnce, statuses, times } from './harness.mjs';

const TOKEN = '/api/oauth2/token';
const ME = '/api/users/@me';
const { subtle } = webcrypto;
const encode = (bytes) => Buffer.from(bytes).toString('base64url');
const json = (value) => encode(JSON.stringify(value));

let world, browser, app;
before(async () => {
  world = await World.start();
  browser = await world.login(await world.user());
  app = await world.application('public');
});
after(async () => {
  await world?.stop();
  assert.deepEqual(world?.logged, []);
});

/** Whoever holds a key: of ES256, or of EdDSA. */
async function holder(alg) {
  const algorithm = alg === 'ES256' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'Ed25519' };
  const pair = await subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const { kty, crv, x, y } = await subtle.exportKey('jwk', pair.publicKey);
  const jwk = y ? { kty, crv, x, y } : { kty, crv, x };
  const sign = (input) => subtle.sign({ ...algorithm, hash: 'SHA-256' }, pair.privateKey, input);
  return { alg, jwk, sign };
}

/** A proof, and what it is signed of. */
async function proof({ alg, jwk, sign }, { header = {}, htm = 'POST', path = TOKEN, ...claims } = {}) {
  const head = { typ: 'dpop+jwt', alg, jwk, ...header };
  const input = [head, { jti: randomUUID(), htm, htu: world.origin + path, iat: Math.floor(Date.now() / 1000), ...claims }].map(json).join('.');
  const signature = Buffer.from(await sign(Buffer.from(input)));
  return { input, signature, text: `${input}.${encode(signature)}` };
}

const ath = (token) => createHash('sha256').update(token).digest('base64url');
const code = () => world.authorize(browser, app);
const exchange = (grant, proof) => world.post(TOKEN, app.exchange(grant), { headers: { dpop: proof } });
const resource = (token, proof, scheme = 'DPoP') => world.request(ME, { headers: { authorization: `${scheme} ${token}`, dpop: proof } });

const thumbprint = ({ crv, kty, x, y }) => createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');

for (const alg of ['ES256', 'EdDSA']) {
  test(`a token is bound to a key of ${alg}, and needs its proof`, async () => {
    const key = await holder(alg);
    const answer = await exchange(await code(), (await proof(key)).text);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.token_type, 'DPoP');
    const { access_token, refresh_token } = answer.json;
    const claims = JSON.parse(Buffer.from(access_token.split('.')[1], 'base64url'));
    assert.equal(claims.cnf.jkt, thumbprint(key.jwk));
    const presented = await proof(key, { htm: 'GET', path: ME, ath: ath(access_token) });
    assert.equal((await resource(access_token, presented.text)).status, 200);
    assert.equal((await resource(access_token, presented.text)).status, 200, 'it may come again');
    const plain = await world.me(access_token);
    assert.equal(plain.status, 401);
    assert.equal(plain.header('www-authenticate'), world.challenge('error="invalid_token", '));
    const other = await proof(await holder(alg), { htm: 'GET', path: ME, ath: ath(access_token) });
    const refused = await resource(access_token, other.text);
    assert.deepEqual([refused.status, refused.json.code], [401, 'INVALID_DPOP_PROOF']);
    const form = app.refresh(refresh_token);
    const free = await world.post(TOKEN, form);
    assert.deepEqual([free.status, free.json.error], [400, 'invalid_grant']);
    const next = await world.post(TOKEN, form, { headers: { dpop: (await proof(key)).text } });
    assert.equal(next.status, 200, next.text);
  });
}

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const number = (bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytes = (number) => Buffer.from(number.toString(16).padStart(64, '0'), 'hex');

test('a signature has 64 bytes, r and s in range, and either half of s', async () => {
  const key = await holder('ES256');
  const grant = await code();
  const changed = async (change) => {
    const { input, signature } = await proof(key);
    return `${input}.${encode(change(signature.subarray(0, 32), signature.subarray(32)))}`;
  };
  const zero = bytes(0n);
  const wrong = [
    (r) => r,
    (r, s) => Buffer.concat([r, s, Buffer.from([0])]),
    (r) => Buffer.concat([r, zero]),
    (r, s) => Buffer.concat([zero, s]),
    () => Buffer.concat([zero, zero]),
    (r) => Buffer.concat([r, bytes(ORDER)]),
    (r, s) => Buffer.concat([bytes(ORDER), s]),
    (r, s) => Buffer.concat([s, r]),
    () => Buffer.alloc(64, 0xff),
  ];
  for (const change of wrong) {
    const refused = await exchange(grant, await changed(change));
    assert.deepEqual([refused.status, refused.json.error], [400, 'invalid_dpop_proof'], refused.text);
  }
  const r = await proof(key);
  const negated = (r, s) => Buffer.concat([r, bytes(ORDER - number(s))]);
  assert.equal(r.signature.length, 64);
  assert.equal((await exchange(grant, await changed(negated))).status, 200);
  for (let round = 0; round < 8; round += 1) {
    assert.equal((await exchange(await code(), (await proof(key)).text)).status, 200);
  }
});

test('an Ed25519 signature is canonical, and its key worth something', async () => {
  const key = await holder('EdDSA');
  const grant = await code();
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const { input, signature } = await proof(key);
  const s = number(Buffer.from(signature.subarray(32)).reverse());
  const other = Buffer.concat([signature.subarray(0, 32), bytes(s + L).reverse()]);
  const small = Buffer.alloc(32);
  small[0] = 1;
  // Under a key of small order, R and s that anybody can make up are good for every message.
  const weak = await proof({ alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: encode(small) }, sign: () => Buffer.concat([small, Buffer.alloc(32)]) });
  for (const text of [`${input}.${encode(other)}`, weak.text]) {
    const refused = await exchange(grant, text);
    assert.deepEqual([refused.status, refused.json.error], [400, 'invalid_dpop_proof'], refused.text);
  }
  assert.equal((await exchange(grant, (await proof(key, { header: { alg: 'Ed25519' } })).text)).status, 200);
});

test('what is no key, and what is signed with another one, is refused', async () => {
  const [key, stranger] = [await holder('ES256'), await holder('ES256')];
  const grant = await code();
  for (const made of [
    { ...key, jwk: { ...key.jwk, y: key.jwk.x } },
    { ...key, jwk: { ...key.jwk, x: encode(Buffer.alloc(32)), y: encode(Buffer.alloc(32)) } },
    { ...key, jwk: { ...key.jwk, d: key.jwk.x } },
    { ...key, jwk: stranger.jwk },
    { ...key, jwk: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(65_536) } },
  ]) {
    const refused = await exchange(grant, (await proof(made)).text).catch((error) => error);
    // Headers of 64 KiB do not arrive everywhere.
    if (refused instanceof Error || refused.status === 431) continue;
    assert.deepEqual([refused.status, refused.json.error], [400, 'invalid_dpop_proof'], refused.text);
  }
  assert.equal((await exchange(grant, (await proof(key)).text)).status, 200);
});

test('two headers arrive as one, and are refused', async () => {
  const key = await holder('ES256');
  const proofs = [(await proof(key)).text, (await proof(key)).text];
  const form = new URLSearchParams(app.exchange(await code())).toString();
  const answer = await new Promise((resolve, reject) => {
    const headers = ['Host', `127.0.0.1:${world.port}`, 'Content-Type', 'application/x-www-form-urlencoded', 'Content-Length', String(form.length), 'DPoP', proofs[0], 'DPoP', proofs[1]];
    const request = http.request(world.origin + TOKEN, { method: 'POST', headers }, async (response) => {
      let text = '';
      for await (const part of response.setEncoding('utf8')) text += part;
      resolve({ status: response.statusCode, text });
    });
    request.once('error', reject).end(form);
  });
  assert.equal(answer.status, 400);
  assert.match(answer.text, /invalid_dpop_proof.*sent once/);
});

test('a hundred uses of one proof at once: one gets tokens', async () => {
  const web = await world.application('confidential');
  const key = await holder('ES256');
  const form = web.with({ grant_type: 'client_credentials' });
  for (let round = 0; round < 5; round += 1) {
    const { text } = await proof(key);
    const answers = await atOnce(world, times(100, () => ({ path: TOKEN, form, headers: { dpop: text } })));
    assert.deepEqual(statuses(answers), { 200: 1, 400: 99 });
    for (const { status, json } of answers) if (status === 400) assert.equal(json.error, 'invalid_dpop_proof');
  }
});

test('a stolen proof races its owner for one code: one lineage', async () => {
  const key = await holder('EdDSA');
  for (let round = 0; round < 5; round += 1) {
    const form = app.exchange(await code());
    const { text } = await proof(key);
    const answers = await atOnce(world, times(20, () => ({ path: TOKEN, form, headers: { dpop: text } })));
    assert.deepEqual(statuses(answers), { 200: 1, 400: 19 });
  }
});

test('with nonces, a proof is sent twice and then no more', async () => {
  const strict = await World.start({ settings: { DPOP_NONCES: 'on' } });
  const usual = world;
  try {
    world = strict;
    const web = await world.application('confidential');
    const form = web.with({ grant_type: 'client_credentials' });
    const key = await holder('ES256');
    const ask = async (nonce) => world.post(TOKEN, form, { headers: { dpop: (await proof(key, { nonce })).text } });
    const first = await ask();
    assert.deepEqual([first.status, first.json.error], [400, 'use_dpop_nonce']);
    assert.match(first.header('access-control-expose-headers'), /DPoP-Nonce/);
    const nonce = first.header('dpop-nonce');
    assert.match(nonce, /^[\w-]{22}$/);
    for (let round = 0; round < 3; round += 1) assert.equal((await ask(nonce)).status, 200);
    assert.deepEqual(strict.logged, []);
  } finally {
    world = usual;
    await strict.stop();
  }
});
