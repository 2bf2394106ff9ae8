// A browser for clients that are web sites, and a pipe for those in other languages.

import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { Browser } from '../worker/harness.mjs';

/** The world of one test file; its fields are there once tests run. */
export const world = {};

/** A browser that also goes to other servers on this machine, where the clients' web sites are. */
export class Surfer extends Browser {
  /** What becomes of the code on its way to the client. */
  meddle = (code) => code;

  async open(address, options = {}) {
    for (let hops = 0; hops < 10; hops += 1) {
      const at = new URL(address, this.world.origin);
      if (at.origin === this.world.origin && at.pathname === '/oauth2/authorize') this.authorization ??= at;
      const page = await this.ask(at.href, options);
      if (!page.location) return page;
      const next = new URL(page.location, at);
      const code = next.searchParams.get('code');
      if (code) next.searchParams.set('code', this.meddle(code));
      if (next.hostname !== at.hostname) return Object.assign(page, { callback: next });
      [address, options] = [next.href, {}];
    }
    throw new Error(`redirected for ever: ${address}`);
  }
}

/** What a client of another process, or a web site, says went wrong. */
export class Reported extends Error {
  constructor(said) {
    super(JSON.stringify(said));
    Object.assign(this, said);
  }
}

/** A client in another language: one JSON line in is one call, one JSON line out is its answer. */
export class Process {
  /** Milliseconds until a line is late. */
  patience = 30_000;

  constructor(process) {
    this.process = process;
    this.process.stdin.on('error', () => {}); // its end is told below
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    this.failed = once(this.process, 'error').then(([error]) => Promise.reject(error));
    this.failed.catch(() => {});
  }

  /** Its next line. */
  async line(within = this.patience) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('the client says nothing')), within);
    });
    try {
      const { done, value } = await Promise.race([this.lines.next(), this.failed, late]);
      if (done) throw new Error('the client ended');
      return JSON.parse(value);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A line to it, and its next line. */
  send(value) {
    this.process.stdin.write(`${JSON.stringify(value)}\n`);
    return this.line();
  }

  async call(name, ...args) {
    const { returned, raised } = await this.send([name, ...args]);
    if (raised) throw new Reported(raised);
    return returned;
  }
}
