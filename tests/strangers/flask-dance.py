# Client: Flask-Dance
# Ecosystem: Python
# Version: 7.1.0
# Install: pip flask-dance==7.1.0 oauthlib==4.0.1 requests-oauthlib==2.0.0
# Driven: as a site
# Enter: /login/fluxer
# Callback: /login/fluxer/authorized
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable
# Note: A user who unticks a scope makes oauthlib raise "Scope has changed"; let the application declare
#   all_or_nothing scopes, or set OAUTHLIB_RELAX_TOKEN_SCOPE. It refreshes with Basic by itself: `auto_refresh_kwargs` with the secret in
#   it would be a second method, which is refused.

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # oauthlib's own switch for servers on loopback

from flask import Flask, flash, get_flashed_messages
from flask_dance.consumer import OAuth2ConsumerBlueprint, oauth_error

ISSUER = os.environ["ISSUER"]

# snippet
fluxer = OAuth2ConsumerBlueprint(
    "fluxer", __name__,
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    scope=["identify", "email"],
    base_url=ISSUER,
    authorization_url=f"{ISSUER}/oauth2/authorize",
    token_url=f"{ISSUER}/api/oauth2/token",
    auto_refresh_url=f"{ISSUER}/api/oauth2/token",
    use_pkce=True,
    redirect_url="/me",
)


@oauth_error.connect_via(fluxer)
def refused(blueprint, error, error_description=None, error_uri=None, **more):
    flash(f"{error}: {error_description}")
# end of snippet


app = Flask(__name__)
app.secret_key = "of the session"
app.register_blueprint(fluxer, url_prefix="/login")


@app.get("/me")
def me():
    if refused := get_flashed_messages():
        return refused[0], 400
    return fluxer.session.get("/api/users/@me").json()


@app.get("/refresh")
def refresh():
    fluxer.token = {**fluxer.token, "expires_in": -1, "expires_at": 1}  # as it is a week later
    fluxer.session.get("/api/users/@me").raise_for_status()
    return fluxer.token


@app.errorhandler(Exception)
def report(error):
    return f"{type(error).__name__} {error}", 500


app.run("127.0.0.1", int(os.environ["PORT"]))
