// Reads the built Worker, and its twin with names, and says which crate takes how many bytes.

import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path) => readFileSync(join(ROOT, path));
const { values: options } = parseArgs({ options: { functions: { type: 'string' }, crate: { type: 'string' }, json: { type: 'string' } } });

/** The budget stands in scripts/test, which fails on more. */
const BUDGET = Number(read('scripts/test').toString().match(/^size_limit=(\d+)/m)[1]);
/** Whose generic code says nothing of who needs it: the standard library, and what runs a future as a promise. */
const HOSTS = new Set(['core', 'alloc', 'std', 'js_sys', 'futures_util']);
const CRATES = new Set([...HOSTS, 'hashbrown', 'dlmalloc', 'compiler_builtins',
  ...[...read('Cargo.lock').toString().matchAll(/^name = "(.*)"$/gm)].map(([, name]) => name.replaceAll('-', '_'))]);

const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;

/** What a wasm module is made of (WebAssembly 2.0 §5.5). */
class Module {
  static SECTIONS = ['custom', 'type', 'import', 'function', 'table', 'memory', 'global', 'export', 'start', 'element', 'code', 'data', 'data count', 'tag'];

  constructor(bytes) {
    this.bytes = bytes;
    this.sections = [];
    for (let at = 8; at < bytes.length; ) {
      const kind = Module.SECTIONS[bytes[at]] ?? `section ${bytes[at]}`;
      const [size, start] = this.number(at + 1);
      const section = { kind, start, end: start + size, bytes: start + size - at };
      if (kind === 'custom') [section.name, section.start] = this.text(start);
      this.sections.push(section);
      at = section.end;
    }
  }

  section(kind, name) {
    return this.sections.find((section) => section.kind === kind && section.name === name);
  }

  /** LEB128: a number, and where it ends. */
  number(at) {
    let value = 0;
    for (let shift = 0; ; shift += 7, at += 1) {
      value += (this.bytes[at] & 0x7f) * 2 ** shift;
      if (this.bytes[at] < 0x80) return [value, at + 1];
    }
  }

  text(at) {
    const [size, start] = this.number(at);
    return [this.bytes.subarray(start, start + size).toString(), start + size];
  }

  /** How many functions are imported: the code's first function has the next index. */
  importedFunctions() {
    const { start } = this.section('import');
    let [count, at] = this.number(start);
    let functions = 0;
    for (; count; count -= 1) {
      [, at] = this.text(at);
      [, at] = this.text(at);
      const kind = this.bytes[at];
      at += 1;
      if (kind === 0) functions += 1;
      if (kind === 1 || kind === 3) at += 1; // the type of a table or a global
      if (kind === 4) at += 1; // the attribute of a tag
      const limits = kind === 1 || kind === 2;
      const hasMaximum = limits && this.bytes[at] & 1;
      at = kind === 3 ? at + 1 : this.number(limits ? at + 1 : at)[1];
      if (hasMaximum) at = this.number(at)[1];
    }
    return functions;
  }

  names() {
    const section = this.section('custom', 'name');
    const names = new Map();
    if (!section) return names;
    for (let at = section.start; at < section.end; ) {
      const kind = this.bytes[at];
      let [size, start] = this.number(at + 1);
      at = start + size;
      if (kind !== 1) continue;
      let count, index, name;
      for ([count, start] = this.number(start); count; count -= 1) {
        [index, start] = this.number(start);
        [name, start] = this.text(start);
        names.set(index, name);
      }
    }
    return names;
  }

  functions() {
    const names = this.names();
    let index = this.importedFunctions();
    let [count, at] = this.number(this.section('code').start);
    const functions = [];
    for (; count; count -= 1, index += 1) {
      const [size, start] = this.number(at);
      functions.push({ name: names.get(index) ?? `function ${index}`, bytes: start + size - at, code: this.bytes.subarray(start, start + size) });
      at = start + size;
    }
    return functions;
  }
}

/** The crates that a function's name says, in its order. */
function cratesIn(name) {
  const roots = [...name.matchAll(/(?<![\w:\]>])([A-Za-z_]\w*)(?:\[[0-9a-f]+\])?::/g)].map(([, root]) => root);
  return [...new Set(roots.filter((root) => CRATES.has(root)))];
}

/** Generic code of a host is there for the crate that it is made for. */
function crateOf(name) {
  const crates = cratesIn(name);
  const made = crates.find((crate) => !HOSTS.has(crate)) ?? crates[0];
  if (made) return made;
  if (/^(mem(cpy|move|set|cmp)|__(multi|udiv|umod|divti|ashl|lshr))/.test(name)) return 'compiler_builtins';
  if (/wbg|wbindgen|externref|wasm_bindgen/.test(name)) return 'wasm_bindgen';
  return /^(__rust|__rdl|rust_)/.test(name) ? 'std' : '(no crate in the name)';
}

