#!/usr/bin/env bash
# msal 1.39.0 (MSAL for Python): `oidc_authority` takes no issuer without a path, such as https://login.example.
#
# Expected: it takes any issuer. Its documentation says that its discovery is `{oidc_authority}/.well-known/openid-configuration`,
#   and an issuer is an https URL whose path is optional (OpenID Connect Discovery 1.0 §4).
# Seen: `ValueError: Your given address (https://login.example) should consist of an https url with hostname and a minimum of
#   one segment in a path`, before anything is asked. With `/.` behind it, discovery is asked for at
#   https://login.example/./.well-known/openid-configuration, which requests sends without the dot, and the issuer is believed.
# Who meets it: applications on MSAL that take another provider than Microsoft's, at its own host name.
# What to do: write `/.` behind the origin, as tests/strangers/msal-python.py does.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input msal==1.39.0

cat >try.py <<'PYTHON'
import json

import msal
import requests


class Answer:
    status_code, headers = 200, {}
    text = json.dumps({name: f"https://login.example/{name}" for name in ("authorization_endpoint", "token_endpoint")} | {"issuer": "https://login.example"})


class Client:
    def get(self, url, **more):
        print("asked for", url, "which is sent as", requests.Request("GET", url).prepare().url)
        return Answer()

    def post(self, url, **more):
        return Answer()


for authority in ("https://login.example", "https://login.example/", "https://login.example/."):
    try:
        msal.ConfidentialClientApplication("client", client_credential="secret", oidc_authority=authority, http_client=Client())
        print(authority, "is good")
    except ValueError as error:
        print(authority, "is refused:", str(error)[:27])
PYTHON
venv/bin/python try.py | tee seen

diff - seen <<'EXPECTED'
https://login.example is refused: Your given address (https:/
https://login.example/ is refused: Your given address (https:/
asked for https://login.example/./.well-known/openid-configuration which is sent as https://login.example/.well-known/openid-configuration
https://login.example/. is good
EXPECTED
