#!/usr/bin/env bash
# MCP's SDKs, TypeScript 1.32.2 and Python 2.3.0: what they find in a 401's WWW-Authenticate depends on its order and spelling.
#
# Expected: both find `resource_metadata` and `scope` wherever RFC 9110 §11.2 and §11.6.1 let them stand: after a challenge of
#   another scheme, with spaces around `=`, with names in any case, and not in the text of a description.
# Seen: TypeScript reads only a Bearer challenge that stands first: with `DPoP …, Bearer …` it finds nothing. Python looks
#   through the whole header. Both take the first text that looks like `scope=`, also inside error_description. Neither takes
#   spaces around `=`, nor capitals in a parameter's name.
# Who meets it: resource servers that offer DPoP and Bearer, or that explain themselves in error_description. The client then asks for
#   the wrong scope, or does not find the authorization server.
# What to do: put the Bearer challenge first, `resource_metadata` and `scope` before any description, in lower case, without
#   spaces, and without `scope=` in descriptions.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . @modelcontextprotocol/sdk@1.32.2 >/dev/null
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check mcp==2.3.0 httpx2==2.16.2

cat >challenges.json <<'JSON'
{
  "bearer alone": "Bearer resource_metadata=\"https://rs.example/m\", scope=\"read\"",
  "comma in the description": "Bearer error_description=\"Expired, log in again\", resource_metadata=\"https://rs.example/m\", scope=\"read\"",
  "bearer first": "Bearer resource_metadata=\"https://rs.example/m\", scope=\"read\", DPoP algs=\"ES256\"",
  "another scheme first": "DPoP algs=\"ES256\", Bearer resource_metadata=\"https://rs.example/m\", scope=\"read\"",
  "spaces around =": "Bearer resource_metadata = \"https://rs.example/m\", scope = \"read\"",
  "capitals": "Bearer Resource_Metadata=\"https://rs.example/m\", scope=\"read\"",
  "a quote in the description": "Bearer error_description=\"no \\\"write\\\" here\", resource_metadata=\"https://rs.example/m\", scope=\"read\"",
  "scope= in the description": "Bearer error_description=\"scope=write is missing\", resource_metadata=\"https://rs.example/m\", scope=\"read\""
}
JSON
cat >try.mjs <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import { extractWWWAuthenticateParams } from "@modelcontextprotocol/sdk/client/auth.js";

for (const [name, challenge] of Object.entries(JSON.parse(readFileSync("challenges.json")))) {
  const answer = new Response(null, { status: 401, headers: { "www-authenticate": challenge } });
  const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(answer);
  console.log(`TypeScript, ${name}: ${resourceMetadataUrl?.href ?? "-"} ${scope ?? "-"}`);
}
JAVASCRIPT
cat >try.py <<'PYTHON'
import json
import httpx2
from mcp.client.auth.utils import extract_resource_metadata_from_www_auth, extract_scope_from_www_auth

for name, challenge in json.load(open("challenges.json")).items():
    answer = httpx2.Response(401, headers={"www-authenticate": challenge})
    found = extract_resource_metadata_from_www_auth(answer), extract_scope_from_www_auth(answer)
    print(f"Python, {name}:", *(part or "-" for part in found))
PYTHON
{ node try.mjs; env/bin/python try.py; } | tee seen

diff - seen <<'EXPECTED'
TypeScript, bearer alone: https://rs.example/m read
TypeScript, comma in the description: https://rs.example/m read
TypeScript, bearer first: https://rs.example/m read
TypeScript, another scheme first: - -
TypeScript, spaces around =: - -
TypeScript, capitals: - read
TypeScript, a quote in the description: https://rs.example/m read
TypeScript, scope= in the description: https://rs.example/m write
Python, bearer alone: https://rs.example/m read
Python, comma in the description: https://rs.example/m read
Python, bearer first: https://rs.example/m read
Python, another scheme first: https://rs.example/m read
Python, spaces around =: - -
Python, capitals: - read
Python, a quote in the description: https://rs.example/m read
Python, scope= in the description: https://rs.example/m write
EXPECTED
