// A runtime that lacks what React Native, a page on http and jsdom lack. It imports nothing but the
// package, and says as JSON how each call ended. Argument: the names to take away.

new Response(''); // Node loads what it makes of them before anything is gone
const taken = process.argv[2].split(',');
for (const name of taken) {
  const [member, ...owners] = name.split('.').reverse();
  const owner = owners.reverse().reduce((object, key) => object[key], globalThis);
  Object.defineProperty(owner, member, { value: undefined, configurable: true });
}

const { authorizeUrl, createSession, exchangeCode, generatePkce, generateState, hasScope, parseCallback, verifyTokenWithKey } = await import('@fluxer/oauth2');

/** An answer as React Native's are: whole, and without a stream. */
const json = (body, status = 200, headers = {}) => ({ status, ok: status < 300, headers: new Headers(headers), text: async () => JSON.stringify(body) });
const base64Url = (text) => btoa(text).replaceAll('=', '');
const config = { clientId: '1', redirectUri: 'https://app.example/cb', issuer: 'https://fluxer.app', authorizeEndpoint: 'https://fluxer.app/authorize', tokenEndpoint: 'https://fluxer.app/token' };
const answers = [json({}, 401, { 'www-authenticate': 'Bearer error="invalid_token"' }), json({ access_token: 'b', token_type: 'Bearer', expires_in: 9, refresh_token: 'r2' }), json({ id: '7' })];
const tokens = { accessToken: 'a', tokenType: 'Bearer', expiresIn: 1000, expiresAt: Date.now() + 1e6, refreshToken: 'r', scope: '' };
const [header, claims] = [base64Url('{"alg":"HS256"}'), base64Url('{"scope":"identify","n":"\u00c3\u00bc"}')];
const jwt = `${header}.${claims}.x`;

async function aborted() {
  const controller = new AbortController();
  const session = createSession({ ...config, fetch: () => new Promise(() => {}) }, { tokens });
  setTimeout(() => controller.abort(), 10);
  return session.fetch('/x', { signal: controller.signal });
}

const calls = {
  state: async () => generateState().length,
  pkce: async () => (await generatePkce()).codeChallenge.length,
  url: async () => authorizeUrl(config, 's').length > 0,
  callback: async () => parseCallback(config, '/cb?code=c&state=s&iss=https://fluxer.app', 's').code,
  session: async () => createSession({ ...config, fetch: async () => answers.shift() }, { tokens }).getJson('/x', { method: 'POST', body: '{}' }),
  hasScope: async () => hasScope(jwt, 'identify'),
  aborted,
  late: async () => createSession({ ...config, fetch: () => new Promise(() => {}), timeout: 10, retries: 0 }, { tokens }).fetch('/x'),
  exchange: async () => exchangeCode(config, { code: 'c' }),
  verify: async () => verifyTokenWithKey(config, jwt, { key: new Uint8Array(32) }),
};
const said = {};
for (const [name, call] of Object.entries(calls)) said[name] = await call().catch((error) => `${error.name}: ${error.message}`);
console.log(JSON.stringify(said));
