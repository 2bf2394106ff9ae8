#!/usr/bin/env bash
# @discordjs/rest 2.6.3: after one 401 it forgets its token, and every later request fails without being sent.
#
# Expected: a 401 is the answer to one request. The next request is sent with the same token, for the 401 may have been of that
#   resource alone or of a moment, and the caller may have refreshed what the token stands for.
# Seen: the request after a 401 is not sent: "Expected token to be set for this request, but none was present".
# Who meets it: programs that keep one REST object for a user's token. When the token has expired, the first request says
#   401, and all the others say something else, which does not look like an expired token and has no status.
# What to do: at a 401 refresh, and call `setToken` with the new token; treat that text as a 401.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . @discordjs/rest@2.6.3 >/dev/null

cat >try.mjs <<'JAVASCRIPT'
import { once } from "node:events";
import http from "node:http";
import { REST } from "@discordjs/rest";

let requests = 0;
const server = http.createServer((request, response) => {
  requests += 1;
  response.writeHead(requests === 1 ? 401 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(requests === 1 ? { code: 0, message: "401: Unauthorized" } : { id: "1" }));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const rest = new REST({ api: `http://127.0.0.1:${server.address().port}`, authPrefix: "Bearer" }).setToken("token");
for (const turn of ["first", "second", "third"]) {
  const outcome = await rest.get("/users/@me").then(({ id }) => `user ${id}`, (error) => error.message);
  console.log(`${turn}: ${outcome} (${requests} sent)`);
}
rest.setToken("next");
console.log(`with a token again: user ${(await rest.get("/users/@me")).id} (${requests} sent)`);
server.close();
server.closeAllConnections();
JAVASCRIPT
node try.mjs | tee seen

diff - seen <<'EXPECTED'
first: 401: Unauthorized (1 sent)
second: Expected token to be set for this request, but none was present (1 sent)
third: Expected token to be set for this request, but none was present (1 sent)
with a token again: user 1 (2 sent)
EXPECTED
