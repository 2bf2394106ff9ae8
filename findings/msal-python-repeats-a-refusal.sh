#!/usr/bin/env bash
# msal 1.39.0 (MSAL for Python): after a 429 or a 5xx it gives the same error again, without asking, for five seconds or as long as `Retry-After` says.
#
# Expected: each call asks the token endpoint, and raises what that says now; when to try again is the application's to decide.
# Seen: of refreshes at once, after two seconds and after eight, the server, which was ill for the first one alone, sees two: the second
#   raises `HTTP Error: 503` a second time. With `Retry-After: 1` the second is asked and answered; with `Retry-After: 600` none is.
# Who meets it: whoever looks whether an outage is over by trying again: the answer is the old one, and nothing is in the server's log.
# What to do: send a small `Retry-After` with a 503, as this server does (1). An application that cannot wait builds a new
#   `ConfidentialClientApplication`, for what was refused is remembered in its `http_cache`.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input msal==1.39.0

cat >try.py <<'PYTHON'
import json
import time

import msal


class Answer:
    def __init__(self, status, body, headers=None):
        self.status_code, self.text, self.headers = status, json.dumps(body), headers or {}

    def raise_for_status(self):
        if self.status_code >= 400:
            raise RuntimeError(f"HTTP Error: {self.status_code}")


class Server:
    """Its discovery, and a token endpoint that answers 503 once and is well afterwards."""

    def __init__(self, headers):
        self.headers, self.asked = headers, 0

    def get(self, url, **more):
        return Answer(200, {name: f"https://login.example/tenant/{name}" for name in ("authorization_endpoint", "token_endpoint")} | {"issuer": "https://login.example/tenant"})

    def post(self, url, **more):
        self.asked += 1
        if self.asked == 1:
            return Answer(503, {"error": "temporarily_unavailable"}, self.headers)
        return Answer(200, {"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": 60})


for headers in ({}, {"Retry-After": "1"}, {"Retry-After": "600"}):
    server = Server(headers)
    application = msal.ConfidentialClientApplication("client", client_credential="secret", oidc_authority="https://login.example/tenant", http_client=server)
    said = []
    for pause in (0, 2, 6):
        time.sleep(pause)
        try:
            said.append("tokens" if "access_token" in application.acquire_token_by_refresh_token("r", ["identify"]) else "a refusal")
        except Exception as error:
            said.append(str(error))
    print(headers, "- asked", server.asked, "-", ", ".join(said))
PYTHON
venv/bin/python try.py | tee seen

diff - seen <<'EXPECTED'
{} - asked 2 - HTTP Error: 503, HTTP Error: 503, tokens
{'Retry-After': '1'} - asked 3 - HTTP Error: 503, tokens, tokens
{'Retry-After': '600'} - asked 1 - HTTP Error: 503, HTTP Error: 503, HTTP Error: 503
EXPECTED
