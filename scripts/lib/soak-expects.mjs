// What the answer to a refresh has to be, out of what its client knows of the tries before: see soak.mjs.

/** Milliseconds for which a refresh token that was used is answered as it was the first time. */
export const ROTATION_GRACE = 30_000;

/**
 * `works`, `refused` as used before, or `either`, where the client cannot know. A try of a refresh token is
 * `{ asked, answered, status }`: two instants in milliseconds, and the status that came back, if one did. `tries` are
 * all tries of one token, `tried` among them; no successor of the token was used so far.
 */
export function expected(tries, tried) {
  const others = tries.filter((it) => it !== tried && it.asked <= tried.answered);
  // It was first used no earlier than a first other try was sent …
  const began = Math.min(...others.map(({ asked }) => asked));
  if (tried.answered - began < ROTATION_GRACE) return 'works';
  // … and no later than a try came back with its successor.
  const used = Math.min(...others.filter(({ status }) => status === 200).map(({ answered }) => answered));
  return tried.asked - used >= ROTATION_GRACE ? 'refused' : 'either';
}

/** Whether an answer refuses a token as one that was used before. */
export const isUsedBefore = ({ status, text = '' }) => status === 400 && text.includes('was used before');

/** What is wrong with an answer that is no fault, whose body is `text`; or nothing. */
export function wrongWith(tries, tried, text = '') {
  const isUsed = isUsedBefore({ ...tried, text });
  const expects = expected(tries, tried);
  if (tried.status === 200 && expects !== 'refused') return undefined;
  if (isUsed && expects !== 'works') return undefined;
  return `a refresh that ${{ works: 'should work', refused: 'should be refused', either: 'works or was used before' }[expects]}: ${tried.status} ${text} (${tally(tries)})`;
}

/** The tries of a token, in words: when each was sent and over, and what came back. */
export function tally(tries) {
  const since = Math.min(...tries.map(({ asked }) => asked));
  const told = tries.map(({ asked, answered, status, killed }) => `${asked - since}–${answered - since} ms: ${status ?? 'broken off'}${killed ? ', killed' : ''}`);
  return told.join(', ');
}
