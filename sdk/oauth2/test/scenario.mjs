// One login from the authorize URL to the revocation, the same in every runtime. It imports nothing
// but the package, and takes and gives plain data.

import { authorizeUrl, createSession, discover, exchangeCode, generatePkce, generateState, hasScope, parseCallback } from '@fluxer/oauth2';

/** What the documentation shows: where to send the browser, and what to keep meanwhile. */
export async function leave({ issuer, ...client }) {
  const config = { ...client, ...(await discover(issuer)) };
  const state = generateState();
  const pkce = await generatePkce();
  return { config, state, codeVerifier: pkce.codeVerifier, url: authorizeUrl(config, state, { pkce }) };
}

/** What happens when the browser is back at `callback`. */
export async function arrive({ config, state, codeVerifier, callback }) {
  const { code } = parseCallback(config, callback, state);
  const tokens = await exchangeCode(config, { code, codeVerifier });
  const saved = [];
  const session = createSession(config, { tokens: { ...tokens, expiresAt: 0 }, onTokens: (tokens) => void saved.push(tokens.accessToken) });
  const given = await Promise.all(Array.from({ length: 5 }, () => session.accessToken()));
  const user = await session.getJson('/api/users/@me');
  await session.revoke();
  const again = await exchangeCode(config, { code, codeVerifier }).catch(({ name, status }) => `${name} ${status}`);
  const end = await session.accessToken().catch(({ name }) => name);
  return { user: user.username, refreshes: saved.length, tokens: new Set(given).size, email: hasScope(given[0], 'email'), guilds: hasScope(given[0], 'guilds'), again, end };
}

/** What `arrive` gives where everything works. */
export const expected = (user) => ({ user: user.username, refreshes: 1, tokens: 1, email: true, guilds: false, again: 'InvalidGrantError 400', end: 'InvalidGrantError' });
