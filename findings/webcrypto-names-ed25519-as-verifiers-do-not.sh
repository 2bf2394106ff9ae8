#!/usr/bin/env bash
# Node 22.23.3's WebCrypto, jose 6.2.18, PyJWT 2.15.1, joserfc 1.8.0: an exported Ed25519 key does not verify EdDSA tokens.
#
# Expected: `crypto.subtle.exportKey("jwk", publicKey)` of an Ed25519 key gives a JWK that can stand in a JWKS as it is, and
#   that verifies tokens whose header says `alg: EdDSA` (RFC 8037 §3.1), for it is the same algorithm.
# Seen: the exported JWK says `"alg": "Ed25519"`, the name of RFC 9864. A token with `alg: EdDSA`, which is what most
#   libraries still sign with, is then refused: jose finds no applicable key, PyJWT no usable key in the set, joserfc no key
#   of that kid. With `alg: EdDSA` in the JWK, or without `alg`, all three verify the same token.
# Who meets it: clients that make keys with WebCrypto (browsers, Workers, Deno, Node) and publish them for private_key_jwt,
#   and issuers that do so for their tokens.
# What to do: set `alg` of a published key to what the tokens' headers say, or leave it out; a verifier
#   that wants to be kind takes the two names for one.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . jose@6.2.18 node@22.23.3 >/dev/null
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check PyJWT==2.15.1 joserfc==1.8.0 cryptography==50.0.2

cat >try.mjs <<'JAVASCRIPT'
import { writeFileSync } from "node:fs";
import { createLocalJWKSet, jwtVerify, SignJWT } from "jose";

const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
const exported = await crypto.subtle.exportKey("jwk", pair.publicKey);
console.log("WebCrypto exports alg:", exported.alg);
const token = await new SignJWT({ sub: "1" })
  .setProtectedHeader({ alg: "EdDSA", kid: "k" })
  .setExpirationTime("10m")
  .sign(pair.privateKey);
writeFileSync("case.json", JSON.stringify({ exported, token }));
for (const alg of ["Ed25519", "EdDSA", undefined]) {
  const keys = createLocalJWKSet({ keys: [{ ...exported, kid: "k", alg }] });
  const verdict = await jwtVerify(token, keys).then(() => "verified", (error) => error.code);
  console.log(`jose, key says ${alg}:`, verdict);
}
JAVASCRIPT
cat >try.py <<'PYTHON'
import json
import jwt
from joserfc import jwt as joserfc
from joserfc.jwk import KeySet

case = json.load(open("case.json"))

def pyjwt(keys):
    return jwt.decode(case["token"], jwt.PyJWKSet.from_dict(keys)["k"], algorithms=["EdDSA"])

def rfc(keys):
    return joserfc.decode(case["token"], KeySet.import_key_set(keys), algorithms=["EdDSA"])

for name, verify in [("PyJWT", pyjwt), ("joserfc", rfc)]:
    for alg in ["Ed25519", "EdDSA", None]:
        key = {**case["exported"], "kid": "k", "alg": alg}
        key = {member: value for member, value in key.items() if value is not None}
        try:
            verify({"keys": [key]})
            verdict = "verified"
        except Exception as error:
            verdict = type(error).__name__
        print(f"{name}, key says {alg}: {verdict}")
PYTHON
{ node_modules/.bin/node try.mjs; env/bin/python try.py; } | tee seen

diff - seen <<'EXPECTED'
WebCrypto exports alg: Ed25519
jose, key says Ed25519: ERR_JWKS_NO_MATCHING_KEY
jose, key says EdDSA: verified
jose, key says undefined: verified
PyJWT, key says Ed25519: PyJWKSetError
PyJWT, key says EdDSA: verified
PyJWT, key says None: verified
joserfc, key says Ed25519: InvalidKeyIdError
joserfc, key says EdDSA: verified
joserfc, key says None: verified
EXPECTED
