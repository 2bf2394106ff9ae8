// The examples of the READMEs: those in TypeScript as modules, `export default (stage) => …`, and those
// in JavaScript as they are.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const SDK = resolve(import.meta.dirname, '..');
const FOLDER = join(SDK, '.examples');
const OPTIONS = {
  extends: '../tsconfig.base.json',
  // As an application for Node compiles: Node's types, none of the browser's, and ours are checked
  // too. (Node's own do not pass exactOptionalPropertyTypes.)
  compilerOptions: { lib: ['ES2022'], types: ['node'], exactOptionalPropertyTypes: false, noUnusedLocals: false, noUnusedParameters: false, declaration: false, outDir: 'built', rootDir: '..', skipLibCheck: false },
  include: ['*.ts'],
};

/** The TypeScript blocks of a package's README. */
export function blocks(name) {
  return written(name, 'ts').map((code, index) => ({ name: `${name}-${index + 1}`, code }));
}

/** The JavaScript blocks, which are whole programs. */
export const programs = (name) => written(name, 'js');

function written(name, language) {
  const readme = readFileSync(join(SDK, name, 'README.md'), 'utf8');
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, its]) => its === language).map(([, , code]) => code);
}

/** Writes all blocks down as modules, and tells where each will be once it is compiled. */
export function write(packages) {
  const stage = readFileSync(join(SDK, 'checks/stage.ts'), 'utf8');
  const names = [...stage.match(/interface Stage \{[\s\S]*/)[0].matchAll(/^ {2}(\w+)[(:]/gm)].map(([, name]) => name);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER);
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(OPTIONS));
  return packages.flatMap(blocks).map(({ name, code }) => {
    writeFileSync(join(FOLDER, `${name}.ts`), moduleOf(code, names));
    return { name, code, folder: FOLDER, path: join(FOLDER, 'built/.examples', `${name}.js`) };
  });
}

/** A block may declare a name of the stage anew: hence the scope of its own. */
function moduleOf(code, names) {
  const imports = code.match(/^import .*\n/gm) ?? [];
  const body = code.replace(/^import .*\n/gm, '').replace(/^(\S.*); \/\/ → (.+)$/gm, 'await equal(await ($1), $2);');
  return [
    ...imports, "import type { Stage } from '../checks/stage.js';\n",
    `export default async function example({ ${names.join(', ')} }: Stage): Promise<void> {\n{\n${body}}\n}\n`,
  ].join('');
}
