# Client: Synapse, the Matrix server
# Ecosystem: Python
# Version: 1.163.2
# Install: pip matrix-synapse[oidc]==1.163.2
# Driven: as a site
# Enter: /_matrix/client/v3/login/sso/redirect/oidc-fluxer?redirectUrl=http%3A%2F%2F127.0.0.1%2Fclient
# Callback: /_synapse/client/oidc/callback
# Setting: `user_profile_method` is `userinfo_endpoint`, for an ID token has no `preferred_username`
# Proves: login, denial, limited answer, outage
# Lacks: refresh, revocation
# Denial: access_denied
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable
# Without: mapping_error

import json
import os
import sys

folder, port = os.environ["FOLDER"], os.environ["PORT"]
home = f"http://127.0.0.1:{port}/"

# snippet
PROVIDER = {
    "idp_id": "fluxer",
    "idp_name": "Fluxer",
    "issuer": os.environ["ISSUER"],
    "client_id": os.environ["CLIENT_ID"],
    "client_secret": os.environ["CLIENT_SECRET"],
    "scopes": ["openid", "identify", "email"],
    "user_profile_method": "userinfo_endpoint",
    "user_mapping_provider": {
        "config": {"localpart_template": "{{ user.preferred_username }}", "display_name_template": "{{ user.name }}"},
    },
}
# end of snippet
if "WITHOUT_SETTING" in os.environ:
    del PROVIDER["user_profile_method"]

with open(f"{folder}/homeserver.yaml", "w") as file:
    json.dump({
        "server_name": "chess.example", "public_baseurl": home, "oidc_providers": [PROVIDER], "report_stats": False,
        "listeners": [{"port": int(port), "type": "http", "bind_addresses": ["127.0.0.1"], "resources": [{"names": ["client"]}]}],
        "database": {"name": "sqlite3", "args": {"database": f"{folder}/home.db"}}, "media_store_path": f"{folder}/media",
        "pid_file": f"{folder}/pid", "signing_key_path": f"{folder}/key", "trusted_key_servers": [], "suppress_key_server_warning": True,
        "macaroon_secret_key": "of the site", "enable_registration": False,
    }, file)
python = [sys.executable, "-m", "synapse.app.homeserver", "-c", f"{folder}/homeserver.yaml"]
os.system(" ".join(python + ["--generate-keys"]))
os.execv(python[0], python)
