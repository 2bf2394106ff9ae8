import os

# Authlib's own switch for servers on loopback, which have no TLS.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from calls import answer, client

found = requests.get(get_well_known_url(client["issuer"], external=True), timeout=30)
server = AuthorizationServerMetadata(found.json())
server.validate()

verifier = generate_token(48)
session = OAuth2Session(
    client["id"],
    client.get("secret"),
    token_endpoint_auth_method=client["authentication"],
    revocation_endpoint_auth_method=client["authentication"],
    redirect_uri=client["redirect_uri"],
    scope="identify email",
    code_challenge_method="S256",
)


def authorize():
    url, session.state = session.create_authorization_url(server.authorization_endpoint, code_verifier=verifier)
    return url


def callback(url):
    return session.fetch_token(server.token_endpoint, authorization_response=url, code_verifier=verifier)


def me(token):
    response = OAuth2Session(token={"access_token": token, "token_type": "Bearer"}).get(client["issuer"] + "/api/users/@me")
    response.raise_for_status()
    return response.json()


def refresh(token):
    return session.refresh_token(server.token_endpoint, refresh_token=token)


def revoke(token):
    session.revoke_token(server.revocation_endpoint, token=token, token_type_hint="refresh_token").raise_for_status()


answer({"authorize": authorize, "callback": callback, "me": me, "refresh": refresh, "revoke": revoke})
