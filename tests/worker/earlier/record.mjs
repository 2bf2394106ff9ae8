// Records what an earlier release stores and gives out, for earlier.test.mjs: node record.mjs CHECKOUT NAME,
// where CHECKOUT is that release with a built Worker. A record is made once and not made anew when the code changes.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { World } from '../harness.mjs';

const [root, name] = process.argv.slice(2);
const world = await World.start({ root: resolve(root) });
const user = await world.user();
const [confidential, open, bot] = [await world.application('confidential'), await world.application('public'), await world.application('confidential', { bot: true, owner_id: user.id })];
const guild = await world.admin('POST', '/guilds', { name: 'A guild', owner_id: user.id });
await world.admin('PUT', `/users/${user.id}/connections/github/1`, { name: 'ada', verified: true });
const browser = await world.login(user);
const invite = await browser.open(bot.authorizationRequest({ scope: 'bot identify', permissions: '1024' }).url);
await browser.submit(invite, { decision: 'approve', guild_id: guild.id });
const stored = {
  confidential: await world.tokens(browser, confidential, { scope: 'identify email guilds connections' }),
  public: await world.tokens(browser, open),
  revoked: await world.tokens(browser, confidential),
  machine: (await world.post('/api/oauth2/token', confidential.with({ grant_type: 'client_credentials', scope: '' }))).json,
  code: await world.authorize(browser, open),
  redeemed: await world.authorize(browser, confidential),
};
await world.revoke(confidential, stored.revoked.refresh_token);
await world.exchange(confidential, stored.redeemed);
stored.rotated = (await world.refresh(open, stored.public.refresh_token)).json;
for (const grant of [stored.code, stored.redeemed]) delete grant.page;
await world.halt();
const { settings, applied } = world;
const told = { at: Date.now(), settings, applied: [...applied], user, guild, cookie: browser.cookie, clients: { confidential, open, bot }, stored };
writeFileSync(join(world.folder, 'told.json'), JSON.stringify(told));
execFileSync('tar', ['--sort=name', '-czf', resolve(import.meta.dirname, `${name}.tar.gz`), '-C', world.folder, '.']);
await world.stop();
