// Client: @hapi/bell
// Ecosystem: JavaScript
// Version: 13.2.0
// Install: npm @hapi/bell@13.2.0 @hapi/hapi@21
// Driven: as a site
// Enter: /login
// Callback: /login
// Setting: none
// Proves: login, denial, limited answer, outage
// Lacks: refresh, revocation
// Denial: App rejected: The user denied access
// Limited: Failed obtaining
// Outage: Failed obtaining

import Bell from '@hapi/bell';
import Hapi from '@hapi/hapi';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const server = Hapi.server({ port: Number(PORT), host: '127.0.0.1' });
await server.register(Bell);

// snippet
server.auth.strategy('fluxer', 'bell', {
  provider: {
    name: 'fluxer',
    protocol: 'oauth2',
    useParamsAuth: true,
    pkce: 'S256',
    auth: `${ISSUER}/oauth2/authorize`,
    token: `${ISSUER}/api/oauth2/token`,
    scope: ['identify', 'email'],
    profile: async (credentials, params, get) => {
      credentials.profile = await get(`${ISSUER}/api/users/@me`);
    },
  },
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  password: 'of the cookie, at least thirty-two characters',
  isSecure: false, // for loopback, which has no TLS
  location: `http://127.0.0.1:${PORT}`,
});
// end of snippet

server.route({
  method: 'GET',
  path: '/login',
  options: { auth: { strategy: 'fluxer', mode: 'try' } },
  handler: ({ auth }, h) => (auth.isAuthenticated ? auth.credentials.profile : h.response(`${auth.error.message}`).code(500)),
});
await server.start();
