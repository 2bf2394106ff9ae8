#!/usr/bin/env bash
# @discordjs/rest 2.6.3: a 503 with Retry-After is tried again at once, three times, and then given up.
#
# Expected: Retry-After says how long a service is unavailable (RFC 9110 §10.2.3), and the same class waits for it
#   at a 429. A 503 with `Retry-After: 2` is tried again after two seconds.
# Seen: four requests within the same second, then an HTTPError. A 429 with the same header is waited for.
# Who meets it: bots and web sites on discord.js, at each short outage: one request becomes four at the very moment
#   when the server has said that it needs rest, and the caller sees the outage although it ended in time.
# What to do: `retries: 0`, and try again after Retry-After oneself.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . @discordjs/rest@2.6.3 >/dev/null

cat >try.mjs <<'JAVASCRIPT'
import { once } from "node:events";
import http from "node:http";
import { REST } from "@discordjs/rest";

for (const status of [429, 503]) {
  const times = [];
  const server = http.createServer((request, response) => {
    times.push(Date.now());
    response.writeHead(times.length === 1 || status === 503 ? status : 200, { "content-type": "application/json", "retry-after": "2" });
    response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const rest = new REST({ api: `http://127.0.0.1:${server.address().port}`, authPrefix: "Bearer" }).setToken("token");
  const outcome = await rest.get("/users/@me").then(() => "answered", (error) => error.name.replace(/\[.*/, ""));
  const waited = times.at(-1) - times[0] >= 1900 ? "after two seconds" : "at once";
  console.log(`${status}: ${times.length} requests, the last ${waited}, ${outcome}`);
  server.close();
  server.closeAllConnections();
}
JAVASCRIPT
node try.mjs | tee seen

diff - seen <<'EXPECTED'
429: 2 requests, the last after two seconds, answered
503: 4 requests, the last at once, HTTPError
EXPECTED
