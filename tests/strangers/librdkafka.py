# Client: librdkafka (confluent-kafka)
# Ecosystem: Kafka
# Version: 2.16.1
# Install: pip confluent-kafka==2.16.1
# Setting: none
# Proves: client credentials, limited answer, outage
# Lacks: refresh, revocation, denial
# Limited: temporarily_unavailable
# Outage: temporarily_unavailable
# Note: What was proved is the token that a broker is shown. Where it is refused it asks again after 5, 10, 15 and 20 seconds,
#   whatever `Retry-After` says, and only then tells its application.

import json
import os
import queue
import socket
import struct
import sys
import threading

from confluent_kafka import Producer

client, tokens = None, queue.Queue()


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def answer(connection):
    """As much of a broker as a client meets until it has logged in."""
    read = connection.makefile("rb")
    while size := read.read(4):
        frame = read.read(struct.unpack(">i", size)[0])
        api, version, correlation, name = struct.unpack(">hhih", frame[:10])
        body = frame[10 + max(name, 0):]
        if api == 18:  # ApiVersions, of which it speaks the first
            known = [(18, 0, 0), (17, 0, 1), (36, 0, 0), (3, 0, 1)]
            said = struct.pack(">hi", 35 if version else 0, len(known)) + b"".join(struct.pack(">hhh", *api) for api in known)
        elif api == 17:  # SaslHandshake
            said = struct.pack(">hi", 0, 1) + text("OAUTHBEARER")
        elif api == 36:  # SaslAuthenticate
            tokens.put(body.split(b"Bearer ")[1].split(b"\x01")[0].decode())
            said = struct.pack(">hhi", 0, -1, 0)
        else:
            return
        connection.sendall(struct.pack(">ii", len(said) + 4, correlation) + said)


def serve():
    while True:
        connection, _ = broker.accept()
        threading.Thread(target=answer, args=[connection], daemon=True).start()


broker = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
threading.Thread(target=serve, daemon=True).start()


def producer(refused):
    # snippet
    return Producer({
        "bootstrap.servers": f"127.0.0.1:{os.environ['PORT']}",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanisms": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.client.id": os.environ["CLIENT_ID"],
        "sasl.oauthbearer.client.secret": os.environ["CLIENT_SECRET"],
        "sasl.oauthbearer.token.endpoint.url": f"{os.environ['ISSUER']}/api/oauth2/token",
        "error_cb": refused,
    })
    # end of snippet


def token():
    """The token that a broker is shown; or what the application is told instead, which takes it a minute."""
    global client, tokens
    client, tokens, said = None, queue.Queue(), []
    client = producer(lambda error: said.append(error.str()))
    for _ in range(800):
        client.poll(0.1)
        if not tokens.empty():
            return {"access_token": tokens.get()}
        refused = [line for line in said if "OAUTHBEARER" in line or "token" in line]
        if refused:
            raise PermissionError(refused[0])
    raise TimeoutError(str(said))


CALLS = {"token": token}
for line in sys.stdin:
    name, *args = json.loads(line)
    try:
        if name not in CALLS:
            raise LookupError("no such call")
        said = {"returned": CALLS[name](*args)}
    except Exception as error:
        said = {"raised": {"type": type(error).__name__, "message": str(error)}}
    print(json.dumps(said), flush=True)
