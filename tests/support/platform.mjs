// examples/platform beside the built Worker, as scripts/dev --platform starts them.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { World } from '../worker/harness.mjs';

export const KEY = 'a-key-that-the-platform-has-too';
export const DEMO = '1456074443980800001';
export const CHESS_CLUB = '1456074443980800007';

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The Worker with its users elsewhere, and the platform where they are; `settings` makes the Worker's of the platform's origin. */
export async function startBeside({ port, settings = () => ({}) } = {}) {
  port ??= await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const world = await World.start({ settings: { LOGIN_URL: `${origin}/login`, PLATFORM_URL: origin, PLATFORM_KEY: KEY, ...settings(origin) } });
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../examples/platform/platform.ts')], {
    env: { ...process.env, PORT: String(port), ISSUER: world.origin, PLATFORM_KEY: KEY }, stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((resolve, reject) => child.stdout.once('data', resolve).once('end', () => reject(new Error('no platform'))));
  const stop = async () => {
    child.kill();
    await world.stop();
  };
  return { world, origin, stop };
}
