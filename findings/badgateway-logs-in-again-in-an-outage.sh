#!/usr/bin/env bash
# @badgateway/oauth2-client 3.3.1: `OAuth2Fetch` asks for a new login when a refresh is answered with 503 or 429.
#
# Expected: `getNewToken` is called where there is no token, or where the refresh token is refused (`invalid_grant`). A
#   503 says nothing of the token: the call fails with the `OAuth2HttpError` that `refreshToken` throws, or is tried again.
# Seen: whatever goes wrong at the refresh, it prints "refresh token not accepted, we'll try reauthenticating" and calls
#   `getNewToken`; where that gives null, the error is "Unable to obtain OAuth2 tokens, a full reauth may be needed", and
#   the status, `error` and `Retry-After` are gone. The stored token stays, and is good for the next call.
# Who meets it: sites whose `getNewToken` sends the browser to the login: an outage of a moment at the end of a token
#   sends everybody there. At a server that limits logins or asks for consent again, that makes it worse.
# What to do: refresh with `OAuth2Client.refreshToken` oneself, and begin a login at `invalid_grant` only; or let
#   `getNewToken` look first whether the server is well.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . @badgateway/oauth2-client@3.3.1 >/dev/null

cat >try.mjs <<'JAVASCRIPT'
import { once } from "node:events";
import http from "node:http";
import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client";

let status;
const server = http.createServer((request, response) => {
  response.writeHead(status, { "content-type": "application/json", "retry-after": "1" });
  response.end(JSON.stringify({ error: "temporarily_unavailable" }));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const client = new OAuth2Client({ clientId: "client", clientSecret: "secret", server: `http://127.0.0.1:${server.address().port}`, tokenEndpoint: "/token" });
for (status of [503, 429]) {
  let logins = 0;
  const wrapper = new OAuth2Fetch({
    client,
    getStoredToken: () => ({ accessToken: "old", refreshToken: "good", expiresAt: Date.now() - 1000 }),
    getNewToken: () => { logins += 1; return null; },
  });
  const refusal = await wrapper.fetch("http://127.0.0.1:1/").catch((error) => error);
  console.log(`${status}: ${logins} login, ${refusal.constructor.name}: ${refusal.message}`);
}
server.close();
server.closeAllConnections();
JAVASCRIPT
node try.mjs | tee seen

diff - seen <<'EXPECTED'
503: 1 login, Error: Unable to obtain OAuth2 tokens, a full reauth may be needed
429: 1 login, Error: Unable to obtain OAuth2 tokens, a full reauth may be needed
EXPECTED
