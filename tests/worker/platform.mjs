// What the tests of the platform's API share: who asks, and how an answer says no.

import assert from 'node:assert/strict';

export const bearer = (token) => ({ authorization: `Bearer ${token}` });
export const bot = (token) => ({ authorization: `Bot ${token}` });

/** Asks with a token: `ask('PATCH', path, json)`. */
export const asking = (world, headers) => (method, path, json) => world.request(path, { method, json, headers });

/** Asks as the user who is logged in to that browser. */
export async function session(browser) {
  const { csrf_token } = (await browser.ask('/api/oauth2/session')).json;
  return (method, path, json) => browser.ask(path, { method, json, headers: { 'x-csrf-token': csrf_token } });
}

/** Asks as the administration application. */
export async function administration(world) {
  await world.admin('GET', '/users?limit=1');
  return asking(world, bearer(world.adminToken));
}

/** A refusal of the API: its status, its code, and nothing but `code`, `message` and what goes with the code. */
export function refused(answer, status, code, more = []) {
  assert.deepEqual([answer.status, answer.json.code], [status, code], answer.text);
  const extra = { INVALID_FORM_BODY: ['errors'], MISSING_OAUTH_SCOPE: ['required_scope'], SUDO_MODE_REQUIRED: ['has_mfa'], RATE_LIMITED: ['global', 'retry_after'] }[code] ?? more;
  assert.deepEqual(Object.keys(answer.json).sort(), ['code', 'message', ...extra].sort());
  assert.equal(answer.header('cache-control'), 'no-store');
}

/** The fields that a body was refused for, in no order. */
export function faulted(answer, ...paths) {
  refused(answer, 400, 'INVALID_FORM_BODY');
  assert.ok(answer.json.errors.every(({ path, message, ...rest }) => path && message && !Object.keys(rest).length), answer.text);
  assert.deepEqual(answer.json.errors.map(({ path }) => path).sort(), paths.sort());
}

/** Decimals of 64 bits that a double would round, and what passes for a number elsewhere. */
export const BITS = ['0', '8', '9007199254740992', '9007199254740993', '9223372036854775807', '18446744073709551615'];
export const NO_BITS = ['18446744073709551616', '-1', '+8', '0x8', '1e3', '8 ', ' 8', '8.0', '08', '８', '8\0', 'x', '9'.repeat(10_000)];
export const NO_IDS = ['0', '-1', '01', '1.0', '1e3', '0x1', '%20', '1%20', '9223372036854775808', '18446744073709551616', '９', 'x', '@you', '%00', "1'--", '9'.repeat(10_000)];

/** Names that are refused wherever somebody names something. */
export const NO_NAMES = {
  'nothing': '', 'a space': ' ', 'spaces around it': ' x ', 'a NUL': 'a\0b', 'a line break': 'a\nb', 'text turned around': 'a\u202egpj.exe',
  'an isolate': '\u2067a', 'something invisible': 'a\u200bb', 'a byte-order mark': '\ufeffa', '101 characters': 'x'.repeat(101), '32 KiB': 'x'.repeat(32_768), 'a number': 5, 'a list': ['x'],
};
export const NAMES = ['x', '<script>alert(1)</script>', '"><img src=x onerror=1>', '&lt;', '{{7*7}}', '🎲'.repeat(100), 'שלום', 'Ünïcödé', "'; DROP TABLE users; --", '%s%n'];
