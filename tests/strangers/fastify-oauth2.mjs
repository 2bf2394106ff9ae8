// Client: @fastify/oauth2 (by discovery)
// Ecosystem: JavaScript
// Version: 8.3.0
// Install: npm @fastify/oauth2@8.3.0 @fastify/cookie@11 fastify@5
// Driven: as a site
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage
// Revoke: /revoke
// Denial: The user denied access
// Limited: 429
// Outage: 503

import cookie from '@fastify/cookie';
import oauth2 from '@fastify/oauth2';
import fastify from 'fastify';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, PORT } = process.env;
const app = fastify();
await app.register(cookie);

// snippet
await app.register(oauth2, {
  name: 'fluxer',
  credentials: { client: { id: CLIENT_ID, secret: CLIENT_SECRET } },
  discovery: { issuer: ISSUER },
  scope: ['identify', 'email'],
  pkce: 'S256',
  startRedirectPath: '/login',
  callbackUri: REDIRECT_URI,
  cookie: { secure: false, sameSite: 'lax' }, // for loopback, which has no TLS
});

let token;
app.get('/callback', async (request) => {
  ({ token } = await app.fluxer.getAccessTokenFromAuthorizationCodeFlow(request));
  return app.fluxer.userinfo(token);
});
app.get('/refresh', async () => {
  ({ token } = await app.fluxer.getNewAccessTokenUsingRefreshToken(token));
  return token;
});
app.get('/revoke', async () => app.fluxer.revokeAllToken(token));
// end of snippet

app.setErrorHandler((error, request, reply) => {
  const { error_description: denied } = request.query;
  reply.status(500).send({ message: [denied, error.message, error.data?.res?.statusCode, JSON.stringify(error.output ?? '')].join(' ') });
});
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
