// What the runtime's API takes several steps for, each of which would cross from wasm into JavaScript.

/** A response; its headers are JSON. */
export function response(status, headers, body) {
  return new Response(body || null, { status, headers: JSON.parse(headers) });
}

/** What the promise comes to within so many milliseconds; else `late`. */
export function within(milliseconds, promise, late) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds, late);
    promise.then(
      (value) => { clearTimeout(timer); resolve(value); },
      (error) => { clearTimeout(timer); reject(error); },
    );
  });
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
