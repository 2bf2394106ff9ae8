# Client: httpx-oauth (OpenID)
# Ecosystem: Python
# Version: 0.17.0
# Install: pip httpx-oauth==0.17.0
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: 429
# Outage: 503

import asyncio
import json
import os
import sys
from urllib.parse import parse_qsl, urlsplit

# snippet
from httpx_oauth.clients.openid import OpenID

ISSUER = os.environ["ISSUER"]
REDIRECT_URI = os.environ["REDIRECT_URI"]
client = OpenID(
    os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"],
    f"{ISSUER}/.well-known/openid-configuration",
    base_scopes=["openid", "identify", "email"],
)


async def authorize():
    return await client.get_authorization_url(REDIRECT_URI, state="of-the-session")


async def callback(code):
    return await client.get_access_token(code, REDIRECT_URI)


async def me(token):
    return await client.get_profile(token)


async def refresh(token):
    return await client.refresh_token(token)


async def revoke(token):
    await client.revoke_token(token, "refresh_token")
# end of snippet


async def returned(address):
    query = dict(parse_qsl(urlsplit(address).query))
    if "error" in query:
        raise PermissionError(query["error"])
    return await callback(query["code"])


CALLS = {"authorize": authorize, "callback": returned, "me": me, "refresh": refresh, "revoke": revoke}


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
