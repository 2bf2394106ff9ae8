// Adding a bot, in Chromium: the link, the guild, the boxes, and the page that says where it is.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { World } from '../worker/harness.mjs';
import { fits, launch, listen, logIn, visit } from './harness.mjs';

const EVIL = `"><img src=x onerror=alert(1)><b>Chess</b>`;
const [KICK, VIEW, SEND, MANAGE_GUILD] = [2, 1024, 2048, 32];
let world, browser, owner;
before(async () => {
  [world, browser] = await Promise.all([World.start(), launch()]);
  owner = await world.user();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

/** A bot and the guilds of a user: one that they own, one that they manage, one that they only read. */
async function scene(fields = {}) {
  const client = await world.application('confidential', { name: 'Chess Bot', description: 'Plays chess with your community.', bot: true, ...fields });
  const person = await world.user();
  const guild = async (name, permissions) => {
    const made = await world.admin('POST', '/guilds', { name, owner_id: permissions === undefined ? person.id : owner.id });
    if (permissions !== undefined) await world.admin('PUT', `/guilds/${made.id}/members/${person.id}`, { permissions: String(permissions) });
    return made;
  };
  const guilds = { home: await guild('Chess & <i>friends</i>'), club: await guild('The club', MANAGE_GUILD | VIEW), other: await guild('Elsewhere', VIEW) };
  const link = (more = {}) => `${world.origin}/oauth2/authorize?${new URLSearchParams({ client_id: client.id, scope: 'bot', permissions: String(KICK | VIEW | SEND), ...more })}`;
  const places = async () => Object.fromEntries((await (await fetch(`${world.origin}/api/users/@me/guilds`, { headers: { authorization: `Bot ${client.bot.token}` } })).json()).map(({ id, permissions }) => [id, permissions]));
  return { client, person, guilds, link, places };
}

const box = (page, name) => page.getByRole('checkbox', { name });

for (const [name, options] of [['', {}], [' without script', { javaScriptEnabled: false }], [' in the dark', { colorScheme: 'dark' }]]) {
  test(`a bot is added to the guild that was chosen, with what was left ticked${name}`, async () => {
    const { person, guilds, link, places } = await scene();
    const { page, heard, close } = await visit(browser, options);
    const fit = (it) => options.javaScriptEnabled === false || fits(page, `${it}${name.replaceAll(' ', '-')}`);
    await page.goto(link());
    assert.ok(await page.getByText('to continue to Chess Bot').isVisible());
    await logIn(page, person.username, person.password);
    await page.getByRole('heading', { name: 'Chess Bot wants to add its bot to a community' }).waitFor();
    assert.deepEqual(await page.getByLabel('Add it to').locator('option').allTextContents(), ['Choose a community', 'Chess & <i>friends</i>', 'The club']);
    for (const words of [/Kick members/, /View channels/, /Send messages/]) assert.ok(await box(page, words).isChecked());
    await fit('invite');

    await page.getByRole('button', { name: 'Add the bot' }).click();
    assert.ok(await page.getByLabel('Add it to').evaluate((select) => !select.validity.valid), 'a guild must be chosen first');
    await box(page, /Kick members/).uncheck();
    await page.getByLabel('Add it to').selectOption('Chess & <i>friends</i>');
    await page.getByRole('button', { name: 'Add the bot' }).click();
    await page.getByRole('heading', { name: 'Chess_Bot is now in Chess & <i>friends</i>' }).waitFor();
    assert.deepEqual(await page.getByRole('region', { name: 'What it may do there' }).getByRole('listitem').allTextContents(), ['View channels', 'Send messages']);
    assert.deepEqual(await places(), { [guilds.home.id]: String(VIEW | SEND) });
    await fit('bot-added');
    await page.reload(); // sends the form again
    await page.getByRole('heading', { name: 'Chess_Bot is now in' }).waitFor();
    assert.deepEqual(await places(), { [guilds.home.id]: String(VIEW | SEND) });

    // What was withheld can be given by another invitation, and then there is nothing left to give.
    const there = page.getByRole('option', { name: 'Chess & <i>friends</i> (already there)' });
    await page.goto(link());
    assert.ok(await there.isEnabled());
    await page.getByLabel('Add it to').selectOption('Chess & <i>friends</i> (already there)');
    await page.getByRole('button', { name: 'Add the bot' }).click();
    await page.getByRole('heading', { name: 'Chess_Bot is now in' }).waitFor();
    assert.deepEqual(await places(), { [guilds.home.id]: String(KICK | VIEW | SEND) });
    await page.goto(link());
    assert.ok(await there.isDisabled());
    assert.deepEqual(heard, []);
    await close();
  });
}

test('with the keyboard alone', async () => {
  const { person, guilds, link, places } = await scene();
  const { page, heard, close } = await visit(browser);
  await page.goto(link());
  await page.locator('#login:focus').waitFor();
  await page.keyboard.type(person.username);
  await page.keyboard.press('Tab');
  await page.keyboard.type(person.password);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Add the bot' }).waitFor();
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim().split('\n')[0] || document.activeElement.labels?.[0]?.textContent.trim().split('\n')[0]);
  const seen = [];
  const reach = async (what) => {
    do {
      await page.keyboard.press('Tab');
      seen.push(await focused());
      assert.ok(seen.length < 15, `never reached ${what}: ${seen.join(', ')}`);
      assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none', `the focus on ${seen.at(-1)} can be seen`);
    } while (!seen.at(-1).startsWith(what));
  };
  await reach('Choose a community');
  await page.keyboard.type('The cl');
  await reach('Kick members');
  await page.keyboard.press('Space');
  await reach('Add the bot');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Chess_Bot is now in The club' }).waitFor();
  assert.deepEqual(await places(), { [guilds.club.id]: String(VIEW) });
  assert.deepEqual(heard, []);
  await close();
});

test('Enter in the form adds nothing', async () => {
  const { person, guilds, link, places } = await scene();
  const { page, close } = await visit(browser);
  await page.goto(link({ guild_id: guilds.home.id }));
  await logIn(page, person.username, person.password);
  await box(page, /Kick members/).press('Enter');
  await page.getByRole('heading', { name: 'Nothing was added' }).waitFor();
  assert.deepEqual(await places(), {});
  await close();
});

test('a link for one guild leaves no choice, and shows what the user cannot give', async () => {
  const { person, guilds, link, places } = await scene();
  const { page, heard, close } = await visit(browser);
  await page.goto(link({ guild_id: guilds.club.id, disable_guild_select: 'true' }));
  await logIn(page, person.username, person.password);
  await page.getByText('It will be added to The club.').waitFor();
  assert.equal(await page.locator('main').getByRole('combobox').count(), 0);
  for (const [words, mine] of [[/Kick members.*Not yours to give/s, false], [/View channels/, true], [/Send messages.*Not yours to give/s, false]]) {
    assert.deepEqual([await box(page, words).isChecked(), await box(page, words).isEnabled()], [mine, mine]);
  }
  await fits(page, 'invite-fixed');
  await page.getByRole('button', { name: 'Add the bot' }).click();
  await page.getByRole('heading', { name: 'Chess_Bot is now in The club' }).waitFor();
  assert.deepEqual(await places(), { [guilds.club.id]: String(VIEW) });
  assert.deepEqual(heard, []);
  await page.goto(link({ guild_id: guilds.club.id, disable_guild_select: 'true' }));
  await page.getByText('The bot is in that community already').waitFor();
  await fits(page, 'invite-already-there');
  await page.goto(link({ guild_id: guilds.other.id, disable_guild_select: 'true' }));
  await page.getByText('which you do not have').waitFor();
  await close();
});

test('no', async () => {
  const { person, guilds, link, places } = await scene();
  const { page, heard, close } = await visit(browser);
  await page.goto(link({ guild_id: guilds.home.id }));
  await logIn(page, person.username, person.password);
  await page.getByRole('button', { name: 'Deny' }).click();
  await page.getByRole('heading', { name: 'Nothing was added' }).waitFor();
  assert.deepEqual([await places(), heard], [{}, []]);
  await close();
});

test('names with markup are text, and long ones fit', async () => {
  const { person, link } = await scene({ name: EVIL, description: `${EVIL}\n${'W'.repeat(300)}` });
  await world.admin('POST', '/guilds', { name: 'W'.repeat(100), owner_id: person.id });
  await world.admin('POST', '/guilds', { name: EVIL, owner_id: person.id });
  const { page, heard, close } = await visit(browser);
  await page.goto(link({ permissions: '69815829414805503' }));
  await logIn(page, person.username, person.password);
  await page.getByRole('heading', { name: `${EVIL} wants to add its bot to a community` }).waitFor();
  await fits(page, 'invite-long');
  await page.getByLabel('Add it to').selectOption(EVIL);
  await page.getByRole('button', { name: 'Add the bot' }).click();
  await page.getByRole('heading', { name: EVIL }).waitFor();
  await fits(page, 'bot-added-long');
  assert.deepEqual([await page.locator('img, main b, script').count(), heard], [0, []]);
  await close();
});

test('beside a login: the bot can stay out, or come along', async () => {
  const site = await listen();
  const { client, person, guilds, places } = await scene({ redirect_uris: [site.callback] });
  const { page, heard, close } = await visit(browser);
  try {
    for (const [comes, scope] of [[false, 'identify'], [true, 'identify bot']]) {
      const request = client.authorizationRequest({ scope: 'identify bot', permissions: String(VIEW), prompt: 'consent' });
      await page.goto(world.origin + request.url);
      if (!comes) await logIn(page, person.username, person.password);
      await page.getByRole('heading', { name: 'wants to access your account and add its bot' }).waitFor();
      if (comes) {
        await page.getByRole('button', { name: 'Authorize' }).click();
        await page.getByText('Choose a community for the bot').waitFor();
        await fits(page, 'invite-with-login');
        await page.getByLabel('Add it to').selectOption('The club');
      } else {
        await box(page, /Add its bot/).uncheck();
      }
      await page.getByRole('button', { name: 'Authorize' }).click();
      await page.waitForURL(`${site.origin}/**`);
      const answer = (await world.exchange(client, { ...request, code: site.arrived.at(-1).query.get('code') })).json;
      assert.deepEqual([answer.scope, answer.guild?.id], [scope, comes ? guilds.club.id : undefined]);
    }
    assert.deepEqual(await places(), { [guilds.club.id]: String(VIEW) });
    assert.deepEqual(heard.filter((line) => !line.includes('status of 400')), []); // Chromium's own word for the form that came back
  } finally {
    await close();
    site.close();
  }
});
