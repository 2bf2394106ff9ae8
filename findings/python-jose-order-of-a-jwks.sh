#!/usr/bin/env bash
# python-jose 3.5.0: whether a token verifies depends on the order of the keys in the JWKS.
#
# Expected: a JWKS may hold keys of several kinds (RFC 7517 §5). The verifier takes the key that the token's
#   `kid` names, or passes over keys that cannot have made the signature.
# Seen: `jose.jwt.decode(token, jwks)` tries the keys one after another and does not look at `kid`. It builds each key
#   for the algorithm of the token, and a key of another kind raises JWKError before the right key is tried.
#   An ES256 token verifies with [EC, RSA] and fails with [RSA, EC]; an RS256 token the other way round.
# Who meets it: whoever verifies tokens of an issuer that publishes an RSA key and an EC key, as most do
#   that offer both RS256 and ES256. It may begin on the day the issuer adds a key.
# What to do: choose the key by `kid` first and hand `decode` that one key.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check python-jose==3.5.0 cryptography==50.0.2 PyJWT==2.15.1

cat >try.py <<'PYTHON'
import base64, sys, time
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwt as python_jose
from jose.exceptions import JWKError

def number(value, length):
    return base64.urlsafe_b64encode(value.to_bytes(length, "big")).rstrip(b"=").decode()

elliptic = ec.generate_private_key(ec.SECP256R1())
point = elliptic.public_key().public_numbers()
classic = rsa.generate_private_key(65537, 2048)
EC = {"kty": "EC", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32),
      "kid": "elliptic", "alg": "ES256", "use": "sig"}
RSA = {"kty": "RSA", "n": number(classic.public_key().public_numbers().n, 256), "e": "AQAB",
       "kid": "classic", "alg": "RS256", "use": "sig"}

def verdict(alg, key, kid, keys):
    claims = {"sub": "1", "exp": int(time.time()) + 600}
    token = jwt.encode(claims, key, algorithm=alg, headers={"kid": kid})
    try:
        python_jose.decode(token, {"keys": keys}, algorithms=[alg])
        return "verified"
    except JWKError as error:
        return str(error)

print("ES256 [EC, RSA]:", verdict("ES256", elliptic, "elliptic", [EC, RSA]))
print("ES256 [RSA, EC]:", verdict("ES256", elliptic, "elliptic", [RSA, EC]))
print("RS256 [RSA, EC]:", verdict("RS256", classic, "classic", [RSA, EC]))
print("RS256 [EC, RSA]:", verdict("RS256", classic, "classic", [EC, RSA]))
PYTHON
env/bin/python try.py | tee seen

diff - seen <<'EXPECTED'
ES256 [EC, RSA]: verified
ES256 [RSA, EC]: Incorrect key type. Expected: 'EC', Received: RSA
RS256 [RSA, EC]: verified
RS256 [EC, RSA]: Incorrect key type. Expected: 'RSA', Received: EC
EXPECTED
