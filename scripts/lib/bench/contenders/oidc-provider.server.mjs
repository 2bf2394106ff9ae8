// oidc-provider on Node, as its documentation starts, with storage in memory. Its own adapter for that
// forgets all but the latest thousand records, so that the codes of one run would push the sessions of
// another out: this one is as simple, and forgets nothing.
//
// The user who comes is logged in and has consented, as soon as it is asked.

import Provider from 'oidc-provider';

const [port, clients, redirectUri, secret] = process.argv.slice(2);

const records = new Map();
const byGrant = new Map();
class Memory {
  constructor(model) {
    this.key = (id) => `${model}:${id}`;
  }

  async upsert(id, payload) {
    const key = this.key(id);
    records.set(key, payload);
    if (payload.uid) records.set(`uid:${payload.uid}`, key);
    if (payload.grantId) byGrant.set(payload.grantId, [...(byGrant.get(payload.grantId) ?? []).slice(-4), key]);
  }

  async find(id) {
    return records.get(this.key(id));
  }

  async findByUid(uid) {
    return records.get(records.get(`uid:${uid}`));
  }

  async consume(id) {
    records.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    records.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const key of byGrant.get(grantId) ?? []) records.delete(key);
    byGrant.delete(grantId);
  }
}

const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: Memory,
  clients: Array.from({ length: Number(clients) }, (_, index) => ({
    client_id: `client${index}`, client_secret: secret, redirect_uris: [redirectUri], scope: 'openid profile email',
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'], token_endpoint_auth_method: 'client_secret_post',
  })),
  claims: { email: ['email', 'email_verified'], profile: ['username'] },
  findAccount: (context, sub) => ({ accountId: sub, claims: async () => ({ sub, username: sub, email: `${sub}@example.com`, email_verified: true }) }),
  features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true }, introspection: { enabled: true } },
  interactions: { url: (context, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  cookies: { keys: ['a key of the bench'] },
  pkce: { required: () => true },
});

provider.use(async (context, next) => {
  if (!context.path.startsWith('/interaction/')) return next();
  const { params } = await provider.interactionDetails(context.req, context.res);
  const accountId = `user-of-${params.client_id}`;
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope('openid profile email');
  await provider.interactionFinished(context.req, context.res, { login: { accountId }, consent: { grantId: await grant.save() } });
  context.respond = false;
});
provider.listen(Number(port), '127.0.0.1');
