#!/usr/bin/env bash
# arctic 3.7.0: of a refusal it reads `error` only where the status is 400 or 401; of a 429 or a 503 it says the status alone.
#
# Expected: `OAuth2RequestError` with `code` for whatever the token endpoint answers as JSON with `error`, for
#   RFC 6749 §5.2 has errors "unless specified otherwise" at 400, and servers answer 429 and 503 in the same form.
# Seen: `UnexpectedResponseError` with `status`. What the server said, its `error_description` and its
#   `Retry-After`, is nowhere; the same JSON with 400 is an `OAuth2RequestError`.
# Who meets it: applications that log users out on everything that is not an `OAuth2RequestError`, or that would
#   wait for as long as they are told.
# What to do: take `UnexpectedResponseError` with 429 or 503 for "try again later", with a delay of one's own, and only
#   `OAuth2RequestError` with `invalid_grant` for the end of a login.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . arctic@3.7.0 >/dev/null

cat >try.mjs <<'JAVASCRIPT'
import { once } from "node:events";
import http from "node:http";
import { OAuth2Client } from "arctic";

const server = http.createServer((request, response) => {
  response.writeHead(Number(request.url.slice(1)), { "content-type": "application/json", "retry-after": "7" });
  response.end(JSON.stringify({ error: "temporarily_unavailable", error_description: "in seven seconds" }));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const client = new OAuth2Client("client", "secret", "https://app.example/callback");
for (const status of [400, 401, 429, 503]) {
  const refusal = await client.refreshAccessToken(`http://127.0.0.1:${server.address().port}/${status}`, "token", []).catch((error) => error);
  const said = ["code", "description", "status"].filter((name) => refusal[name]).map((name) => `${name} ${refusal[name]}`);
  console.log(`${status}: ${refusal.constructor.name}, ${said.join(", ")}`);
}
server.close();
server.closeAllConnections();
JAVASCRIPT
node try.mjs | tee seen

diff - seen <<'EXPECTED'
400: OAuth2RequestError, code temporarily_unavailable, description in seven seconds
401: OAuth2RequestError, code temporarily_unavailable, description in seven seconds
429: UnexpectedResponseError, status 429
503: UnexpectedResponseError, status 503
EXPECTED
