// @openauthjs/openauth as its documentation starts on Workers, but that the issuer is made once an
// isolate and not once a request, which would read its keys from KV each time. The provider is the
// least there can be: the user is who the request says.

import { issuer } from '@openauthjs/openauth';
import { CloudflareStorage } from '@openauthjs/openauth/storage/cloudflare';
import { createSubjects } from '@openauthjs/openauth/subject';
import { env } from 'cloudflare:workers';
import { object, string } from 'valibot';

export default issuer({
  storage: CloudflareStorage({ namespace: env.AUTH }),
  subjects: createSubjects({ user: object({ id: string(), username: string(), email: string() }) }),
  providers: {
    header: {
      type: 'header',
      init(routes, context) {
        routes.get('/authorize', (c) => context.success(c, { user: c.req.header('x-user') }));
      },
      async client({ clientID }) {
        return { user: clientID };
      },
    },
  },
  success: (context, { user }) => context.subject('user', { id: user, username: user, email: `${user}@example.com` }, { subject: user }),
  allow: async () => true,
});
