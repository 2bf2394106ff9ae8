import os

# oauthlib's own switch for servers on loopback, which have no TLS.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from calls import answer, client
from requests_oauthlib import OAuth2Session

# snippet
AUTHORIZE, TOKEN, REVOKE, ME = (
    client["issuer"] + path for path in ("/oauth2/authorize", "/api/oauth2/token", "/api/oauth2/revoke", "/api/users/@me")
)
secret = client.get("secret")
credentials = {"client_id": client["id"], **({"client_secret": secret} if secret else {})}
session = OAuth2Session(client["id"], redirect_uri=client["redirect_uri"], scope=["identify", "email"], pkce="S256")


def authorize():
    url, _state = session.authorization_url(AUTHORIZE)
    return url


def callback(url):
    return session.fetch_token(TOKEN, authorization_response=url, client_secret=secret, include_client_id=client["in_body"])


def me(token):
    response = OAuth2Session(client["id"], token={"access_token": token, "token_type": "Bearer"}).get(ME)
    response.raise_for_status()
    return response.json()


def refresh(token):
    return session.refresh_token(TOKEN, refresh_token=token, **credentials)
# end of snippet


def revoke(token):
    # requests-oauthlib leaves sending the request to its caller: oauthlib makes it.
    url, headers, body = session._client.prepare_token_revocation_request(REVOKE, token, "refresh_token", **credentials)
    session.post(url, data=body, headers=headers, withhold_token=True).raise_for_status()


answer({"authorize": authorize, "callback": callback, "me": me, "refresh": refresh, "revoke": revoke})
