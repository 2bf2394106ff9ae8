#!/usr/bin/env bash
# httr2 0.2.2 (Debian 12): a refresh token that changes is an error, and a refresh that fails once forgets the login.
#
# Expected: where the answer to a refresh has a new refresh token, the client keeps the new one in the place of the old one (RFC 6749 §6),
#   and where it is a 503, the client keeps what it has.
# Seen: `oauth_flow_refresh` stops with "Refresh token has changed! Please update stored value", and the new token, of which
#   nobody has seen anything, is gone with the old one. `req_oauth_auth_code` takes the new one, but empties its cache
#   before it asks: after a 503 there is no refresh token any more, and the next request begins a new login.
# Who meets it: R scripts that run for long or at night at a server that rotates refresh tokens. `req_oauth_refresh` works once, and
#   the server may then take the old token, sent again, for a stolen one.
# What to do: use `req_oauth_auth_code`, with `cache_disk` where a login should outlive the session, and not
#   `oauth_flow_refresh` or `req_oauth_refresh`. A server cannot help, but for remembered consent.
#
# It needs root on Debian 12 and installs R with apt-get.

set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
if [[ $(dpkg-query -W -f '${Version}' r-cran-httr2 2>/dev/null) != 0.2.2-2 ]]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends r-cran-httr2=0.2.2-2 r-cran-httpuv >/dev/null
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >server.py <<'PYTHON'
# A token endpoint that rotates, or rests, and a resource.
import http.server, json, sys

class Server(http.server.BaseHTTPRequestHandler):
    count = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        Server.count += 1
        tokens = {"access_token": f"access {Server.count}", "token_type": "Bearer", "expires_in": 60, "refresh_token": f"refresh {Server.count}"}
        status, answer = (503, {"error": "temporarily_unavailable"}) if self.path == "/rests" else (200, tokens)
        self.answer(status, answer)

    def do_GET(self):
        self.answer(200, {"id": "1"})

    def answer(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
python3 server.py >port &
server=$!
trap 'kill $server; rm -rf "$folder"' EXIT
until [[ -s port ]]; do sleep 0.1; done

seen=$(PORT=$(<port) Rscript --vanilla - 2>&1 <<'R'
library(httr2)
at <- function(path) paste0("http://127.0.0.1:", Sys.getenv("PORT"), path)
rotates <- oauth_client("one", at("/rotates"), "secret")
error <- tryCatch(oauth_flow_refresh(rotates, "good"), error = conditionMessage)
cat("oauth_flow_refresh:", error[[1]], "\n")

rests <- oauth_client("two", at("/rests"), "secret")
me <- req_oauth_auth_code(request(at("/me")), rests, at("/authorize"))
cache <- me$policies$auth_oauth$cache
cache$set(oauth_token("old", refresh_token = "good", .date = Sys.time() - 120, expires_in = 60))
error <- tryCatch(req_perform(me), error = function(error) "an error")
cat("req_oauth_auth_code, after a 503:", if (is.null(cache$get())) "no refresh token" else cache$get()$refresh_token, "\n")
R
)
echo "$seen"
expected="oauth_flow_refresh: Refresh token has changed! Please update stored value 
req_oauth_auth_code, after a 503: no refresh token "
[[ $seen == "$expected" ]] || { echo "This has changed."; exit 1; }
