# Client: aioauth-client
# Ecosystem: Python
# Version: 0.30.1
# Install: pip aioauth-client==0.30.1
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: OAuthError
# Outage: OAuthError
# Note: `request` returns the body of a 401 as if it were the answer: look for what you asked for.

import asyncio
import json
import os
import sys
from urllib.parse import parse_qsl, urlsplit

# snippet
from aioauth_client import OAuth2Client

ISSUER = os.environ["ISSUER"]
client = OAuth2Client(
    os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"],
    base_url=f"{ISSUER}/api/",
    authorize_url=f"{ISSUER}/oauth2/authorize",
    access_token_url=f"{ISSUER}/api/oauth2/token",
)


async def authorize():
    return client.get_authorize_url(
        response_type="code", redirect_uri=os.environ["REDIRECT_URI"], scope="identify email", state="of-the-session")


async def callback(code):
    _token, answer = await client.get_access_token(code, redirect_uri=os.environ["REDIRECT_URI"])
    return answer


async def me(token):
    client.access_token = token
    user = await client.request("GET", "users/@me")
    if "id" not in user:  # a refusal is an answer like any other
        raise PermissionError(user["message"])
    return user


async def refresh(token):
    _token, answer = await client.get_access_token(token, grant_type="refresh_token")
    return answer
# end of snippet


async def returned(address):
    query = dict(parse_qsl(urlsplit(address).query))
    if "error" in query:
        raise PermissionError(query["error"])
    return await callback(query["code"])


CALLS = {"authorize": authorize, "callback": returned, "me": me, "refresh": refresh}


def raised(error):
    return {"raised": {"type": type(error).__name__, "message": str(error)}}


async def main():
    for line in sys.stdin:
        name, *args = json.loads(line)
        try:
            if name not in CALLS:
                raise LookupError("no such call")
            said = {"returned": await CALLS[name](*args)}
        except Exception as error:
            said = raised(error)
        print(json.dumps(said), flush=True)


asyncio.run(main())
