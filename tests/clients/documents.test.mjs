// docs/clients.md says what the heads of the clients say.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';

test('docs/clients.md is what scripts/clients-doc writes', () => {
  const { status, stderr } = spawnSync(process.execPath, [resolve(import.meta.dirname, '../../scripts/lib/clients-doc.mjs'), '--check']);
  assert.equal(status, 0, stderr.toString());
});
