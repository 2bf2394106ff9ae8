// Client: express-openid-connect
// Ecosystem: JavaScript
// Version: 3.4.0
// Install: npm express-openid-connect@3.4.0 express@5
// Driven: as a site
// Enter: /login
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage
// Denial: The user denied access
// Limited: server responded with an error
// Outage: unexpected HTTP response status code

import express from 'express';
import oidc from 'express-openid-connect';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const { auth, requiresAuth } = oidc;
const app = express();

// snippet
app.use(auth({
  issuerBaseURL: ISSUER,
  baseURL: `http://127.0.0.1:${PORT}`,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  secret: 'of the session, at least thirty-two characters',
  authorizationParams: { response_type: 'code', scope: 'openid identify email' },
  authRequired: false,
}));

app.get('/', requiresAuth(), async (request, response) => response.json(await request.oidc.fetchUserInfo()));
app.get('/refresh', async (request, response) => response.json(await request.oidc.accessToken.refresh()));
// end of snippet

app.use((error, request, response, next) => {
  const said = [error.message, error.error_description];
  response.status(500).send(response.headersSent ? next() : said.filter(Boolean).join(' '));
});
app.listen(Number(PORT), '127.0.0.1');
