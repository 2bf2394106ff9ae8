// Client: Dovecot, as an IMAP server
// Ecosystem: Dovecot
// Version: 2.3.19.1 (Debian's dovecot-imapd)
// Install: apt dovecot-imapd curl
// Driven: as a resource server
// Enter: /
// Setting: for `post`, the application may introspect tokens of others (`introspects`); for `local`, the server's signing key; none for `auth`
// Proves: introspection, revocation, outage
// Lacks: refresh, denial, limited answer
// Outage: 401
// Without: 500
// Note: Without its setting `post` lets nobody in. A mail client logs in with the user's id. `introspection_mode = get`
//   is refused, for it puts the token into a URL. `local` takes a token until its `exp`, revoked or not, and who has its
//   key can make tokens for anybody.

import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHmac, hkdfSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import net from 'node:net';
import { once } from 'node:events';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, FOLDER, PORT, SIGNING_KEYS } = process.env;
const ISSUER_WITH_CREDENTIALS = ISSUER.replace('://', `://${CLIENT_ID}:${CLIENT_SECRET}@`);

const post = `
# snippet
introspection_mode = post
introspection_url = ${ISSUER_WITH_CREDENTIALS}/api/oauth2/introspect
active_attribute = active
active_value = true
username_attribute = sub
# end of snippet
`;
const modes = {
  post,
  auth: `
introspection_mode = auth
introspection_url = ${ISSUER}/api/oauth2/userinfo
username_attribute = sub
`,
  get: post.replace('post', 'get').replace('/introspect\n', '/introspect?token=\n'),
  local: `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=${FOLDER}/keys/
issuers = ${ISSUER}
username_attribute = sub
`,
};

// The newest key's, as src/crypto/keyring.rs makes them; Dovecot looks for it by the token's `alg` and `kid`.
const key = (purpose) => Buffer.from(hkdfSync('sha256', Buffer.from(SIGNING_KEYS, 'base64url'), '', purpose, 32));
mkdirSync(`${FOLDER}/keys/default/HS256`, { recursive: true });
writeFileSync(`${FOLDER}/keys/default/HS256/${key('kid').subarray(0, 6).toString('base64url')}`, key('access').toString('base64'));

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Dovecot that asks about tokens in one of its modes; gives its port. */
async function dovecot(name, oauth2) {
  const [folder, port] = [`${FOLDER}/${name}`, await freePort()];
  mkdirSync(`${folder}/mail`, { recursive: true, mode: 0o777 });
  writeFileSync(`${folder}/oauth2.conf`, oauth2);
  writeFileSync(`${folder}/dovecot.conf`, `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
auth_debug = yes
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = oauthbearer xoauth2
first_valid_uid = 1
mail_location = maildir:${folder}/mail/%u
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${folder}/oauth2.conf
}
userdb {
  driver = static
  args = uid=www-data gid=www-data home=${folder}/mail/%u
}
service imap-login {
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
`);
  execFileSync('chmod', ['-R', 'a+rwX', FOLDER]);
  spawn('dovecot', ['-F', '-c', `${folder}/dovecot.conf`], { stdio: 'inherit' });
  return port;
}

const ports = {};
for (const [mode, settings] of Object.entries(modes)) ports[mode] = await dovecot(mode, settings);

/** Whether a mail client gets in: curl with OAUTHBEARER. */
const login = (mode, user, token) => new Promise((resolve) => {
  const server = `imap://127.0.0.1:${ports[mode]}/`;
  execFile('curl', ['--silent', '--max-time', '20', '--url', server, '--user', `${user}:`, '--oauth2-bearer', token], (error) => resolve(!error));
});

/** Whether the modes that ask the server let a token in; throws where one of the four does not do as it should. */
async function verdict(token) {
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  const [posted, authorized, got, local] = await Promise.all(['post', 'auth', 'get', 'local'].map((mode) => login(mode, claims.sub, token)));
  if (got || !readFileSync(`${FOLDER}/get/log`, 'utf8').includes('405')) throw new Error('`get` is not refused with 405');
  // Without its setting, `post` refuses what `auth` takes.
  if (posted !== authorized) throw new Error(`post: ${posted}, auth: ${authorized}`);
  // It hears of no revocation; a signature it knows.
  const [signed, signature] = [token.slice(0, token.lastIndexOf('.')), token.slice(token.lastIndexOf('.') + 1)];
  const expected = createHmac('sha256', key('access')).update(signed).digest('base64url');
  if (local !== (signature === expected)) throw new Error(`local: ${local}`);
  return posted;
}

createServer(async (request, response) => {
  const token = request.headers.authorization?.replace('Bearer ', '');
  const inside = token && await verdict(token).catch((error) => error);
  const status = inside instanceof Error ? 500 : inside ? 200 : 401;
  response.writeHead(status).end(String(inside));
}).listen(Number(PORT), '127.0.0.1');
