# Client: MCP's Python SDK
# Ecosystem: Python
# Version: 2.3.0
# Install: pip mcp==2.3.0 httpx2==2.16.2
# Setting: a client that was registered by hand, or the server's `DYNAMIC_REGISTRATION`
# Proves: login, refresh, revocation, denial, limited answer, outage
# Refused: at a login
# Denial: access_denied
# Limited: 429
# Outage: 503
# Without: Registration failed
# Note: At any refused refresh it begins a new login, one after a revocation and an outage of a moment alike.

import asyncio
import json
import os
import sys
import time
from urllib.parse import parse_qsl, urlsplit

# snippet
import httpx2
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

ISSUER = os.environ["ISSUER"]
MCP_SERVER = f"{ISSUER}/api/users/@me"  # here, what is asked is not an MCP server: its 401 says as much


class Storage:
    tokens = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return OAuthClientInformationFull(
            client_id=os.environ["CLIENT_ID"], client_secret=os.environ["CLIENT_SECRET"],
            redirect_uris=[os.environ["REDIRECT_URI"]], token_endpoint_auth_method="client_secret_basic", issuer=ISSUER)

    async def set_client_info(self, info):
        pass


def provider(storage, send_the_user_to, wait_for_the_callback):
    metadata = OAuthClientMetadata(client_name="Notes", redirect_uris=[os.environ["REDIRECT_URI"]])
    return OAuthClientProvider(MCP_SERVER, metadata, storage, send_the_user_to, wait_for_the_callback)
# end of snippet


async def main():
    storage, addresses, callbacks = Storage(), asyncio.Queue(), asyncio.Queue()
    if "WITHOUT_SETTING" in os.environ:
        storage.get_client_info = storage.get_tokens  # nobody has registered it
    auth = provider(storage, addresses.put, callbacks.get)
    client = httpx2.AsyncClient(auth=auth)
    asking = None

    async def authorize():
        nonlocal asking
        storage.tokens = auth.context.current_tokens = None
        asking = asyncio.create_task(client.get(MCP_SERVER))
        address = asyncio.create_task(addresses.get())
        await asyncio.wait([asking, address], return_when=asyncio.FIRST_COMPLETED)
        if not address.done():
            raise RuntimeError(f"no login: {await asking}")
        return address.result()

    async def callback(address):
        query = dict(parse_qsl(urlsplit(address).query))
        if "error" in query:
            asking.cancel()
            raise PermissionError(query["error"])
        await callbacks.put(AuthorizationCodeResult(code=query["code"], state=query.get("state"), iss=query.get("iss")))
        (await asking).raise_for_status()
        return json.loads(storage.tokens.model_dump_json())

    async def ask():
        """Asks with the tokens that there are; where it sends its user to a new login, that is the error."""
        asked, address = asyncio.create_task(client.get(MCP_SERVER)), asyncio.create_task(addresses.get())
        await asyncio.wait([asked, address], return_when=asyncio.FIRST_COMPLETED)
        for task in (asked, address):
            if not task.done():
                task.cancel()
        if not asked.done():
            raise PermissionError("a new login")
        return asked.result().raise_for_status()

    async def me(token):
        return (await ask()).json()

    async def refresh(token):
        auth.context.token_expiry_time = time.time() - 1
        await ask()
        return json.loads(storage.tokens.model_dump_json())

    calls = {"authorize": authorize, "callback": callback, "me": me, "refresh": refresh}
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, *args = json.loads(line)
        try:
            if name not in calls:
                raise LookupError("no such call")
            said = {"returned": await calls[name](*args)}
        except Exception as error:
            said = {"raised": {"type": type(error).__name__, "message": str(error)}}
        print(json.dumps(said), flush=True)


asyncio.run(main())
