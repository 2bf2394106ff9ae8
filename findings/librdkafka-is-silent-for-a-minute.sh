#!/usr/bin/env bash
# librdkafka 2.16.1 (confluent-kafka): a token endpoint's 429 or 503 is asked again four times, whatever Retry-After says, and told after 50 seconds.
#
# Expected: the first refusal reaches `error_cb`, so that somebody hears of it, and the next request waits for as long as `Retry-After`
#   says (RFC 9110 §10.2.3): a client that is limited and goes on asking stays limited.
# Seen: with `Retry-After: 600` it asks after 0, 5, 15, 30 and 50 seconds. Only then `error_cb` is called, once, with the bodies of
#   all five answers, one behind the other, so that what was JSON cannot be parsed. Ten seconds later it begins again.
# Who meets it: Kafka clients with `sasl.oauthbearer.method=oidc`: they start, send nothing, and are quiet for most of a minute
#   while the authorization server rests or limits them. A whole fleet of them asks five times a minute each.
# What to do: look at the authorization server when a producer hangs at its start. A server's limit should leave room for
#   five requests a minute of each client, or its refusals will keep the fleet out.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check confluent-kafka==2.16.1

cat >client.py <<'PYTHON'
import http.server, threading, time
from confluent_kafka import Producer

asked, told = [], []

class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(time.time() - began)
        body = b'{"error":"temporarily_unavailable"}'
        self.send_response(503)
        self.send_header("retry-after", "600")
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
began = time.time()
producer = Producer({
    "bootstrap.servers": "127.0.0.1:1", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanisms": "OAUTHBEARER",
    "sasl.oauthbearer.method": "oidc", "sasl.oauthbearer.client.id": "id", "sasl.oauthbearer.client.secret": "secret",
    "sasl.oauthbearer.token.endpoint.url": f"http://127.0.0.1:{server.server_port}/token",
    "error_cb": lambda error: "token" in error.str() and told.append((time.time() - began, error.str())),
})
while not told and time.time() - began < 120:
    producer.poll(0.5)
when, text = told[0]
print("asked at", *(f"{5 * round(at / 5)}" for at in asked), "seconds")
print("told at", 5 * round(when / 5), "seconds, of", text.count("temporarily_unavailable"), "answers")
PYTHON
seen=$(env/bin/python client.py 2>/dev/null)
echo "$seen"
expected="asked at 0 5 15 30 50 seconds
told at 50 seconds, of 5 answers"
[[ $seen == "$expected" ]] || { echo "This has changed."; exit 1; }
