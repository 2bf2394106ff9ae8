// The floor: the same storage operations and one signature, nothing checked. See floor/src/lib.rs.

import { join } from 'node:path';

import { ROOT, freePort, workerd } from '../processes.mjs';
import { migrations, modules, newcomersOf, rows } from './ours.mjs';

export class Floor {
  name = 'floor';

  constructor({ wrap = (modules) => modules } = {}) {
    this.wrap = wrap;
  }

  async start(storage, visitors) {
    const statements = [...migrations(), ...Array.from({ length: visitors }, (_, index) => rows(index)).flat()];
    if (!storage.has(this.name)) await storage.sql(this.name, statements);
    this.storage = storage;
    this.port = await freePort();
    await this.serve();
    this.families = 0;
    this.newcomers = newcomersOf(storage, this.name);
    this.run = Date.now().toString(36);
  }

  async serve() {
    const { name, storage, port } = this;
    this.server = await workerd(name, { storage, port, modules: this.wrap(modules(join(ROOT, 'target/floor/build'))), kv: ['RECORDS'], d1: ['DIRECTORY'], objects: { LEDGER: 'Ledger' } });
  }

  async restart() {
    await this.server.stop();
    await this.serve();
  }

  async setUp(visitor) {
    const [{ params: [user] }, , { params: [application] }] = rows(visitor.index);
    visitor.ledger = `${user}:${application}`;
    visitor.family = await this.approve.run(visitor);
  }

  approve = {
    run: async (visitor) => {
      this.families += 1;
      const family = `${this.run}-${this.families}`;
      await visitor.ask('POST', `/approve/${visitor.ledger}/${family}`);
      return family;
    },
  };

  exchange = {
    prepare: this.approve.run,
    run: (visitor, family) => visitor.ask('POST', `/exchange/${visitor.ledger}/${family}`),
  };

  login = { run: async (visitor) => this.exchange.run(visitor, await this.approve.run(visitor)) };

  first_login = {
    prepare: async (visitor) => ({ ...visitor, ask: (...asked) => visitor.ask(...asked), ledger: visitor.ledger.replace(/^\d+/, rows(await this.newcomers.next())[0].params[0]) }),
    run: (visitor, newcomer) => this.login.run(newcomer),
  };

  refresh = { run: (visitor) => visitor.ask('POST', `/refresh/${visitor.ledger}/${visitor.family}`) };

  refresh_cold = {
    cold: true,
    prepare: async (visitor) => {
      visitor.away ??= [];
      if (visitor.away.length) return visitor.away.pop();
      const newcomer = await this.first_login.prepare(visitor);
      newcomer.family = await this.approve.run(newcomer);
      return newcomer;
    },
    run: async (visitor, newcomer) => {
      await this.refresh.run(newcomer);
      visitor.away.push(newcomer);
    },
  };

  client_credentials = { run: (visitor) => visitor.ask('POST', `/sign/${visitor.ledger}`) };

  me = { run: (visitor) => visitor.ask('GET', `/me/${visitor.ledger}/${visitor.family}`) };

  introspect = { run: (visitor) => visitor.ask('POST', `/read/${visitor.ledger}/${visitor.family}`) };

  metadata = { run: (visitor) => visitor.ask('GET', '/') };
}
