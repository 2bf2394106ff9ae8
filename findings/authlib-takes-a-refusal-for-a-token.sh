#!/usr/bin/env bash
# Authlib 1.9.9: a 429 at a refresh becomes the session's token, and the one that was good is gone.
#
# Expected: a session whose refresh is refused keeps the tokens it has. It raises, and can be used again later: an answer
#   that is not 200 has no token (RFC 6749 §5.1).
# Seen: where a 4xx answer is JSON without `error`, as a gateway's 429 often is, OAuth2Session takes the body for a token:
#   `session.token` is {'message': …, 'refresh_token': 'good'}, without an access token, and update_token, which stores it,
#   has been called. The caller sees UnsupportedTokenTypeError. A 4xx with `error` and a 503 leave the tokens alone.
# Who meets it: users of Authlib's requests session, when something before the token endpoint limits them: a proxy, a CDN, an API
#   gateway. What they stored is then no token any more.
# What to do: a server gives every refusal of the token endpoint an `error`, a limited answer too, as this server does. A client
#   stores nothing in update_token that has no access_token.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check authlib==1.9.9 requests==2.34.2

cat >try.py <<'PYTHON'
import json, os, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
from authlib.integrations.requests_client import OAuth2Session

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


for name, status, body in [
    ("429 with error", 429, {"error": "temporarily_unavailable"}),
    ("503 without error", 503, {"message": "out of order"}),
    ("429 without error", 429, {"message": "limited"}),
]:
    origin, _ = serve(lambda path: (status, body))
    stored = []
    session = OAuth2Session(
        "1", "secret", token_endpoint=origin + "/token", update_token=lambda token, **_: stored.append(dict(token)),
        token={"access_token": "old", "refresh_token": "good", "token_type": "Bearer", "expires_at": 1})
    try:
        session.get(origin + "/me")
    except Exception as error:
        print(f"{name}: {type(error).__name__}; access token {session.token.get('access_token')}; stored {stored}")
PYTHON
env/bin/python try.py 2>/dev/null | tee seen

diff - seen <<'EXPECTED'
429 with error: OAuthError; access token old; stored []
503 without error: HTTPError; access token old; stored []
429 without error: UnsupportedTokenTypeError; access token None; stored [{'message': 'limited', 'refresh_token': 'good'}]
EXPECTED
