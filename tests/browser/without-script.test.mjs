// Every page as it is without script.

import { test } from 'node:test';

import { everywhere, lookedAt } from './every-page.mjs';

test('every page is accessible without script', () => everywhere(async ({ page, said }) => {
  return [...said(), ...(await lookedAt(page, [[320, 'light'], [1280, 'dark']]))];
}, { script: false }));
