// Client: oidc-agent
// Ecosystem: Command line
// Version: 4.2.6 (Debian's oidc-agent-cli)
// Install: apt oidc-agent-cli
// Driven: on loopback
// Worker: https
// Setting: none
// Proves: login, refresh, revocation, denial, limited answer, outage
// Denial: access_denied
// Limited: temporarily_unavailable
// Outage: temporarily_unavailable
// Note: A denial is shown in the browser; `oidc-gen` goes on waiting, and says nothing.

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, FOLDER, PORT, CA, PATH } = process.env;
const env = { PATH, HOME: FOLDER, OIDC_CONFIG_DIR: `${FOLDER}/oidc-agent`, PASSWORD: 'of the stored account' };
const run = promisify(execFile);
mkdirSync(env.OIDC_CONFIG_DIR, { mode: 0o700 });
writeFileSync(`${env.OIDC_CONFIG_DIR}/issuer.config`, `${ISSUER}\n`);

const snippet = `
# snippet
oidc-gen fluxer --issuer=$ISSUER --client-id=$CLIENT_ID --client-secret=$CLIENT_SECRET
  --redirect-uri=http://localhost:$PORT --scope=openid\\ identify\\ offline_access --flow=code
# end of snippet
`;
const given = { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT };
const command = snippet.split('\n').filter((line) => line && !line.startsWith('#')).join(' ').replace(/\$(\w+)/g, (_, name) => given[name]);
const words = command.match(/(?:\\ |\S)+/g).map((word) => word.replaceAll('\\ ', ' ')).slice(1);

let generator, generated;
const calls = {
  async authorize() {
    const { stdout } = await run('oidc-agent', [], { env });
    for (const [, name, value] of stdout.matchAll(/(OIDC_SOCK|OIDCD_PID)=([^;]+);/g)) env[name] = value;
    generator = spawn('oidc-gen', [...words, `--cp=${CA}`, '--manual', '--prompt=none', '--pw-env=PASSWORD', '--no-url-call'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    generated = new Promise((resolve) => { generator.once('close', (code) => resolve({ code, said })); });
    const address = new Promise((resolve, reject) => {
      const read = (text) => {
        said += text;
        const [found] = said.match(/https:\/\/\S*\/oauth2\/authorize\?\S+(?=\s)/) ?? [];
        if (found) resolve(found);
      };
      generator.stdout.on('data', read);
      generator.stderr.on('data', read);
      generator.once('close', () => reject(new Error(said)));
    });
    return address;
  },
  async callback(shown) {
    const [refused] = shown.match(/Error: [^<]*/) ?? [];
    if (refused) throw new Error(refused);
    const { code, said } = await generated;
    if (code !== 0) throw new Error(said);
    return calls.token('fluxer');
  },
  refresh: () => calls.token('--force-new', 'fluxer'),
  async token(...words) {
    const { stdout } = await run('oidc-token', words, { env });
    return { access_token: stdout.trim() };
  },
  async revoke() {
    await run('oidc-gen', ['--delete', 'fluxer', '--confirm-yes', '--prompt=none', '--pw-env=PASSWORD'], { env });
  },
  async me(token) {
    const answer = await fetch(`${ISSUER}/api/users/@me`, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    return answer.json();
  },
};
process.once('SIGTERM', () => {
  generator?.kill();
  if (env.OIDCD_PID) process.kill(Number(env.OIDCD_PID));
  process.exit();
});
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  const answer = await calls[name](...args).then((returned) => ({ returned }), (error) => ({ raised: { type: error.name, message: error.message } }));
  console.log(JSON.stringify(answer));
}
