#!/usr/bin/env bash
# aioauth-client 0.30.1: a resource's 401 is returned as if it were what was asked for.
#
# Expected: `await client.request("GET", "users/@me")` gives the user or raises. The same library raises OAuthError where the token
#   endpoint refuses.
# Seen: with a 401, a 403 or a 429 it gives the JSON of the refusal: {'code': 0, 'message': '401: Unauthorized'}. The status is lost.
# Who meets it: applications whose user has revoked them, or whose token has expired: they find no `id` in "the user", or store
#   a message as a profile. Nothing tells them to refresh.
# What to do: look for what was asked for before it is used, and treat its absence as a refusal.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check aioauth-client==0.30.1

cat >try.py <<'PYTHON'
import asyncio, json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from aioauth_client import OAuth2Client

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


for status, body in [
    (200, {"id": "1"}), (401, {"code": 0, "message": "401: Unauthorized"}), (403, {"code": 50001, "message": "Missing Access"}),
    (429, {"message": "limited", "retry_after": 1}),
]:
    origin, _ = serve(lambda path: (status, body))
    client = OAuth2Client(
        "1", "secret", base_url=origin + "/", authorize_url=origin, access_token_url=origin + "/token", access_token="token")
    try:
        print(f"{status}: {asyncio.run(client.request('GET', 'me'))}")
    except Exception as error:
        print(f"{status}: raised {type(error).__name__}")
origin, _ = serve(lambda path: (400, {"error": "invalid_grant"}))
client = OAuth2Client("1", "secret", base_url=origin + "/", authorize_url=origin, access_token_url=origin + "/token")
try:
    print(asyncio.run(client.get_access_token("code")))
except Exception as error:
    print(f"the token endpoint's 400: raised {type(error).__name__}")
PYTHON
env/bin/python try.py 2>/dev/null | tee seen

diff - seen <<'EXPECTED'
200: {'id': '1'}
401: {'code': 0, 'message': '401: Unauthorized'}
403: {'code': 50001, 'message': 'Missing Access'}
429: {'message': 'limited', 'retry_after': 1}
the token endpoint's 400: raised OAuthError
EXPECTED
