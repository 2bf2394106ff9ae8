// ../../examples/mcp-server behind a server of its own world, for the clients of MCP.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';

import { World } from '../worker/harness.mjs';

const HERE = import.meta.dirname;

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** The world, a user's browser in it, and the URL of the MCP server. With `storage`, the world can be made ill. */
export async function start(settings, storage) {
  const resource = `http://127.0.0.1:${await freePort()}/mcp`;
  const world = await World.start({ settings, storage });
  const browser = await world.login(await world.user());
  await world.admin('POST', '/resources', {
    identifier: resource, name: 'Notes', scopes: [{ name: 'notes:read', description: 'Read your notes' }, { name: 'notes:write', description: 'Write notes for you' }],
  });
  const folder = mkdtempSync(join(HERE, '.mcp-server-')); // where both the SDK's packages and ours are found
  cpSync(resolve(HERE, '../../examples/mcp-server/server.ts'), join(folder, 'server.ts'));
  symlinkSync(resolve(HERE, '../../sdk/node_modules'), join(folder, 'node_modules'));
  const { PATH, HOME } = process.env;
  const server = spawn(process.execPath, [join(folder, 'server.ts')], { env: { PATH, HOME, ISSUER: world.origin, RESOURCE: resource, PORT: new URL(resource).port }, stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([once(server.stdout, 'data'), once(server, 'exit')]);
  return { world, browser, resource, stop: async () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    await world.stop();
  } };
}
