// Client: Dovecot, as an IMAP server
// Ecosystem: Dovecot
// Version: 2.3.19.1 (Debian's dovecot-imapd)
// Install: apt dovecot-imapd curl
// Driven: as a resource server
// Enter: /
// Setting: for `post`, the application may introspect tokens of others (`introspects`); none for `auth`
// Proves: introspection
// Note: `introspection_mode = get` does not work here, for it puts the token into a URL. A mail client logs in with the user's id.

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import net from 'node:net';
import { once } from 'node:events';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, FOLDER, PORT } = process.env;
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
const auth = `
introspection_mode = auth
introspection_url = ${ISSUER}/api/oauth2/userinfo
username_attribute = sub
`;

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
  execFile('chmod', ['-R', 'a+rwX', FOLDER]);
  spawn('dovecot', ['-F', '-c', `${folder}/dovecot.conf`], { stdio: 'inherit' });
  return port;
}

const ports = [await dovecot('post', post), await dovecot('auth', auth)];

/** Whether a mail client gets in: curl with OAUTHBEARER. */
const login = (port, user, token) => new Promise((resolve) => {
  execFile('curl', ['--silent', '--max-time', '20', '--url', `imap://127.0.0.1:${port}/`, '--user', `${user}:`, '--oauth2-bearer', token], (error) => resolve(!error));
});

createServer(async (request, response) => {
  const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
  const claims = token.split('.')[1];
  const user = claims ? JSON.parse(Buffer.from(claims, 'base64url')).sub : 'nobody';
  const inside = token ? await Promise.all(ports.map((port) => login(port, user, token))) : [false, false];
  const status = inside.every(Boolean) ? 200 : inside.some(Boolean) ? 500 : 401; // both modes say the same
  response.writeHead(status).end(inside.join(' '));
}).listen(Number(PORT), '127.0.0.1');
