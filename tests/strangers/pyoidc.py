# Client: pyoidc
# Ecosystem: Python
# Version: 1.7.0
# Install: pip oic==1.7.0
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable
# Note: What it is told instead of a user is a user without `sub`: look for that.

import json
import os
import sys

# snippet
from oic.oic import Client
from oic.oic.message import AuthorizationResponse, RegistrationResponse
from oic.utils.authn.client import CLIENT_AUTHN_METHOD

ISSUER = os.environ["ISSUER"]
client = Client(client_authn_method=CLIENT_AUTHN_METHOD)
client.store_registration_info(RegistrationResponse(
    client_id=os.environ["CLIENT_ID"], client_secret=os.environ["CLIENT_SECRET"], redirect_uris=[os.environ["REDIRECT_URI"]]))
client.redirect_uris = [os.environ["REDIRECT_URI"]]
client.provider_config(ISSUER)
STATE = "of-the-session"


def authorize():
    request = client.construct_AuthorizationRequest(request_args={
        "response_type": "code", "scope": ["openid", "identify", "email"], "state": STATE, "nonce": "of-the-login",
        "redirect_uri": os.environ["REDIRECT_URI"],
    })
    return request.request(client.authorization_endpoint)


def callback(query):
    answer = client.parse_response(AuthorizationResponse, info=query, sformat="urlencoded")
    if "error" in answer:
        return answer
    return client.do_access_token_request(state=STATE, authn_method="client_secret_basic", request_args={
        "code": answer["code"], "redirect_uri": os.environ["REDIRECT_URI"]})


def refresh(token):
    return client.do_access_token_refresh(state=STATE, authn_method="client_secret_basic", request_args={"refresh_token": token})


def me(token):
    user = client.do_user_info_request(token=token, scope=None, state=STATE)
    if "sub" not in user:  # a refusal is an answer like any other
        raise PermissionError(user.to_json())
    return user.to_dict()
# end of snippet


def kept(answer):
    if "error" in answer:
        raise PermissionError(f"{answer['error']} {answer.get('error_description')}")
    return answer.to_dict()


def tokens(answer):
    answer = kept(answer)
    return {"access_token": answer["access_token"], "refresh_token": answer["refresh_token"]}


CALLS = {
    "authorize": authorize, "callback": lambda address: tokens(callback(address.split("?", 1)[1])), "me": me,
    "refresh": lambda token: tokens(refresh(token)),
}
for line in sys.stdin:
    name, *args = json.loads(line)
    try:
        if name not in CALLS:
            raise LookupError("no such call")
        said = {"returned": CALLS[name](*args)}
    except Exception as error:
        said = {"raised": {"type": type(error).__name__, "message": str(error)}}
    print(json.dumps(said), flush=True)
