// @cloudflare/workers-oauth-provider as its README starts: one Worker that is both the authorization
// server and its resource. The page of /authorize is the application's own; here the user has said yes
// and is who the request says, so that nothing but the library is measured.

import { OAuthProvider } from '@cloudflare/workers-oauth-provider';
import { WorkerEntrypoint, env } from 'cloudflare:workers';

class Api extends WorkerEntrypoint {
  fetch() {
    return Response.json(this.ctx.props);
  }
}

const site = {
  async fetch(request, env) {
    const { pathname, searchParams, origin } = new URL(request.url);
    if (pathname === '/authorize') {
      const asked = await env.OAUTH_PROVIDER.parseAuthRequest(request);
      const user = request.headers.get('x-user');
      const props = { id: user, username: user, email: `${user}@example.com`, verified: true, avatar: null, discriminator: '0001', public_flags: 0 };
      const { redirectTo } = await env.OAUTH_PROVIDER.completeAuthorization({ request: asked, userId: user, metadata: {}, scope: asked.scope, props });
      return Response.redirect(redirectTo, 302);
    }
    if (pathname === '/create-client') {
      const client = { redirectUris: [searchParams.get('redirect_uri')], clientName: 'One of the bench', tokenEndpointAuthMethod: 'client_secret_post' };
      return Response.json(await env.OAUTH_PROVIDER.createClient(client));
    }
    return new Response(origin, { status: 404 });
  },
};

export default new OAuthProvider({
  apiRoute: '/api',
  apiHandler: Api,
  defaultHandler: site,
  authorizeEndpoint: '/authorize',
  tokenEndpoint: '/oauth/token',
  scopesSupported: ['identify', 'email'],
  resourceMetadata: { resource: `${env.ORIGIN}/api`, authorization_servers: [env.ORIGIN] },
});
