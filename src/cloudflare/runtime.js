// What the runtime's API takes several steps for, each of which would cross from wasm into JavaScript.

/** A response; its headers are JSON. */
export function response(status, headers, body) {
  return new Response(body || null, { status, headers: JSON.parse(headers) });
}

/** Runs a statement of an object's SQLite to its end: an iterator that is left unread loses the turn. */
export function rows(storage, sql, values) {
  return [...storage.exec(sql, ...values).raw()];
}

/**
 * Tells `settled`, by the key, what the promise comes to, or that it took longer than so many milliseconds; none
 * for ever. `request` is the context of the request that waits, where one does.
 */
export function settle(promise, key, milliseconds, settled, request) {
  const bounds = milliseconds ? request ? request[BOUNDS] ??= new Bounds(settled) : new Bound() : undefined;
  bounds?.begin(key, milliseconds, settled);
  promise?.then(
    (value) => { bounds?.end(key); settled(key, 0, value); },
    (reason) => { bounds?.end(key); settled(key, 1, reason); },
  );
}

/** When the promise that an object waits for is late. Its timer is taken back, for it would keep the object awake. */
class Bound {
  #timer;

  begin(key, milliseconds, settled) {
    this.#timer = setTimeout(settled, milliseconds, key, 2);
  }

  end() {
    clearTimeout(this.#timer);
  }
}

const BOUNDS = Symbol('bounds');

/**
 * When the promises that a request waits for are late. To set a timer and to take it back costs as much as a
 * statement of SQLite, so there is one for all of them, and it ends with the request.
 */
class Bounds {
  #settled;
  #lateAt = new Map();
  #timer = Infinity;

  constructor(settled) {
    this.#settled = settled;
  }

  begin(key, milliseconds) {
    const at = Date.now() + milliseconds;
    this.#lateAt.set(key, at);
    this.#wakeAt(at, milliseconds);
  }

  end(key) {
    this.#lateAt.delete(key);
  }

  #wakeAt(at, milliseconds) {
    if (this.#timer <= at) return;
    this.#timer = at;
    setTimeout(() => this.#look(at), milliseconds);
  }

  // By the time that the timer was set for: the clock may have been set back since.
  #look(now) {
    this.#timer = Infinity;
    for (const [key, at] of this.#lateAt) {
      if (at > now) continue;
      this.end(key);
      this.#settled(key, 2);
    }
    for (const at of this.#lateAt.values()) this.#wakeAt(at, at - now);
  }
}

/** Writes a record, for so many seconds; none for ever. */
export function put(namespace, key, value, seconds) {
  return namespace.put(key, value, seconds ? { expirationTtl: seconds } : {});
}

/** Asks an object: JSON for JSON, or the status of a failure. */
export function ask(object, question) {
  return object.ask(question);
}

/** As an object of an earlier version is asked: what it answers stands in a header where it is short. */
export async function askByFetch(object, question) {
  const escaped = question.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const response = await object.fetch('https://object/', { headers: { question: escaped } });
  return response.ok ? response.headers.get('answer') ?? response.text() : response.status;
}
