// The KV namespaces of everything measured, in a process of their own: what the server process spends
// is then its own work and the call, and no simulator's. In memory, spoken to as the runtime speaks to
// KV (miniflare answers the same way). Each server's requests carry the name of its namespace.
//
// GET /-/counts answers how many operations each namespace has seen; POST /-/fill?count=N puts so many
// refresh-token records into one. Where the second argument says how far away it is (latencies.json), every
// operation waits so long, and GET /-/calls answers a namespace's operations since it was last asked.

import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const latencies = process.argv[3] && JSON.parse(process.argv[3]);
const METHODS = { GET: 'kv read', PUT: 'kv write', DELETE: 'kv write' };

const namespaces = new Map();
function namespace(name) {
  if (!namespaces.has(name)) namespaces.set(name, { entries: new Map(), folders: new Map(), counts: { get: 0, put: 0, delete: 0, list: 0 }, calls: [] });
  return namespaces.get(name);
}

/** The prefixes that somebody may list: up to each separator. Without them a list would read every key. */
const foldersOf = (key) => [...key.matchAll(/[:\x1f]/g)].map(({ index }) => key.slice(0, index + 1));

const alive = ({ expires }) => !expires || expires > Date.now() / 1000;

function read(space, key) {
  const entry = space.entries.get(key);
  if (entry && alive(entry)) return entry;
  if (entry) remove(space, key);
  return undefined;
}

function write(space, key, entry) {
  space.entries.set(key, entry);
  for (const folder of foldersOf(key)) {
    if (!space.folders.has(folder)) space.folders.set(folder, new Set());
    space.folders.get(folder).add(key);
  }
}

function remove(space, key) {
  space.entries.delete(key);
  for (const folder of foldersOf(key)) space.folders.get(folder)?.delete(key);
}

function list(space, query) {
  const prefix = query.get('prefix') ?? '';
  const limit = Number(query.get('key_count_limit') ?? 1000);
  const after = query.get('cursor') ?? '';
  const keys = /[:\x1f]$/.test(prefix) ? (space.folders.get(prefix) ?? []) : [...space.entries.keys()].filter((key) => key.startsWith(prefix));
  const found = [...keys].filter((key) => key > after && read(space, key)).sort();
  const page = found.slice(0, limit).map((name) => ({ name, expiration: space.entries.get(name).expires, metadata: space.entries.get(name).metadata }));
  const complete = page.length === found.length;
  return { keys: page, list_complete: complete, ...(!complete && { cursor: page.at(-1).name }), cacheStatus: null };
}

function fill(space, count) {
  const value = Buffer.from(JSON.stringify({ user: '1456074443980800001', application: '1456074443980800003', scope: 'identify email', expires_at: 1_769_817_600_000 }));
  for (let each = 0; each < count; each += 1) write(space, `refresh:filled-${each}`, { value });
  return '';
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

/** As far away as it is to be. */
async function farAway(request, response) {
  if (!latencies || request.url.startsWith('/-/')) return answer(request, response);
  const [what, from] = [METHODS[request.method], Date.now()];
  await sleep(latencies[what.replace(' ', '_')]);
  await answer(request, response);
  namespace(request.headers['x-namespace']).calls.push({ what, from, until: Date.now() });
}

async function answer(request, response) {
  const url = new URL(request.url, 'http://kv');
  if (url.pathname === '/-/counts') return response.end(JSON.stringify(Object.fromEntries([...namespaces].map(([name, { counts }]) => [name, counts]))));
  const space = namespace(request.headers['x-namespace']);
  if (url.pathname === '/-/calls') return response.end(JSON.stringify(space.calls.splice(0)));
  if (url.pathname === '/-/fill') return response.end(fill(space, Number(url.searchParams.get('count'))));
  const key = decodeURIComponent(url.pathname.slice(1));
  if (request.method === 'GET' && key === '') {
    space.counts.list += 1;
    return response.setHeader('content-type', 'application/json').end(JSON.stringify(list(space, url.searchParams)));
  }
  if (request.method === 'GET') {
    space.counts.get += 1;
    const entry = read(space, key);
    if (!entry) return response.writeHead(404).end('Not Found');
    if (entry.expires) response.setHeader('CF-Expiration', entry.expires);
    if (entry.metadata) response.setHeader('CF-KV-Metadata', entry.metadata);
    return response.end(entry.value);
  }
  if (request.method === 'PUT') {
    space.counts.put += 1;
    const value = await body(request);
    const ttl = url.searchParams.get('expiration_ttl');
    const expires = ttl ? Math.floor(Date.now() / 1000) + Number(ttl) : Number(url.searchParams.get('expiration')) || undefined;
    write(space, key, { value, expires, metadata: request.headers['cf-kv-metadata'] });
    return response.end();
  }
  space.counts.delete += 1;
  remove(space, key);
  return response.end();
}

const server = http.createServer((request, response) => void farAway(request, response).catch((error) => response.writeHead(500).end(String(error))));
server.keepAliveTimeout = 600_000;
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
