// Client: grant
// Ecosystem: JavaScript
// Version: 5.4.24
// Install: npm grant@5.4.24 express@5.3.0 express-session@1.19.0
// Driven: as a site
// Enter: /connect/fluxer
// Callback: /connect/fluxer/callback
// Setting: none
// Proves: login, denial, limited answer, outage
// Lacks: refresh, revocation
// Denial: access_denied
// Limited: temporarily_unavailable
// Outage: temporarily_unavailable

import express from 'express';
import session from 'express-session';
import grant from 'grant';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const app = express();
app.use(session({ secret: 'of the session', resave: false, saveUninitialized: false }));

// snippet
app.use(grant.express({
  defaults: { origin: `http://127.0.0.1:${PORT}`, transport: 'session' },
  fluxer: {
    authorize_url: `${ISSUER}/oauth2/authorize`,
    access_url: `${ISSUER}/api/oauth2/token`,
    profile_url: `${ISSUER}/api/users/@me`,
    oauth: 2,
    key: CLIENT_ID,
    secret: CLIENT_SECRET,
    scope: ['identify', 'email'],
    scope_delimiter: ' ',
    state: true,
    pkce: true,
    response: ['tokens', 'profile'],
    callback: '/me',
  },
}));
// end of snippet

app.get('/me', (request, response) => {
  const { error, profile } = request.session.grant.response;
  response.status(error ? 500 : 200).json(error ?? profile);
});
app.listen(PORT, '127.0.0.1');
