from calls import answer, client
from requests_oauth2client import ClientSecretBasic, OAuth2Client, PublicApp

secret = client.get("secret")
session = OAuth2Client.from_discovery_endpoint(
    client["issuer"] + "/.well-known/oauth-authorization-server",
    issuer=client["issuer"],
    auth=ClientSecretBasic(client["id"], secret) if secret else PublicApp(client["id"]),
    redirect_uri=client["redirect_uri"],
    testing=True,  # its own switch for servers on loopback, which have no TLS
)
request = session.authorization_request(scope="identify email")  # with state, PKCE, and `iss` compared


def plain(token):
    return {"access_token": token.access_token, "refresh_token": token.refresh_token}


def callback(url):
    return plain(session.authorization_code(request.validate_callback(url), validate=False))  # no ID token


def revoke(token):
    assert session.introspect_token(token, token_type_hint="refresh_token")["active"] is True
    assert session.revoke_refresh_token(token) is True
    assert session.introspect_token(token)["active"] is False


answer({
    "authorize": lambda: str(request.uri),
    "callback": callback,
    "me": session.userinfo,  # by POST
    "refresh": lambda token: plain(session.refresh_token(token)),
    "revoke": revoke,
})
