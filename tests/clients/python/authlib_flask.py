"""A small Flask application that logs in with Authlib, all it knows of the server being its metadata's address."""

import json
import logging
import os

# Authlib's own switch for servers on loopback, which have no TLS.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth, token_update
from calls import client, describe
from flask import Flask, request, url_for
from requests import HTTPError
from werkzeug.serving import make_server

site = Flask(__name__)
site.secret_key = "of the session"
oauth = OAuth(site)


@site.get("/login")
def login():
    return oauth.fluxer.authorize_redirect(url_for("callback", _external=True))


@site.get("/callback")
def callback():
    return oauth.fluxer.authorize_access_token()


@site.get("/me")
def me():
    response = oauth.fluxer.get("/api/users/@me", token={"access_token": request.args["token"], "token_type": "Bearer"})
    response.raise_for_status()
    return response.json()


@site.get("/refresh")
def refresh():
    """Authlib refreshes a token that has expired when it is used, and says so by a signal."""
    updates = []

    def receive(_sender, token, **_):
        updates.append(token)

    expired = {"access_token": "expired", "token_type": "Bearer", "refresh_token": request.args["token"], "expires_at": 1}
    with token_update.connected_to(receive):
        oauth.fluxer.get("/api/users/@me", token=expired).raise_for_status()
    [token] = updates
    return token


@site.errorhandler(HTTPError)  # what a 5xx of the token endpoint is to Authlib, whatever it says
def report_status(error):
    return {"type": "HTTPError", "description": str(error)}, 500


@site.errorhandler(AuthlibBaseError)
def report(error):
    return describe(error), 500


logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not every request
server = make_server("127.0.0.1", 0, site, threaded=True)
print(json.dumps({"origin": f"http://127.0.0.1:{server.port}"}), flush=True)
# Its application is made when its address is known.
registered = json.loads(input())
oauth.register(
    "fluxer",
    client_id=registered["id"],
    client_secret=registered["secret"],
    server_metadata_url=client["issuer"] + "/.well-known/oauth-authorization-server",
    api_base_url=client["issuer"],
    client_kwargs={"scope": "identify email", "code_challenge_method": "S256"},
)
print(json.dumps({}), flush=True)
server.serve_forever()
