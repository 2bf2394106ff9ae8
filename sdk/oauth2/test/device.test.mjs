// A device that waits for its user: what it shows, how often it asks, and when it stops.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AccessDeniedError, ExpiredTokenError, InvalidClientError, InvalidGrantError, InvalidResponseError } from '@fluxer/errors';
import { deviceAuthorization } from '@fluxer/oauth2';
import jsqr from 'jsqr';

import { CLIENT, FakeClock, FakeServer, broken, invalidGrant, json, limited, tokensAnswer, unavailable } from './fakes.mjs';

const jsQR = jsqr.default ?? jsqr; // CommonJS in the clothes of a module

const CODES = {
  device_code: 'the-device-code', user_code: 'BCDF-GHJK', verification_uri: 'https://fluxer.app/device',
  verification_uri_complete: 'https://fluxer.app/device?user_code=BCDF-GHJK', expires_in: 600, interval: 5,
};
const codes = (more = {}) => json(200, { ...CODES, ...more });
const error = (code) => () => json(400, { error: code });
const pending = error('authorization_pending');

/** Asks for codes and waits for the tokens; what was asked, and how long was waited. */
async function run(answers, { options, signal, more } = {}) {
  const [server, clock] = [new FakeServer(...answers), new FakeClock()];
  const asked = async () => {
    const device = await deviceAuthorization(server.client(clock, { clientSecret: undefined, ...more }), options);
    return { device, tokens: await device.tokens({ signal }) };
  };
  const [settled] = await Promise.allSettled([clock.run(asked())]);
  return { ...settled, requests: server.requests, waited: clock.waited, left: server.answers.length };
}

test('a device asks for codes and shows them', async () => {
  const { value: { device }, requests: [request] } = await run([codes(), tokensAnswer(1)], { options: { scope: 'identify', resource: 'https://orders.example/' } });
  assert.equal(request.url, CLIENT.deviceAuthorizationEndpoint);
  assert.deepEqual(request.form, { client_id: '42', scope: 'identify', resource: 'https://orders.example/' });
  assert.deepEqual([device.userCode, device.verificationUri, device.verificationUriComplete], [CODES.user_code, CODES.verification_uri, CODES.verification_uri_complete]);
  assert.equal(device.expiresAt, new FakeClock().time + 600_000);
  assert.match(device.text, /https:\/\/fluxer\.app\/device .*BCDF-GHJK/);
  assert.doesNotMatch(JSON.stringify(device), /the-device-code/, 'the device code is nobody’s to see');
});

