#!/usr/bin/env bash
# MCP's Python SDK 2.3.0: a restart, or one 503 at the token endpoint, and the user has to log in again.
#
# Expected: the client keeps its refresh token as long as nobody says `invalid_grant`. An access token that was kept over a restart
#   and has expired is refreshed on the first 401. A refresh that is answered 503 with Retry-After is tried again later.
# Seen: after a restart the SDK does not know when the kept token ends, takes it for good, and answers the 401 with a new
#   authorization request; the refresh token is not used. Any answer to a refresh but 200 makes it forget its tokens, and the
#   request that was under way becomes a new authorization request.
# Who meets it: users of MCP clients in Python, at each restart and whenever their authorization server rests or limits for a moment.
# What to do: a server cannot prevent it; remembered consent makes the new login a redirect without questions. A client can set the
#   expiry itself when it loads its tokens.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mcp==2.3.0 httpx2==2.16.2

cat >try.py <<'PYTHON'
import json, logging, time
import anyio
import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

logging.disable(logging.CRITICAL)
SERVER, ISSUER = "https://mcp.example/mcp", "https://id.example"
METADATA = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token",
    "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
}

class Kept:
    """What a client kept over a restart: an access token that has expired since, and a good refresh token."""
    async def get_tokens(self):
        return OAuthToken(access_token="old", token_type="Bearer", expires_in=3600, refresh_token="good")
    async def set_tokens(self, tokens): pass
    async def get_client_info(self):
        return OAuthClientInformationFull(
            client_id="1", redirect_uris=["http://127.0.0.1/cb"], token_endpoint_auth_method="none", issuer=ISSUER)
    async def set_client_info(self, info): pass

class LoginWanted(Exception): pass

async def attempt(token_status, knows_expiry):
    seen = []
    def answer(request):
        path = request.url.path
        if path == "/token":
            seen.append("refresh")
            body = {"access_token": "new", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "next"}
            if token_status != 200:
                return httpx2.Response(token_status, json={"error": "temporarily_unavailable"}, headers={"retry-after": "1"})
            return httpx2.Response(200, json=body)
        if "oauth-protected-resource" in path:
            return httpx2.Response(200, json={"resource": SERVER, "authorization_servers": [ISSUER]})
        if "oauth-authorization-server" in path:
            return httpx2.Response(200, json=METADATA)
        if request.headers.get("authorization") == "Bearer new":
            return httpx2.Response(200)
        return httpx2.Response(401, headers={"www-authenticate": "Bearer"})
    async def log_in(url): raise LoginWanted
    async def callback(): raise LoginWanted
    provider = OAuthClientProvider(
        SERVER, OAuthClientMetadata(redirect_uris=["http://127.0.0.1/cb"]), Kept(), log_in, callback)
    if knows_expiry:  # as within the process that got the tokens
        await provider._initialize()
        provider.context.token_expiry_time = time.time() - 1
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer), auth=provider) as client:
        try:
            seen.append(str((await client.get(SERVER)).status_code))
        except LoginWanted:
            seen.append("login")
    return " then ".join(seen)

print("same process, token endpoint answers:", anyio.run(attempt, 200, True))
print("same process, token endpoint rests (503):", anyio.run(attempt, 503, True))
print("after a restart, token endpoint answers:", anyio.run(attempt, 200, False))
PYTHON
env/bin/python try.py | tee seen

diff - seen <<'EXPECTED'
same process, token endpoint answers: refresh then 200
same process, token endpoint rests (503): refresh then login
after a restart, token endpoint answers: login
EXPECTED
