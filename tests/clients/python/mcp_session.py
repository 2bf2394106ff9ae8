"""MCP's Python SDK, told by lines of JSON what to do; a visit of its user is a line that waits for an answer."""

import asyncio
import json
import os
import sys
import time
from urllib.parse import parse_qsl, urlsplit

import httpx2
from mcp import ClientSession
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

CLIENT = json.loads(os.environ["CLIENT"])
SERVER, REDIRECT_URI = CLIENT["resource"], CLIENT["redirect_uri"]


class Storage:
    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


def say(value):
    print(json.dumps(value), flush=True)


async def heard():
    return json.loads(await asyncio.to_thread(sys.stdin.readline) or "null")


async def main():
    storage, callbacks = Storage(), asyncio.Queue()
    if CLIENT["id"]:
        storage.client = OAuthClientInformationFull(
            client_id=CLIENT["id"], redirect_uris=[REDIRECT_URI], token_endpoint_auth_method="none", issuer=CLIENT["issuer"])

    async def visit(url):
        say({"visit": url})
        query = dict(parse_qsl(urlsplit(await heard()).query))
        await callbacks.put(AuthorizationCodeResult(code=query["code"], state=query.get("state"), iss=query.get("iss")))

    metadata = OAuthClientMetadata(client_name="Python", redirect_uris=[REDIRECT_URI])
    auth = OAuthClientProvider(SERVER, metadata, storage, visit, callbacks.get)
    while asked := await heard():
        if asked.get("expired"):
            auth.context.token_expiry_time = time.time() - 1
        async with httpx2.AsyncClient(auth=auth) as http, streamable_http_client(SERVER, http_client=http) as streams:
            async with ClientSession(*streams[:2]) as session:
                await session.initialize()
                result = await session.call_tool(asked["tool"], asked.get("arguments", {}))
        client, tokens = storage.client, storage.tokens
        said = [it.text for it in result.content]
        say({"said": said, "id": client.client_id, "secret": client.client_secret, "refresh": tokens.refresh_token})


asyncio.run(main())
