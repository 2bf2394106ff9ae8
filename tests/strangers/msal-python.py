# Client: MSAL (Microsoft's)
# Ecosystem: Python
# Version: 1.39.0
# Install: pip msal==1.39.0
# Worker: https
# Setting: `oidc_authority` is the server's origin and `/.`, for it takes none without a path
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: 503
# Without: should consist of an https url with hostname and a minimum of one segment in a path
# Note: After a 429 or a 5xx it gives the same answer again, without asking, for as long as `Retry-After` says.

import json
import os
import sys
from urllib.parse import parse_qsl, urlsplit

os.environ["REQUESTS_CA_BUNDLE"] = os.environ["CA"]

# snippet
import msal
import requests

ISSUER = os.environ["ISSUER"]
AUTHORITY = f"{ISSUER}/."  # an address without a path is refused before anything is asked
SCOPES = ["identify", "email"]  # it asks for openid, profile and offline_access by itself


def connect(authority=AUTHORITY):
    global app
    app = msal.ConfidentialClientApplication(
        os.environ["CLIENT_ID"], client_credential=os.environ["CLIENT_SECRET"], oidc_authority=authority)


def authorize():
    return app.initiate_auth_code_flow(SCOPES, redirect_uri=os.environ["REDIRECT_URI"])


def callback(flow, query):
    return app.acquire_token_by_auth_code_flow(flow, query)


def refresh(token):
    return app.acquire_token_by_refresh_token(token, SCOPES)
# end of snippet


def kept(result):
    if "error" in result:
        raise PermissionError(f"{result['error']} {result.get('error_description')}")
    return {"access_token": result["access_token"], "refresh_token": result.get("refresh_token") or "none"}


def begin():
    global flow
    connect(*([ISSUER] if "WITHOUT_SETTING" in os.environ else []))
    flow = authorize()
    return flow["auth_uri"]


def me(token):
    answer = requests.get(f"{ISSUER}/api/users/@me", headers={"authorization": f"Bearer {token}"})
    answer.raise_for_status()
    return answer.json()


CALLS = {
    "authorize": begin,
    "callback": lambda address: kept(callback(flow, dict(parse_qsl(urlsplit(address).query)))),
    "me": me,
    "refresh": lambda token: kept(refresh(token)),
}
for line in sys.stdin:
    name, *args = json.loads(line)
    try:
        if name not in CALLS:
            raise LookupError("no such call")
        said = {"returned": CALLS[name](*args)}
    except Exception as error:
        said = {"raised": {"type": type(error).__name__, "message": str(error)}}
    print(json.dumps(said), flush=True)
