#!/usr/bin/env bash
# simple-oauth2 5.1.0, requests_oauth2client 1.8.0, httpx-oauth 0.17.0: a refresh without a new refresh token forgets the old one.
#
# Expected: where the answer to a refresh has no refresh_token, the old one stays good (RFC 6749 §6: the server MAY issue a new one).
#   The library's new token has it, as that of requests-oauthlib has, for the application stores that one object.
# Seen: the new token of all three has no refresh token. simple-oauth2 then sends `refresh_token=`, empty, at the next refresh,
#   and requests_oauth2client's session stays without one.
# Who meets it: users of servers that do not rotate refresh tokens, an hour after their login: they have to log in again.
#   @fastify/oauth2 is made of simple-oauth2.
# What to do: a server sends a refresh token in every answer to a refresh, as this server does. An application of another
#   server merges the new token over the old one before it stores it.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . simple-oauth2@5.1.0 >/dev/null
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check requests_oauth2client==1.8.0 httpx-oauth==0.17.0 requests-oauthlib==2.0.0

cat >try.mjs <<'JAVASCRIPT'
import { once } from "node:events";
import http from "node:http";
import { AuthorizationCode } from "simple-oauth2";

const sent = [];
const server = http.createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  sent.push(new URLSearchParams(body).get("refresh_token"));
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ access_token: "new", token_type: "Bearer", expires_in: 3600 }));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const client = new AuthorizationCode({
  client: { id: "1", secret: "secret" }, auth: { tokenHost: `http://127.0.0.1:${server.address().port}` },
});
const next = await client.createToken({ access_token: "old", refresh_token: "good" }).refresh();
await next.refresh();
console.log("simple-oauth2:", next.token.refresh_token, "and sends", JSON.stringify(sent));
server.close();
server.closeAllConnections();
JAVASCRIPT
cat >try.py <<'PYTHON'
import asyncio, json, os, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
import requests
from httpx_oauth.oauth2 import OAuth2
from requests_oauth2client import BearerToken, OAuth2AccessTokenAuth, OAuth2Client
from requests_oauthlib import OAuth2Session

def serve(answer):
    """A server on loopback; gives its origin and the bodies that it was sent."""
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers.get("content-length") or 0)).decode())
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_GET = do_POST

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}", bodies


origin, _ = serve(lambda path: (200, {"access_token": "new", "token_type": "Bearer", "expires_in": 3600}))
auth = OAuth2AccessTokenAuth(
    client=OAuth2Client(origin + "/token", client_id="1", client_secret="secret", testing=True),
    token=BearerToken("old", refresh_token="good", expires_in=-10))
requests.get(origin + "/me", auth=auth)
print("requests_oauth2client:", auth.token.access_token, auth.token.refresh_token)
client = OAuth2("1", "secret", origin + "/authorize", origin + "/token", origin + "/token")
token = asyncio.run(client.refresh_token("good"))
print("httpx-oauth:", token["access_token"], token.get("refresh_token"))
session = OAuth2Session("1", token={"access_token": "old", "refresh_token": "good", "token_type": "Bearer"})
print("requests-oauthlib:", session.refresh_token(origin + "/token")["refresh_token"])
PYTHON
{ node try.mjs; env/bin/python try.py; } | tee seen

diff - seen <<'EXPECTED'
simple-oauth2: undefined and sends ["good",""]
requests_oauth2client: new None
httpx-oauth: new None
requests-oauthlib: good
EXPECTED
