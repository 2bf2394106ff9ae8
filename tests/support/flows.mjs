// What tests/flows runs on where it does not run on store::memory: the built Worker. Reads a line of JSON
// for each request, sends it over HTTP, and writes a line for its answer. Ends when nobody asks any more.

import http from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { World } from '../worker/harness.mjs';

/** A world is this much later than the one before it: what that left in the windows of limits is over. */
const APART_MS = 86_400_000;

const agent = new http.Agent({ keepAlive: true });
const worlds = new Map();
let world;
let now = Date.now();

/** Settings are for the whole life of a Worker: each needs one of its own. */
async function open(settings) {
  const key = JSON.stringify(settings);
  if (!worlds.has(key)) {
    // Only the first is asked for again.
    for (const [key, world] of [...worlds].slice(1)) await world.stop().then(() => worlds.delete(key));
    worlds.set(key, await World.start({ only: Object.fromEntries(settings), before: join(import.meta.dirname, 'staged.mjs') }));
  }
  world = worlds.get(key);
  now += APART_MS;
  await ask({ method: 'POST', target: '/', headers: [['test-empty', '1']], body: '', now });
  return { now };
}

/** Header values are bytes, and Node takes one for each character. */
const bytes = (text) => Buffer.from(text).toString('latin1');
const text = (bytes) => Buffer.from(bytes, 'latin1').toString();

/** As every client writes a URL. */
const encoded = (target) => target.replace(/[^!-~]+|["<>]/gu, encodeURIComponent);

/** What the way adds to every answer. */
const OF_THE_WAY = ['connection', 'date', 'keep-alive', 'transfer-encoding', 'content-length', 'content-encoding'];

function ask({ method, target, headers, body, secure, now: at }) {
  now = Math.max(now, at);
  return new Promise((resolve, reject) => {
    const own = [['host', new URL(world.origin).host], ['test-now', String(at)], ...(secure ? [['test-secure', '1']] : [])];
    const length = ['GET', 'HEAD'].includes(method) && !body ? [] : [['content-length', String(Buffer.byteLength(body, 'base64'))]];
    const given = headers.filter(([name]) => !length.length || name !== 'content-length');
    const request = http.request(world.origin, {
      agent, method, path: encoded(target), maxHeaderSize: 1 << 20, headers: [...own, ...length, ...given].flatMap(([name, value]) => [name, bytes(value)]),
    });
    request.once('error', reject);
    request.once('response', async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      const pairs = Array.from({ length: response.rawHeaders.length / 2 }, (_, index) => [response.rawHeaders[2 * index].toLowerCase(), text(response.rawHeaders[2 * index + 1])]);
      if (response.statusCode >= 500) process.stderr.write(`${method} ${target}: ${world.logged.splice(0).join('; ')}\n`);
      resolve({ status: response.statusCode, headers: pairs.filter(([name]) => !OF_THE_WAY.includes(name)), body: Buffer.concat(parts).toString('base64') });
    });
    request.end(Buffer.from(body, 'base64'));
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const answer = await (asked.settings ? open(asked.settings) : ask(asked)).catch((error) => ({ error: String(error?.stack ?? error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
agent.destroy();
await Promise.all([...worlds.values()].map((world) => world.stop()));
