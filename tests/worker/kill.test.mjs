// The runtime is killed (SIGKILL) and starts again on the same data: nothing that was granted is lost,
// nothing that was spent comes back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { World, times } from './harness.mjs';
import { kill } from './kill.mjs';

let world, user, browser, web, app;
before(async () => {
  world = await World.start();
  user = await world.user();
  browser = await world.login(user);
  [web, app] = [await world.application('confidential'), await world.application('public')];
});
after(() => world?.stop());

test('what was granted lasts, and what was spent stays spent', async () => {
  for (let round = 0; round < 6; round += 1) {
    const person = round % 2 ? user : await world.user();
    const theirs = round % 2 ? browser : await world.login(person);
    const client = round % 3 ? app : web;
    const unused = await world.authorize(theirs, client);
    const spent = await world.authorize(theirs, app);
    const granted = (await world.exchange(app, spent)).json;
    const first = await world.tokens(theirs, client);
    const second = (await world.refresh(client, first.refresh_token)).json;
    const revoked = await world.tokens(theirs, client);
    await world.revoke(client, revoked.refresh_token);
    const withdrawn = (await world.post('/oauth2/token', web.with({ grant_type: 'client_credentials' }))).json;
    await world.revoke(web, withdrawn.access_token);
    const gone = await world.application('confidential');
    const goneGrant = await world.authorize(theirs, gone);
    const goneTokens = await world.tokens(theirs, gone);
    const { csrf_token } = (await theirs.ask('/api/oauth2/session')).json;
    // The last answer before the kill is the one most likely to be lost.
    assert.equal((await theirs.ask(`/api/oauth2/@me/authorizations/${gone.id}`, { method: 'DELETE', headers: { 'x-csrf-token': csrf_token } })).status, 204);
    await kill(world);

    assert.equal((await theirs.ask('/api/oauth2/session')).status, 200, 'the session');
    for (const { access_token } of [granted, first, second]) assert.equal((await world.me(access_token)).status, 200);
    const again = (await world.refresh(client, first.refresh_token)).json;
    assert.equal(again.refresh_token, second.refresh_token, 'the same successor');
    assert.equal((await world.refresh(client, second.refresh_token)).status, 200);
    assert.equal((await world.exchange(client, unused)).status, 200, 'the unused code');
    assert.equal((await world.exchange(app, spent)).json.error, 'invalid_grant', 'the spent code');
    for (const [dead, whose] of [[revoked, client], [goneTokens, gone]]) {
      assert.equal((await world.me(dead.access_token)).status, 401);
      assert.equal((await world.refresh(whose, dead.refresh_token)).json.error, 'invalid_grant');
    }
    assert.equal((await world.exchange(gone, goneGrant)).json.error, 'invalid_grant');
    assert.equal(await world.active(web, withdrawn.access_token), false);
  }
});

test('killed in the midst of it, every answer that went out holds', async (t) => {
  const answers = { exchanged: 0, refreshed: 0, revoked: 0, lost: 0 };
  for (let round = 0; round < 6; round += 1) {
    // However fast the machine is, something was answered by then; in the end, everything there is.
    const sofar = answers.exchanged + answers.refreshed + answers.revoked;
    const least = sofar + 1 + Math.random() * 60;
    const enough = () => answers.exchanged + answers.refreshed + answers.revoked >= least && (round < 5 || answers.revoked > 0);
    const told = await traffic(enough, answers);
    // A grant that was asked for and not answered may be either; the client asks again.
    for (const { grant } of told.exchanging) {
      const answer = await world.exchange(app, grant);
      assert.ok(answer.status === 200 || answer.json.error === 'invalid_grant', answer.text);
    }
    for (const { grant, granted } of told.exchanged) {
      assert.equal((await world.exchange(app, grant)).json.error, 'invalid_grant', 'a spent code came back');
      if (!told.revoking.has(granted.refresh_token)) assert.equal((await world.me(granted.access_token)).status, 200, 'tokens were lost');
    }
    for (const token of told.revoked) assert.equal((await world.refresh(app, token)).json.error, 'invalid_grant', 'a revoked token came back');
    for (const chain of told.chains) {
      const next = await world.refresh(app, chain.token);
      assert.equal(next.status, 200, `a chain broke: ${next.text}`);
      assert.equal((await world.refresh(app, next.json.refresh_token)).status, 200);
    }
  }
  t.diagnostic(JSON.stringify(answers));
  assert.ok(answers.exchanged > 0 && answers.refreshed > 0 && answers.revoked > 0 && answers.lost > 0, JSON.stringify(answers));
});

/** Clients at work until enough was answered and the runtime is killed under them; what each was told. */
async function traffic(enough, answers) {
  const chains = await Promise.all(times(3, async () => ({ token: (await world.tokens(browser, app)).refresh_token })));
  const told = { chains, exchanging: [], exchanged: [], revoking: new Set(), revoked: [] };
  let [killing, over] = [false, false];
  const until = async (work) => {
    while (!over) {
      try {
        await work();
      } catch (error) {
        if (!killing) throw error;
        answers.lost += 1; // the connection broke
        return;
      }
    }
  };
  const workers = [
    ...chains.map((chain) => until(async () => {
      const answer = await world.refresh(app, chain.token);
      assert.equal(answer.status, 200);
      chain.token = answer.json.refresh_token;
      answers.refreshed += 1;
    })),
    ...times(3, () => until(async () => {
      const grant = await world.authorize(browser, app);
      const record = { grant };
      told.exchanging.push(record);
      const { json } = await world.exchange(app, grant);
      told.exchanging.splice(told.exchanging.indexOf(record), 1);
      told.exchanged.push({ grant, granted: json });
      answers.exchanged += 1;
      if (told.exchanged.length % 2) return;
      told.revoking.add(json.refresh_token);
      await world.revoke(app, json.refresh_token);
      told.revoked.push(json.refresh_token);
      answers.revoked += 1;
    })),
  ];
  const all = Promise.all(workers);
  const soon = async () => {
    while (!enough()) await sleep(1);
    await sleep(Math.random() * 40); // in the midst of whatever comes next
  };
  await Promise.race([soon(), all]);
  killing = true;
  await kill(world);
  over = true;
  await all;
  return told;
}
