# Client: JupyterHub's GenericOAuthenticator
# Ecosystem: Python
# Version: 17.4.0 (JupyterHub 6.1.1)
# Install: pip jupyterhub==6.1.1 oauthenticator==17.4.0; npm configurable-http-proxy@5.1.0
# Driven: as a site
# Enter: /hub/oauth_login
# Refresh: /hub/refresh
# Callback: /hub/oauth_callback
# Setting: none
# Proves: login, refresh, revocation, denial, limited answer, outage
# Denial: The user denied access
# Limited: 500 : Internal Server Error
# Outage: 500 : Internal Server Error
# Note: It refreshes where `enable_auth_state` has it keep tokens, and the access token is refused; it asks for a new login whatever
#   the refresh is refused with, an outage included.

import os
import socket
import subprocess
import sys

if "get_config" not in globals():  # run by hand: this file is the hub's configuration

    def free():
        with socket.create_server(("127.0.0.1", 0)) as server:
            return str(server.getsockname()[1])

    folder = os.path.dirname(sys.prefix)
    os.environ.update(JUPYTERHUB_CRYPT_KEY=os.urandom(32).hex(), CONFIGPROXY_AUTH_TOKEN="between-hub-and-proxy", API_PORT=free(), HUB_PORT=free())
    where = ["--ip", "127.0.0.1", "--port", os.environ["PORT"], "--api-ip", "127.0.0.1", "--api-port", os.environ["API_PORT"]]
    subprocess.Popen([f"{folder}/node_modules/.bin/configurable-http-proxy", *where, "--log-level", "error"])
    os.execv(f"{sys.prefix}/bin/jupyterhub", ["jupyterhub", "-f", os.path.abspath(__file__)])

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
c.GenericOAuthenticator.enable_auth_state = True  # with the environment's JUPYTERHUB_CRYPT_KEY
# end of snippet

c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['PORT']}"
c.JupyterHub.hub_port = int(os.environ["HUB_PORT"])
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{os.environ['API_PORT']}"
c.ConfigurableHTTPProxy.should_start = False
c.JupyterHub.default_url = "/hub/home"
c.JupyterHub.log_level = "ERROR"

from jupyterhub.handlers import BaseHandler


class Refresh(BaseHandler):
    """What a user's next request does once the access token has ended."""

    async def get(self):
        user = self.current_user
        state = await user.get_auth_state()
        state["token_response"]["access_token"] = "has-ended"
        await user.save_auth_state(state)
        if not await self.refresh_auth(user, force=True):
            self.set_status(403)
            return self.finish("a new login")
        self.finish({"access_token": (await user.get_auth_state())["access_token"]})


c.JupyterHub.extra_handlers = [("/refresh", Refresh)]
