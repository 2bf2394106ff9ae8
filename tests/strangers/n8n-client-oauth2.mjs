// Client: @n8n/client-oauth2 (n8n's credentials)
// Ecosystem: JavaScript
// Version: 1.23.1
// Install: npm @n8n/client-oauth2@1.23.1
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage, client credentials
// Denial: access_denied
// Limited: temporarily_unavailable
// Outage: 503

import { createHash, randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';

// snippet
import { ClientOAuth2 } from '@n8n/client-oauth2';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;
const settings = {
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  authorizationUri: `${ISSUER}/oauth2/authorize`,
  accessTokenUri: `${ISSUER}/api/oauth2/token`,
  redirectUri: REDIRECT_URI,
};
const client = new ClientOAuth2({ ...settings, scopes: ['identify', 'email'], state: 'of-the-session' });
const code_verifier = randomBytes(32).toString('base64url');
const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');

const calls = {
  authorize: async () => client.code.getUri({ query: { code_challenge, code_challenge_method: 'S256' } }),
  callback: async (address) => (await client.code.getToken(address, { body: { code_verifier } })).data,
  refresh: async (refresh_token) => (await client.createToken({ refresh_token }).refresh()).data,
  token: async () => (await new ClientOAuth2(settings).credentials.getToken()).data,
  async me(access_token) {
    const request = client.createToken({ access_token }).sign({ url: `${ISSUER}/api/users/@me` });
    const answer = await fetch(request.url, request);
    if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
    return answer.json();
  },
};
// end of snippet

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  const answer = await (calls[name] ?? (() => Promise.reject(new Error('no such call'))))(...args).then((returned) => ({ returned }), (error) => ({ raised: { type: error.name, message: `${error.message} ${error.body?.error ?? ''}`.trim() } }));
  console.log(JSON.stringify(answer));
}
