"""A resource server: it opens its orders to the access tokens that Fluxer issued for it.

It verifies them by itself (RFC 9068 section 4). Fluxer is asked for its keys every five minutes and for
what was revoked every fifteen seconds, and not for each token.
"""

import base64
import functools
import json
import os
import threading
import time
import urllib.request

from flask import Flask, Response, g, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ISSUER, AUDIENCE, PORT = os.environ["ISSUER"], os.environ["AUDIENCE"], int(os.environ["PORT"])

app = Flask(__name__)


class Unavailable(Exception):
    """Fluxer gave no document that could be used."""


class InvalidToken(Exception):
    """The token is not one that was issued for this server, or not any more."""


class Cached:
    """A document of Fluxer's, and when it came."""

    REST = 5  # seconds for which Fluxer is left alone after a failure

    def __init__(self, fetch):
        self.fetch, self.lock = fetch, threading.Lock()
        self.document, self.since, self.failed = None, -1e9, -1e9

    def get(self, fresh, usable):
        """The document, fetched where it is older than `fresh`; where that fails, an old one that is usable."""
        with self.lock:  # who comes while it is fetched waits here, and finds it
            now = time.monotonic()
            if now - self.since < fresh:
                return self.document
            if now - self.failed >= self.REST:
                try:
                    self.document, self.since = self.fetch(), now
                    return self.document
                except (OSError, ValueError, KeyError, JoseError, InvalidToken, Unavailable):
                    self.failed = time.monotonic()
            if now - self.since < usable:
                return self.document
            raise Unavailable


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(NoRedirects)


def text(path):
    with opener.open(ISSUER + path, timeout=2) as answer:
        return answer.read(1 << 20).decode()


def fetch_keys():
    """Fluxer's keys; those of kinds that are unknown here are left out."""
    known = [key for key in json.loads(text("/.well-known/jwks.json"))["keys"] if key.get("alg") in ("ES256", "RS256")]
    return {key["kid"]: KeySet.import_key_set({"keys": [key]}) for key in known}


def fetch_revoked():
    claims = verified(text("/.well-known/revoked").strip(), "revoked+jwt", ["ES256"])
    jwt.JWTClaimsRegistry(iss={"essential": True, "value": ISSUER}, exp={"essential": True}).validate(claims)
    return frozenset(claims["families"])


keys, revoked = Cached(fetch_keys), Cached(fetch_revoked)


def verified(token, typ, algorithms):
    """What a JWT says that is signed with one of Fluxer's keys."""
    try:
        header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
        kid = header["kid"]
        # A kid that is unknown may be new. Forged ones must not cost Fluxer a request each.
        known = keys.get(fresh=300, usable=3600).get(kid) or keys.get(fresh=30, usable=0).get(kid)
        # ID tokens are signed with the same keys, and open nothing.
        if known is None or str(header.get("typ")).lower() != typ:
            raise InvalidToken
        return jwt.decode(token, known, algorithms=algorithms).claims
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidToken from error


RULES = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    exp={"essential": True},
    sub={"essential": True},
    client_id={"essential": True},
    fam={"essential": True},
)


def caller_of(token):
    claims = verified(token, "at+jwt", ["ES256", "RS256"])
    try:
        RULES.validate(claims)
    except JoseError as error:
        raise InvalidToken from error
    # A token that is bound to a key (RFC 9449) needs its proof, which this example does not check.
    # A list of what was revoked is valid for a minute. Without one nobody knows which tokens are good.
    if "cnf" in claims or claims["fam"] in revoked.get(fresh=15, usable=45):
        raise InvalidToken
    return claims


def needs(scope):
    """Opens a route to access tokens with a scope (RFC 6750 section 3.1)."""

    def decorate(view):
        @functools.wraps(view)
        def guarded(*args, **kwargs):
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer":
                return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
            try:
                g.caller = caller_of(token.strip())
            except InvalidToken:
                return Response(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
            except Unavailable:  # whether the token is good cannot be known now
                return Response(status=503, headers={"Retry-After": "5"})
            if scope not in g.caller.get("scope", "").split(" "):
                challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
                return Response(status=403, headers={"WWW-Authenticate": challenge})
            return view(*args, **kwargs)

        return guarded

    return decorate


@app.get("/orders")
@needs("orders:read")
def read_orders():
    return {"user": g.caller["sub"], "application": g.caller["client_id"], "orders": []}


@app.post("/orders")
@needs("orders:write")
def make_order():
    return Response(status=201)


if __name__ == "__main__":
    print(f"http://127.0.0.1:{PORT}", flush=True)
    app.run("127.0.0.1", PORT, threaded=True)