function table(heads, rows) {
  const cells = [heads, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell ?? '')))];
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) => row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ').trimEnd();
  console.log([line(cells[0]), line(widths.map((width) => '-'.repeat(width))), ...cells.slice(1).map(line), ''].join('\n'));
}

const shipped = new Module(read('build/index_bg.wasm'));
const named = new Module(read('target/size/named/index_bg.wasm'));
const functions = named.functions().map((each) => ({ ...each, crate: crateOf(each.name), mentions: cratesIn(each.name) }));
const sum = (items) => items.reduce((total, { bytes }) => total + bytes, 0);
const code = sum(functions);

const crates = Object.entries(Object.groupBy(functions, ({ crate }) => crate))
  .map(([crate, its]) => ({ crate, count: its.length, bytes: sum(its), packed: gzipped(Buffer.concat(its.map((each) => each.code))), named: sum(functions.filter(({ mentions }) => mentions.includes(crate))) }))
  .sort((a, b) => b.bytes - a.bytes);
table(['crate', 'functions', 'bytes', '% of code', 'gzipped alone', 'named in'],
  crates.map(({ crate, count, bytes, packed, named: mentioned }) => [crate, count, bytes, ((100 * bytes) / code).toFixed(1), packed, mentioned]));
console.log(`A function counts for the first crate in its name that is neither the standard library nor what runs
futures; inlined code counts where it went. «named in» is every function that says the crate, such as
its generic code made for another: about what could go if the crate went.\n`);

const OURS = 'fluxer_oauth2';
const ours = Object.entries(Object.groupBy(functions.filter(({ crate }) => crate === OURS), ({ name }) => name.match(/fluxer_oauth2(?:\[\w+\])?::((?:[a-z0-9]\w*(?:::|(?=$|>)))*)/)?.[1].split('::').slice(0, 2).filter(Boolean).join('::') || '(the root)'))
  .map(([file, its]) => ({ file, count: its.length, bytes: sum(its), packed: gzipped(Buffer.concat(its.map((each) => each.code))) }))
  .sort((a, b) => b.bytes - a.bytes);
table([`of ${OURS}`, 'functions', 'bytes', '% of code', 'gzipped alone'],
  ours.map(({ file, count, bytes, packed }) => [file, count, bytes, ((100 * bytes) / code).toFixed(1), packed]));
console.log(`The compiler puts most of what answers requests into one function, the fetch of\n${OURS}::cloudflare: --functions shows it.\n`);

const few = Number(options.functions ?? 20);
const shown = functions.filter(({ crate }) => !options.crate || crate === options.crate.replaceAll('-', '_')).sort((a, b) => b.bytes - a.bytes);
if (options.functions || options.crate) {
  const short = (name) => name.replace(/\[[0-9a-f]{8,}\]/g, '').replace(/::h[0-9a-f]{16}$/, '');
  for (const { bytes, name } of shown.slice(0, few)) console.log(`${bytes.toLocaleString('en').padStart(9)}  ${short(name).slice(0, 200)}`);
  console.log();
}
if (options.json) writeFileSync(options.json, JSON.stringify(functions.map(({ name, crate, bytes }) => ({ name, crate, bytes })), null, 1));

const glue = read('build/index.js');
const slice = ({ start, end }) => shipped.bytes.subarray(start, end);
const sections = shipped.sections.toSorted((a, b) => b.bytes - a.bytes);
const small = sections.filter(({ bytes }) => bytes < 1_000);
table(['what ships', 'bytes', 'gzipped alone'], [
  ...sections.filter(({ bytes }) => bytes >= 1_000).map((each) => [`wasm: ${each.name ? `${each.kind} ${each.name}` : each.kind}`, each.bytes, gzipped(slice(each))]),
  ['wasm: the other sections', sum(small), null],
  ['index_bg.wasm', shipped.bytes.length, gzipped(shipped.bytes)],
  ['index.js, the glue', glue.length, gzipped(glue)],
  ['both', shipped.bytes.length + glue.length, gzipped(shipped.bytes) + gzipped(glue)],
]);
const total = gzipped(shipped.bytes) + gzipped(glue);
console.log(`${total.toLocaleString('en')} bytes gzipped, of ${BUDGET.toLocaleString('en')}: ${total <= BUDGET ? `${(BUDGET - total).toLocaleString('en')} left` : `${(total - BUDGET).toLocaleString('en')} TOO MANY`}.`);
const drift = Math.abs(named.section('code').bytes / shipped.section('code').bytes - 1);
if (drift > 0.01) console.log(`(The twin with names has ${(100 * drift).toFixed(1)} % more or less code than what ships.)`);
