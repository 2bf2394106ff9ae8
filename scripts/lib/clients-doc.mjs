// scripts/clients-doc: writes the parts of docs/clients.md that come from the heads of the clients.

import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { CLAIMS, clients, strangers } from '../../tests/support/heads.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const FILE = join(ROOT, 'docs/clients.md');
const LANGUAGES = { '.rb': 'ruby', '.pl': 'perl', '.py': 'python', '.go': 'go', '.r': 'r', '.java': 'java', '.mjs': 'js', '.sh': 'sh', '.c': 'c', '.rs': 'rust' };
// A server's configuration, whatever the file that wrote it is in.
const CONFIGURATIONS = { Apache: 'apache', Dovecot: 'ini' };

const path = (file) => relative(ROOT, file);
const cell = (text) => text.replaceAll('|', '\\|');
const all = [...clients(), ...strangers()].sort((a, b) => a.ecosystem.localeCompare(b.ecosystem, 'en') || a.client.localeCompare(b.client, 'en'));

function table() {
  const rows = all.map(({ client, ecosystem, version, setting, proves, lacks, fails, file }) => {
    const works = fails ? `fails: ${fails}` : proves.join(', ');
    return `| ${[ecosystem, `[${client}](../${path(file)})`, version, works, lacks.join(', '), setting === 'none' ? '' : setting].map(cell).join(' | ')} |`;
  });
  return ['| ecosystem | client | version | what was proved | what it has not, or was not tried | the setting it needs |', '| --- | --- | --- | --- | --- | --- |', ...rows].join('\n');
}

/** What an application sees of a refusal, and what else there is to know. */
function notes() {
  const said = all.filter(({ limited, outage, note }) => limited ?? outage ?? note);
  return said.map(({ client, denial, limited, outage, note }) => {
    const sees = [[denial, 'a denial'], [limited, 'a limited answer'], [outage, 'an outage']].filter(([text]) => text);
    const parts = sees.map(([text, what]) => `${what} says \`${text}\``);
    return `- **${client}**: ${[parts.join(', '), note].filter(Boolean).join('. ')}${note ? '' : '.'}`;
  }).join('\n');
}

function snippets() {
  const ecosystems = [...new Set(all.filter(({ snippet }) => snippet).map(({ ecosystem }) => ecosystem))];
  return ecosystems.map((ecosystem) => {
    const parts = all.filter((one) => one.ecosystem === ecosystem && one.snippet).map(({ client, snippet, snippet_of, extension }) => {
      const language = CONFIGURATIONS[ecosystem] ?? LANGUAGES[snippet_of?.match(/\.\w+$/)[0] ?? extension];
      return `<details>\n<summary>${client}</summary>\n\n\`\`\`${language}\n${snippet}\n\`\`\`\n\n</details>`;
    });
    return `### ${ecosystem}\n\n${parts.join('\n\n')}`;
  }).join('\n\n');
}

/** The document with each of its made parts made again. */
function made(document) {
  const parts = { table, notes, snippets };
  return Object.entries(parts).reduce((text, [name, make]) => {
    const [begin, end] = [`<!-- ${name}: made by scripts/clients-doc -->`, `<!-- end of ${name} -->`];
    const [before, rest] = text.split(begin);
    if (!rest?.includes(end)) throw new Error(`docs/clients.md has no ${begin}`);
    return `${before}${begin}\n\n${make()}\n\n${end}${rest.slice(rest.indexOf(end) + end.length)}`;
  }, document);
}

for (const claim of CLAIMS) if (!all.some(({ proves }) => proves.includes(claim))) throw new Error(`nobody proves ${claim}`);
const before = readFileSync(FILE, 'utf8');
const after = made(before);
if (process.argv[2] === '--check') {
  if (before !== after) {
    console.error('docs/clients.md is not what its clients say: run scripts/clients-doc');
    process.exitCode = 1;
  }
} else {
  writeFileSync(FILE, after);
}
