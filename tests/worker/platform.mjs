// Who asks the platform's API, and how an answer says no.

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
