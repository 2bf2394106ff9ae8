// What the runtime's API takes several steps for, each of which would cross from wasm into JavaScript.

/** A response; its headers are JSON. */
export function response(status, headers, body) {
  return new Response(body || null, { status, headers: JSON.parse(headers) });
}

/** Runs a statement of an object's SQLite to its end: an iterator that is left unread loses the turn. */
export function rows(storage, sql, values) {
  return [...storage.exec(sql, ...values).raw()];
}

/** Tells `settled`, by the key, what the promise comes to, or that it took longer than so many milliseconds; none for ever. */
export function settle(promise, key, milliseconds, settled) {
  const timer = milliseconds && setTimeout(settled, milliseconds, key, 2);
  promise?.then(
    (value) => { if (timer) clearTimeout(timer); settled(key, 0, value); },
    (reason) => { if (timer) clearTimeout(timer); settled(key, 1, reason); },
  );
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
