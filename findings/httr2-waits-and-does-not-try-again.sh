#!/usr/bin/env bash
# httr2 0.2.2 (Debian 12): a request that is not to be tried again waits for Retry-After all the same, and fails then.
#
# Expected: without `req_retry` a request is sent once, and a 429 or a 503 is an error at once, for `max_tries` is 1. With `max_tries`
#   of 2 there is one wait, between the two tries.
# Seen: the wait comes after each try, the last one too: a 429 with `Retry-After: 3` is reported after 3 seconds, having been sent
#   once; with `max_tries = 2` after 6, having been sent twice. The flows of OAuth, whose requests nobody can set, do so too.
# Who meets it: R scripts at any API that limits: a `Retry-After` of ten minutes is ten minutes in which R says nothing, and the error
#   then looks as if it had just come. It is easily taken for a server that hangs.
# What to do: where it must not wait, ask with `req_retry(after = ~ 0)`. A token request takes no such option: when R is silent at
#   a login or a refresh, look at the server's log for a 429 before anything else.
#
# It needs root on Debian 12 and installs R with apt-get.

set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
if [[ $(dpkg-query -W -f '${Version}' r-cran-httr2 2>/dev/null) != 0.2.2-2 ]]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends r-cran-httr2=0.2.2-2 >/dev/null
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >server.py <<'PYTHON'
import http.server

class Server(http.server.BaseHTTPRequestHandler):
    count = 0

    def do_GET(self):
        if self.path == "/count":
            body, Server.count = str(Server.count).encode(), 0
            self.send_response(200)
        else:
            body, Server.count = b'{"error":"temporarily_unavailable"}', Server.count + 1
            self.send_response(429)
            self.send_header("retry-after", "3")
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

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

seen=$(PORT=$(<port) Rscript --vanilla - 2>/dev/null <<'R'
library(httr2)
at <- function(path) paste0("http://127.0.0.1:", Sys.getenv("PORT"), path)
measure <- function(what, act) {
  began <- Sys.time()
  tryCatch(act(), error = function(error) NULL)
  waits <- as.numeric(difftime(Sys.time(), began, units = "secs")) %/% 3
  cat(what, ": ", readLines(at("/count"), warn = FALSE), " sent, ", waits, " waits\n", sep = "")
}
measure("no req_retry", function() req_perform(request(at("/"))))
measure("max_tries = 2", function() req_perform(req_retry(request(at("/")), max_tries = 2)))
measure("after = 0", function() req_perform(req_retry(request(at("/")), max_tries = 2, after = ~ 0)))
measure("a refresh", function() oauth_flow_refresh(oauth_client("id", at("/token"), "secret"), "good"))
R
)
echo "$seen"
expected="no req_retry: 1 sent, 1 waits
max_tries = 2: 2 sent, 2 waits
after = 0: 2 sent, 0 waits
a refresh: 1 sent, 1 waits"
[[ $seen == "$expected" ]] || { echo "This has changed."; exit 1; }
