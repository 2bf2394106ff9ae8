// The heads of the files in tests/strangers and tests/clients: `Key: value` in the comment at the top of
// each, and the part of it that documentation shows.

import { readFileSync, readdirSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMENT = /^(?:#|\/\/) ?/;
const KEY = /^([A-Z][a-z]+): (.*)$/;

/**
 * What a head may say; the first five it must.
 *
 * - `Proves`: what is tested, of CLAIMS; `Lacks`: what of SIX the client has not, or was not tried; `Fails`: what it says instead, where it does
 *   not work
 * - `Install`: `apt NAME …`, `pip NAME==VERSION …`, `npm NAME@VERSION …`, with `; ` between
 * - `Driven`: `by calls` over a pipe (`authorize`, `callback`, `me`, `refresh`, `revoke`,
 *   `device`, `poll`), `as a site` or `as a resource server`
 *   on PORT of loopback, or `on loopback`: by calls, and it takes its own redirect
 * - `Type`: of the application; `Enter` and `Callback`: the site's paths; `Refresh` and `Revoke`: those that give the site's
 *   tokens in JSON after a refresh, and that revoke them
 * - `Denial`, `Limited`, `Outage`: what an application, or its user, is told then; of a resource server, its answer to a token
 * - `Limit`: of the token endpoint then, `1/SECONDS`, where the client waits for it
 * - `Refused: at a login`: it is then at a login, although the client refreshes
 * - `Without`: what it says at a login where it lacks its setting, which WITHOUT_SETTING tells it to leave away; of a
 *   resource server, its answer to a good token
 * - `Worker`: settings (`NAME=value`), and `https` for a Worker behind TLS
 * - `Snippet`: another file that has the snippet
 */
export const KEYS = ['Client', 'Ecosystem', 'Version', 'Setting', 'Proves', 'Install', 'Driven', 'Type', 'Enter', 'Callback', 'Refresh', 'Revoke', 'Denial', 'Limited', 'Limit', 'Outage', 'Refused', 'Without', 'Worker', 'Lacks', 'Fails', 'Note', 'Snippet'];
export const CLAIMS = ['login', 'refresh', 'revocation', 'denial', 'limited answer', 'outage', 'introspection', 'client credentials', 'private_key_jwt', 'PAR', 'DPoP', 'device grant'];
/** What is proved of every client, or said to be missing of it. */
export const SIX = CLAIMS.slice(0, 6);
/** How those get tokens, or meet them, that send nobody to a login. */
const INSTEAD_OF_LOGIN = ['device grant', 'client credentials', 'introspection'];

/** The head of a file, by its keys in lower case; a line that is indented goes on with the one before it. */
export function head(file) {
  const source = readFileSync(file, 'utf8');
  const fields = { file, name: basename(file, extname(file)), extension: extname(file), snippet: snippet(source) };
  let last;
  for (const line of source.split('\n')) {
    if (line.startsWith('#!')) continue;
    if (!COMMENT.test(line)) break;
    const text = line.replace(COMMENT, '');
    const [, key, value] = text.match(KEY) ?? [];
    if (key) {
      if (!KEYS.includes(key)) throw new Error(`${file}: a head has no ${key}`);
      last = key === 'Snippet' ? 'snippet_of' : key.toLowerCase();
      fields[last] = value.trim();
    } else if (last && text.startsWith('  ')) {
      fields[last] += ` ${text.trim()}`;
    } else {
      break;
    }
  }
  for (const key of KEYS.slice(0, 5)) if (!fields[key.toLowerCase()]) throw new Error(`${file}: its head has no ${key}`);
  fields.proves = fields.proves.split(', ');
  fields.lacks = fields.lacks?.split(', ') ?? [];
  complete(fields);
  return fields;
}

/** Each of SIX is either proved or lacking: nothing is left unsaid. */
function complete({ file, proves, lacks, fails }) {
  for (const claim of [...proves, ...lacks]) if (!CLAIMS.includes(claim)) throw new Error(`${file}: no claim is called ${claim}`);
  if (fails) return;
  for (const claim of SIX) {
    const proved = proves.includes(claim) || (claim === 'login' && INSTEAD_OF_LOGIN.some((other) => proves.includes(other)));
    if (proved === lacks.includes(claim)) throw new Error(`${file}: its head says ${proved ? 'both' : 'neither'} that it proves and that it lacks: ${claim}`);
  }
}

/** What stands between the lines `snippet` and `end of snippet`, without its common indent. */
function snippet(source) {
  const lines = source.split('\n');
  const at = (text) => lines.findIndex((line) => line.trim().replace(COMMENT, '') === text);
  const [from, to] = [at('snippet'), at('end of snippet')];
  if (from < 0 || to < 0) return undefined;
  const inside = lines.slice(from + 1, to);
  const indents = inside.filter((line) => line.trim()).map((line) => line.match(/^\s*/)[0].length);
  return inside.map((line) => line.slice(Math.min(...indents))).join('\n').trim();
}

/** The files of a folder that begin with a head. */
function heads(folder, suffix = '') {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && entry.name.endsWith(suffix) && !entry.name.startsWith('.'));
  return files.map(({ name }) => join(folder, name)).sort();
}

/** Those of tests/strangers, by name. */
export function strangers() {
  return heads(join(ROOT, 'tests/strangers')).map(head);
}

/** Those of tests/clients: a file may have several clients, and the versions are those that it installs. */
export function clients() {
  const folder = join(ROOT, 'tests/clients');
  const read = (name) => readFileSync(join(folder, name), 'utf8');
  const npm = JSON.parse(read('package.json')).dependencies;
  const versions = {
    npm: (name) => npm[name],
    pip: (name) => read('requirements.txt').match(new RegExp(`^${name}==(\\S+)`, 'm'))?.[1],
    cargo: (name) => read('rust/Cargo.toml').match(new RegExp(`^${name} = \\{ version = "=([^"]+)"`, 'm'))?.[1],
  };
  const version = (spelled) => {
    const [kind, name] = spelled.split(':');
    return versions[kind](name) ?? (() => { throw new Error(`no version of ${spelled}`); })();
  };
  return heads(folder, '.test.mjs').filter((file) => readFileSync(file, 'utf8').startsWith('// Client: ')).flatMap((file) => {
    const fields = head(file);
    const [names, spelled, settings] = [fields.client, fields.version, fields.setting].map((field) => field.split('; '));
    const of = fields.snippet ?? (fields.snippet_of && snippet(read(fields.snippet_of)));
    return names.map((client, index) => ({ ...fields, client, version: version(spelled[index]), setting: settings[index], snippet: index ? undefined : of }));
  });
}
