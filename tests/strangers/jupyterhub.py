# Client: JupyterHub's GenericOAuthenticator
# Ecosystem: Python
# Version: 17.4.0 (JupyterHub 6.1.1)
# Install: pip jupyterhub==6.1.1 oauthenticator==17.4.0; npm configurable-http-proxy@5.1.0
# Driven: as a site
# Enter: /hub/oauth_login
# Callback: /hub/oauth_callback
# Setting: none
# Proves: login, denial, limited answer, outage
# Denial: The user denied access
# Limited: 429
# Outage: 503

import os
import sys

if "get_config" not in globals():  # run by hand: this file is the hub's configuration
    folder = os.path.dirname(sys.prefix)
    os.environ["PATH"] = f"{sys.prefix}/bin:{folder}/node_modules/.bin:{os.environ['PATH']}"
    os.execvp("jupyterhub", ["jupyterhub", "-f", os.path.abspath(__file__)])

# snippet
c = get_config()
ISSUER = os.environ["ISSUER"]
c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.client_id = os.environ["CLIENT_ID"]
c.GenericOAuthenticator.client_secret = os.environ["CLIENT_SECRET"]
c.GenericOAuthenticator.oauth_callback_url = os.environ["REDIRECT_URI"]
c.GenericOAuthenticator.authorize_url = f"{ISSUER}/oauth2/authorize"
c.GenericOAuthenticator.token_url = f"{ISSUER}/api/oauth2/token"
c.GenericOAuthenticator.userdata_url = f"{ISSUER}/api/oauth2/userinfo"
c.GenericOAuthenticator.scope = ["openid", "identify", "email"]
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.allow_all = True
# end of snippet

port = int(os.environ["PORT"])
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_port = 0
c.JupyterHub.default_url = "/hub/home"
c.JupyterHub.log_level = "WARN"
