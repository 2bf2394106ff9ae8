# Client: google-auth-oauthlib (Google's)
# Ecosystem: Python
# Version: 1.5.0
# Install: pip google-auth-oauthlib==1.5.0
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable

import json
import os
import sys

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # oauthlib's own switch for servers on loopback

# snippet
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import Flow

ISSUER = os.environ["ISSUER"]
CONFIG = {
    "web": {
        "client_id": os.environ["CLIENT_ID"],
        "client_secret": os.environ["CLIENT_SECRET"],
        "auth_uri": f"{ISSUER}/oauth2/authorize",
        "token_uri": f"{ISSUER}/api/oauth2/token",
    }
}
flow = Flow.from_client_config(CONFIG, scopes=["identify", "email"], redirect_uri=os.environ["REDIRECT_URI"])


def authorize():
    address, state = flow.authorization_url()
    return address


def callback(address):
    flow.fetch_token(authorization_response=address)
    return flow.credentials


def refresh(token):
    credentials = Credentials(None, refresh_token=token, **{key: CONFIG["web"][key] for key in ("client_id", "client_secret", "token_uri")})
    credentials.refresh(Request())
    return credentials


def me(token):
    answer = AuthorizedSession(Credentials(token)).get(f"{ISSUER}/api/users/@me")
    answer.raise_for_status()
    return answer.json()
# end of snippet


def kept(credentials):
    return {"access_token": credentials.token, "refresh_token": credentials.refresh_token}


CALLS = {"authorize": authorize, "callback": lambda address: kept(callback(address)), "me": me, "refresh": lambda token: kept(refresh(token))}
for line in sys.stdin:
    name, *args = json.loads(line)
    try:
        if name not in CALLS:
            raise LookupError("no such call")
        said = {"returned": CALLS[name](*args)}
    except Exception as error:
        said = {"raised": {"type": type(error).__name__, "message": str(error)}}
    print(json.dumps(said), flush=True)
