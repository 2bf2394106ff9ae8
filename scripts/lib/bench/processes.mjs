// Starts what is measured and what it stores in, each in a process of its own on 127.0.0.1, and reads
// from the kernel what a process has spent. Everything ends with this process.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const HERE = import.meta.dirname;
export const ROOT = resolve(HERE, '../../..');
/** In memory where there is such a folder: how long a disk takes is nobody's doing. */
export const FOLDER = mkdtempSync(join(process.env.BENCH_FOLDER ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir()), 'fluxer-oauth2-bench-'));
const WORKERD = join(ROOT, 'node_modules/@cloudflare', `workerd-${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`, 'bin/workerd');

const running = new Set();
export function stopAll() {
  for (const child of running) child.kill('SIGKILL');
  rmSync(FOLDER, { recursive: true, force: true, maxRetries: 3 });
}
process.on('exit', stopAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A process that serves HTTP, waited for until it answers. */
export async function start(command, args, { port, path = '/', env = {} } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  running.add(child);
  const began = performance.now();
  let said = '';
  child.stderr.on('data', (part) => (said = (said + part).slice(-4_000)));
  child.once('exit', () => running.delete(child));
  const origin = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null || tries > 3_000) throw new Error(`${command} does not answer:\n${said}`);
    const answered = await fetch(origin + path, { redirect: 'manual' }).then((response) => response.arrayBuffer(), () => undefined);
    if (answered) break;
    await sleep(2);
  }
  const milliseconds = performance.now() - began;
  // Given a moment to close its databases.
  const stop = async () => {
    if (!running.has(child)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(late);
  };
  return { pid: child.pid, origin, milliseconds, said: () => said, stop };
}

const text = JSON.stringify;

/**
 * A plain workerd: no simulator in it. Durable Objects are its own, with SQLite files on disk; KV and
 * D1 are other processes, whose ports are `storage`.
 *
 * @param name     of its namespaces, and of its folder
 * @param modules  `{ name: contents }`, the first one being the main one; bytes are wasm
 * @param inspector a port for V8's inspector
 * @param objects  classes of Durable Objects, bound under the keys
 */
