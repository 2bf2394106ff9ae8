// What scripts/import and scripts/export share: the server, asked as the built-in application, and where
// a run stopped.

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = new URL('../../', import.meta.url);
/** How often a request is sent that is not answered, or answered 429 or 503. */
const TRIES = 8;

export function stop(message) {
  console.error(message);
  process.exit(1);
}

/** The secret of the built-in application: from the environment, or for this machine from .dev.vars. */
function secret(url) {
  if (process.env.ADMIN_CLIENT_SECRET) return process.env.ADMIN_CLIENT_SECRET;
  if (/^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/.test(url)) {
    try {
      const found = /^ADMIN_CLIENT_SECRET=(.*)$/m.exec(readFileSync(new URL('.dev.vars', ROOT), 'utf8'));
      if (found) return found[1].trim().replace(/^(["'])(.*)\1$/, '$2');
    } catch {
      // There is none.
    }
  }
  return stop('ADMIN_CLIENT_SECRET is not set');
}

/** Sends requests to a server as its built-in application, again where it does not answer. */
export function server({ url, 'client-id': id }) {
  const origin = url.replace(/\/+$/, '');
  const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret(url))}`).toString('base64');
  let token;
  async function attempt(path, init) {
    token ??= await authenticate();
    const response = await fetch(origin + path, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
    return [response, await response.text()];
  }
  async function authenticate() {
    const response = await fetch(`${origin}/api/oauth2/token`, {
      method: 'POST', headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'admin' }),
    });
    const body = await response.json();
    if (response.status === 401) stop('the server does not know ADMIN_CLIENT_SECRET');
    if (!response.ok) throw new Error(`no token: ${response.status} ${JSON.stringify(body)}`);
    return body.access_token;
  }
  return async function ask(path, init = {}) {
    for (let tried = 1; ; tried += 1) {
      let why;
      let wait = Math.min(30, 2 ** tried / 2);
      try {
        const [response, text] = await attempt(path, init);
        if (response.ok) return [response, text];
        why = `${response.status} ${text.slice(0, 500)}`;
        if (response.status === 401) token = undefined;
        else if (![429, 500, 502, 503, 504].includes(response.status)) stop(`${path}: ${why}`);
        wait = Math.max(wait, Number(response.headers.get('retry-after')) || 0);
      } catch (error) {
        why = error.cause?.message ?? error.message;
      }
      if (tried === TRIES) stop(`${path}: ${why}\nRun it again: it goes on from here.`);
      console.error(`\n${why}; once more in ${wait} s`);
      await sleep(wait * 1000);
    }
  };
}

/** Where a run stopped, in a file beside the other one, as long as it is about the same thing. */
export function progress(path, about, fromStart) {
  let kept = {};
  try {
    const read = JSON.parse(readFileSync(path, 'utf8'));
    if (!fromStart && JSON.stringify(read.about) === JSON.stringify(about)) kept = read;
  } catch {
    // There is none.
  }
  return {
    state: kept.state,
    keep(state) {
      writeFileSync(`${path}.new`, JSON.stringify({ about, state }));
      renameSync(`${path}.new`, path);
    },
    done: () => rmSync(path, { force: true }),
  };
}

/** One line that is written over, on a terminal; else one line now and then. */
export function teller() {
  let last = 0;
  return (line, always = false) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}${always ? '\n' : ''}`);
    else if (always || Date.now() - last > 5000) {
      console.error(line);
      last = Date.now();
    }
  };
}