test('its QR code is the link, as one inline SVG that a camera reads on a dark screen too', async () => {
  const { value: { device } } = await run([codes(), tokensAnswer(1)]);
  const svg = await device.qrCode();
  assert.doesNotMatch(svg, /<script|href|url\(/);
  const { pixels, side, module } = drawn(svg);
  assert.equal(jsQR(pixels, side, side, { inversionAttempts: 'dontInvert' })?.data, CODES.verification_uri_complete);
  const firstDark = pixels.findIndex((value, index) => index % 4 === 0 && value === 0) / 4;
  assert.equal(Math.floor(firstDark / side), 4 * module, 'four light modules around it (ISO/IEC 18004)');
});

/** What a browser makes of an `<svg>` of dark squares on a light ground, a pixel a unit. */
function drawn(svg) {
  const [, width, height, path] = svg.match(/^<svg xmlns="[^"]+" viewBox="0 0 (\d+) (\d+)"><rect fill="white" width="\1" height="\2"\/><path fill="black" d="([^"]+)"\/><\/svg>$/);
  const side = Number(width);
  assert.equal(height, width);
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  let module;
  for (const square of path.split('z').slice(0, -1)) {
    const [x, y, across, down, back] = square.match(/^M(\d+),(\d+)h(\d+)v(\d+)h-(\d+)$/).slice(1).map(Number);
    assert.deepEqual([across, back], [down, down]);
    module = across;
    for (let row = y; row < y + down; row += 1) for (let column = x; column < x + across; column += 1) pixels.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3);
  }
  return { pixels, side, module };
}

test('it asks every five seconds, or as the server says, until the user has answered', async () => {
  const patient = await run([codes(), pending, pending, tokensAnswer(1)]);
  assert.deepEqual(patient.waited, [5_000, 5_000, 5_000]);
  assert.equal(patient.value.tokens.accessToken, 'access-1');
  assert.deepEqual(patient.requests[1].form, { client_id: '42', grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'the-device-code' });
  for (const [interval, waited] of [[undefined, 5_000], [2, 2_000], ['x', 5_000], [0, 5_000], [1e-9, 5_000]]) {
    assert.deepEqual((await run([codes({ interval }), tokensAnswer(1)])).waited, [waited], `${interval}`);
  }
});

test('slow_down adds five seconds for good', async () => {
  const { waited } = await run([codes(), pending, error('slow_down'), pending, error('slow_down'), pending, tokensAnswer(1)]);
  assert.deepEqual(waited, [5_000, 5_000, 10_000, 10_000, 15_000, 15_000]);
});

test('a failure of the network or the server doubles the wait until an answer comes', async () => {
  const { waited, value } = await run([codes(), broken, broken, unavailable(), pending, tokensAnswer(1)], { more: { retries: 0 } });
  assert.deepEqual(waited, [5_000, 10_000, 20_000, 40_000, 5_000]);
  assert.equal(value.tokens.accessToken, 'access-1');
});

test('a full rate limit is waited for', async () => {
  const { value, left } = await run([codes(), limited(2), tokensAnswer(1)]);
  assert.deepEqual([value.tokens.accessToken, left], ['access-1', 0]);
});

for (const [answer, kind] of [[error('access_denied'), AccessDeniedError], [error('expired_token'), ExpiredTokenError], [invalidGrant(), InvalidGrantError], [json(401, { error: 'invalid_client' }), InvalidClientError]]) {
  test(`it stops where it is answered ${kind.name}`, async () => {
    const { reason, left } = await run([codes(), pending, answer, tokensAnswer(1)]);
    assert.ok(reason instanceof kind, reason);
    assert.equal(left, 1, 'nothing was asked after that');
  });
}

test('it stops by itself when the codes have expired', async () => {
  const { reason, requests } = await run([codes({ expires_in: 12 }), pending, pending, tokensAnswer(1)]);
  assert.ok(reason instanceof ExpiredTokenError);
  assert.equal(requests.length, 3);
});

test('it waits no longer than the codes are good, however long the server would have it wait', async () => {
  for (const more of [{ interval: 1e9 }, { expires_in: -1 }]) {
    const { reason, requests, waited } = await run([codes(more), tokensAnswer(1)]);
    assert.ok(reason instanceof ExpiredTokenError, String(reason));
    assert.deepEqual([requests.length, waited], [1, [Math.max(0, more.expires_in ?? 600) * 1000]]);
  }
});

test('its caller can give up', async () => {
  const controller = new AbortController();
  const stop = () => { controller.abort(new Error('enough')); return pending(); };
  const { reason } = await run([codes(), stop, tokensAnswer(1)], { signal: controller.signal });
  assert.equal(reason.message, 'enough');
});

test('what the server says is looked at before it is shown', async () => {
  for (const more of [{ device_code: undefined }, { user_code: 7 }, { expires_in: '600' }, { verification_uri: 'javascript:alert(1)' }, { verification_uri_complete: 'nonsense' }, { user_code: '' }, { user_code: 'BCDF\u001b[2J' }, { user_code: 'BCDF\n$ rm' }, { user_code: '\u202eBCDF' }]) {
    const { reason } = await run([codes(more)]);
    assert.ok(reason instanceof InvalidResponseError, JSON.stringify(more));
  }
  const forged = await run([codes({ verification_uri: 'https://fluxer.app/device\n\u001b[2J or https://evil.example/' }), tokensAnswer(1)]);
  assert.match(forged.value.device.text, /^[\x20-\x7e]+$/, 'a terminal is told nothing');
  const bare = await run([codes({ verification_uri_complete: undefined }), tokensAnswer(1)]);
  assert.equal(bare.value.device.verificationUriComplete, CODES.verification_uri);
});

test('no error tells the device code', async () => {
  const { reason } = await run([codes(), json(400, { error: 'invalid_grant', error_description: 'the-device-code is no good' })]);
  assert.doesNotMatch(`${reason.message} ${reason.description} ${reason.stack}`, /the-device-code/);
});
