#!/usr/bin/env bash
# mod_oauth2 3.3.1 (Debian 12): while the introspection endpoint rests, every token is "invalid_token".
#
# Expected: a resource server that cannot ask whether a token is good says 503, or 500. `invalid_token` with 401 is for a token
#   that is expired, revoked or malformed (RFC 6750 §3.1): the client may get a new one and try again.
# Seen: introspection answered 503 with Retry-After, or not reachable at all, is told to the client as
#   401 `error="invalid_token"`, the same as `{"active":false}`. A token in its cache goes on working meanwhile.
# Who meets it: every client of an API behind Apache during an outage of the authorization server. Good clients refresh at
#   a 401, and then log their users out; all of them together come to the server that is just starting again.
# What to do: clients of such an API wait and try the same token once more before they give it up. An operator can verify tokens
#   locally (`OAuth2TokenVerify metadata` or `jwks_uri`) where tokens are JWTs, and no outage then reaches the client.
#
# It needs root on Debian 12 and installs Apache with apt-get; no service is started.

set -euo pipefail
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends apache2 curl libapache2-mod-oauth2=3.3.1-1 python3 >/dev/null 2>&1
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
chmod 755 .
echo "for holders of a token" >index.html

cat >introspection.py <<'PYTHON'
import json, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        token = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())["token"][0]
        rests = token == "while-it-rests"
        self.send_response(503 if rests else 200)
        if rests:
            self.send_header("retry-after", "5")
        self.send_header("content-type", "application/json")
        self.end_headers()
        good = {"active": True, "sub": "1", "exp": int(time.time()) + 600}
        answer = {"error": "temporarily_unavailable"} if rests else good if token == "good" else {"active": False}
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
python3 introspection.py >port &
introspection=$!
until [[ -s port ]]; do sleep 0.1; done
free=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')

cat >site.conf <<CONF
ServerRoot $folder
ServerName 127.0.0.1
Listen 127.0.0.1:$free
PidFile $folder/pid
ErrorLog $folder/error.log
Mutex file:$folder
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule oauth2_module /usr/lib/apache2/modules/mod_oauth2.so
DocumentRoot $folder
<Location />
    AuthType oauth2
    OAuth2TokenVerify introspect http://127.0.0.1:$(<port)/ introspect.auth=client_secret_basic&client_id=1&client_secret=secret
    Require valid-user
</Location>
CONF
apache2 -f "$folder/site.conf" -DFOREGROUND &
apache=$!
until curl -s -o /dev/null "http://127.0.0.1:$free/"; do sleep 0.1; done

ask() {
  local answer
  answer=$(curl -s -o /dev/null -w '%{http_code} %header{www-authenticate}' -H "Authorization: Bearer $2" "http://127.0.0.1:$free/")
  answer=${answer%%,*}
  echo "$1: ${answer% }"
}
{
  ask "a good token" good
  ask "a revoked token" revoked
  ask "introspection says 503" while-it-rests
  kill $introspection
  ask "introspection is not there" another
} | tee seen
kill $apache
wait $apache || true

diff - seen <<'EXPECTED'
a good token: 200
a revoked token: 401 Bearer error="invalid_token"
introspection says 503: 401 Bearer error="invalid_token"
introspection is not there: 401 Bearer error="invalid_token"
EXPECTED
