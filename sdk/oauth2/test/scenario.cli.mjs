// The scenario on a command line, in Node, Deno and Bun: `leave` or `arrive`, and its argument as JSON.

import * as scenario from './scenario.mjs';

const [step, argument] = globalThis.Deno?.args ?? globalThis.process.argv.slice(2);
console.log(JSON.stringify(await scenario[step](JSON.parse(argument))));