export async function workerd(name, { modules, vars = {}, kv = [], d1 = [], objects = {}, storage = {}, port, flags = compatibilityFlags(), path, inspector }) {
  port ??= await freePort();
  const folder = join(FOLDER, name);
  mkdirSync(join(folder, 'objects'), { recursive: true });
  const inject = `http = (injectRequestHeaders = [(name = "x-namespace", value = ${text(name)})])`;
  const module = ([file, contents]) => {
    const isText = typeof contents === 'string';
    writeFileSync(join(folder, file), contents);
    return `(name = ${text(file)}, ${isText ? 'esModule' : 'wasm'} = embed ${text(file)})`;
  };
  const bindings = [
    ...Object.entries(vars).map(([key, value]) => `(name = ${text(key)}, text = ${text(value)})`),
    ...kv.map((key) => `(name = ${text(key)}, kvNamespace = "kv")`),
    ...d1.map((key) => `(name = ${text(key)}, wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [(name = "fetcher", service = "d1")]))`),
    ...Object.entries(objects).map(([key, className]) => `(name = ${text(key)}, durableObjectNamespace = ${text(className)})`),
  ];
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "objects", disk = (path = ${text(join(folder, 'objects'))}, writable = true)),
${storage.kv ? `    (name = "kv", external = (address = "127.0.0.1:${storage.kv}", ${inject})),\n` : ''}${storage.d1 ? `    (name = "d1", external = (address = "127.0.0.1:${storage.d1}", ${inject})),\n` : ''}  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = ${text(compatibilityDate())},
  compatibilityFlags = [${flags.map(text).join(', ')}],
  modules = [
    ${Object.entries(modules).map(module).join(',\n    ')}
  ],
  bindings = [
    ${bindings.join(',\n    ')}
  ],
  durableObjectNamespaces = [${Object.values(objects).map((className) => `(className = ${text(className)}, uniqueKey = ${text(className)}, enableSql = true)`).join(', ')}],
  durableObjectStorage = (localDisk = "objects"),
);
`;
  writeFileSync(join(folder, 'config.capnp'), config);
  const server = await start(WORKERD, ['serve', '--experimental', ...(inspector ? [`--inspector-addr=127.0.0.1:${inspector}`] : []), join(folder, 'config.capnp')], { port, path });
  return { ...server, folder, port };
}

/** The date of wrangler.toml: everybody runs on the same runtime. */
function compatibilityDate() {
  return setting('compatibility_date').slice(1, -1);
}

/** The flags of wrangler.toml, for whoever needs no others: Node's timers alone are a twentieth of an approval. */
function compatibilityFlags() {
  return JSON.parse(setting('compatibility_flags'));
}

function setting(name) {
  return readFileSync(join(ROOT, 'wrangler.toml'), 'utf8').match(new RegExp(`^${name} = (.*)$`, 'm'))[1];
}

/** KV and D1, in two processes, as far away as `latencies` says. */
export async function startStorage(latencies) {
  const [kv, d1] = [await freePort(), await freePort()];
  await start(process.execPath, ['--max-old-space-size=4096', join(HERE, 'kv.mjs'), kv, ...(latencies ? [JSON.stringify(latencies)] : [])], { port: kv, path: '/-/counts' });
  await workerd('d1', { port: d1, path: '/-/counts', vars: latencies ? { LATENCY: String(latencies.d1) } : {}, modules: { 'd1.mjs': readFileSync(join(HERE, 'd1.mjs'), 'utf8') }, objects: { DATABASES: 'Database' } });
  const ask = async (port, name, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: body ? 'POST' : 'GET', headers: { 'x-namespace': name, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
    return response.json();
  };
  const filled = new Set();
  return {
    kv, d1,
    /** Whether a database of that name has been filled. */
    has: (name) => filled.has(name),
    async counts(name) {
      const { [name]: keys = {} } = await ask(kv, name, '/-/counts');
      return { kv: keys, d1: await ask(d1, name, '/-/counts') };
    },
    /** The calls of both since this was last asked. */
    async calls(name) {
      return [...(await ask(kv, name, '/-/calls')), ...(await ask(d1, name, '/-/calls'))];
    },
    /** Puts so many records into a namespace. */
    async fillKeys(name, count) {
      await fetch(`http://127.0.0.1:${kv}/-/fill?count=${count}`, { method: 'POST', headers: { 'x-namespace': name } });
    },
    async sql(name, queries) {
      filled.add(name);
      const answer = await ask(d1, name, '/query?resultsFormat=NONE', queries);
      if (answer.success === false) throw new Error(answer.error);
    },
  };
}

const TICKS = 100; // a second: USER_HZ, on every Linux that we know

/** What all threads of a process have spent: nanoseconds each (schedstat), and ticks together (stat). */
function spending(pid) {
  const threads = new Map();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      threads.set(thread, Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]));
    } catch {} // it ended since
  }
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return { threads, ticks: Number(fields[11]) + Number(fields[12]) };
}

/**
 * Starts to count what a process spends; the function that it returns tells the seconds of CPU since,
 * user and system. Where a thread ended in between, its nanoseconds are gone and the ticks count.
 */
export function cpu(pid) {
  const before = spending(pid);
  return () => {
    const now = spending(pid);
    if ([...before.threads.keys()].some((thread) => !now.threads.has(thread))) return (now.ticks - before.ticks) / TICKS;
    let nanoseconds = 0;
    for (const [thread, spent] of now.threads) nanoseconds += spent - (before.threads.get(thread) ?? 0);
    return nanoseconds / 1e9;
  };
}

/** Bytes of memory that a process holds. */
export function rss(pid) {
  return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)[1]) * 1024;
}
