// Client: MSAL for Node (Microsoft's)
// Ecosystem: JavaScript
// Version: 7.2.3
// Install: npm @azure/msal-node@7.2.3
// Worker: https
// Setting: `authority` is the server's origin, `protocolMode` is `OIDC`, and the host is one of `knownAuthorities`
// Proves: login, refresh, revocation, denial, limited answer, outage
// Denial: access_denied
// Limited: temporarily_unavailable
// Outage: The server cannot answer now
// Without: endpoints_resolution_error

import { createInterface } from 'node:readline';

import { ConfidentialClientApplication, CryptoProvider, ProtocolMode } from '@azure/msal-node';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;

// snippet
const settings = {
  auth: {
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    authority: ISSUER,
    knownAuthorities: [new URL(ISSUER).host],
  },
  system: { protocolMode: ProtocolMode.OIDC },
};
const connect = () => new ConfidentialClientApplication(settings);
const scopes = ['identify', 'email']; // it asks for openid, profile and offline_access by itself
const login = async () => {
  const pkce = await new CryptoProvider().generatePkceCodes();
  const url = await client.getAuthCodeUrl({ scopes, redirectUri: REDIRECT_URI, codeChallenge: pkce.challenge, codeChallengeMethod: 'S256', state: 'of-the-session' });
  return { url, pkce };
};
const callback = (code, pkce) => client.acquireTokenByCode({ code, scopes, redirectUri: REDIRECT_URI, codeVerifier: pkce.verifier });
const refresh = (refreshToken) => client.acquireTokenByRefreshToken({ refreshToken, scopes, forceCache: true });
// end of snippet
if (process.env.WITHOUT_SETTING) delete settings.system;
const client = connect();

/** It keeps its refresh tokens to itself, in a cache. */
const kept = ({ accessToken }) => {
  const { RefreshToken } = JSON.parse(client.getTokenCache().serialize());
  return { access_token: accessToken, refresh_token: Object.values(RefreshToken).at(-1)?.secret };
};
let pending;
const calls = {
  async authorize() {
    const { url, pkce } = await login();
    pending = pkce;
    return url;
  },
  async callback(address) {
    const query = new URL(address).searchParams;
    if (query.has('error')) throw new Error(query.get('error'));
    return kept(await callback(query.get('code'), pending));
  },
  refresh: async (token) => kept(await refresh(token)),
  async me(token) {
    const answer = await fetch(`${ISSUER}/api/users/@me`, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  const answer = await (calls[name]?.(...args) ?? Promise.reject(new Error('no such call'))).then(
    (returned) => ({ returned }), (error) => ({ raised: { type: error.name, message: [error.message, error.errorCode].filter(Boolean).join(' ') } }));
  console.log(JSON.stringify(answer));
}
