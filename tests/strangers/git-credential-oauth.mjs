// Client: git-credential-oauth
// Ecosystem: Go
// Version: 0.4.2 (Debian's git-credential-oauth)
// Install: apt git xdg-utils git-credential-oauth
// Driven: on loopback
// Type: public
// Callback: /
// Setting: none
// Proves: login, denial, limited answer, outage
// Lacks: refresh, revocation
// Denial: Missing parameter: code
// Limited: temporarily_unavailable
// Outage: temporarily_unavailable
// Note: After a denial it redeems an empty code, and what Git shows is what that is refused with. It asks for a new
//   login each time Git's cache forgets the token, for it keeps no refresh token.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { ISSUER, CLIENT_ID, FOLDER, PATH } = process.env;
const env = { PATH, HOME: FOLDER, BROWSER: `${FOLDER}/browser` };
const host = new URL(ISSUER).host;
const configure = (name, value) => execFileSync('git', ['config', '--global', name, value], { env });

// snippet
configure(`credential.${ISSUER}.oauthClientId`, CLIENT_ID);
configure(`credential.${ISSUER}.oauthScopes`, 'identify');
configure(`credential.${ISSUER}.oauthAuthURL`, '/oauth2/authorize');
configure(`credential.${ISSUER}.oauthTokenURL`, '/api/oauth2/token');
// end of snippet

// It opens the user's browser, by xdg-open: here, a script that writes the address down.
writeFileSync(`${FOLDER}/browser`, `#!/bin/sh\nprintf %s "$1" >${FOLDER}/address.next && mv ${FOLDER}/address.next ${FOLDER}/address\n`);
chmodSync(`${FOLDER}/browser`, 0o755);

let helper;
let said = '';
const calls = {
  async authorize() {
    rmSync(`${FOLDER}/address`, { force: true });
    said = '';
    helper = spawn('git-credential-oauth', ['get'], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    helper.stdout.on('data', (text) => { said += text; });
    helper.stderr.on('data', (text) => { said += text; });
    helper.stdin.end(`protocol=http\nhost=${host}\n\n`);
    while (!existsSync(`${FOLDER}/address`)) {
      if (helper.exitCode !== null) throw new Error(said);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return readFileSync(`${FOLDER}/address`, 'utf8');
  },
  async callback() {
    if (helper.exitCode === null) await once(helper, 'close');
    const { password } = Object.fromEntries(said.split('\n').map((line) => line.split('=')));
    if (!password) throw new Error(said);
    return { access_token: password };
  },
  async me(token) {
    const answer = await fetch(`${ISSUER}/api/users/@me`, { headers: { authorization: `Bearer ${token}` } });
    return answer.json();
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  const answer = await calls[name](...args).then((returned) => ({ returned }), (error) => ({ raised: { type: error.name, message: error.message } }));
  console.log(JSON.stringify(answer));
}
