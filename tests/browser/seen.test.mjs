// Every page as it is seen and listened to.

import { test } from 'node:test';

import { everywhere, lookedAt } from './every-page.mjs';

test('every page is accessible, and nothing sticks out of it', () => everywhere(async ({ page, said }) => {
  return [...said(), ...(await lookedAt(page, [[320, 'dark'], [1280, 'light']]))];
}));
