"""How the clients here are driven: `Child` in ../journey.mjs is the other end."""

import json
import os
import sys

client = json.loads(os.environ["CLIENT"])  # issuer, id, secret, redirect_uri


def describe(error):
    said = {name: getattr(error, name, None) for name in ("error", "description")}
    return {"type": type(error).__name__, "message": str(error), **said}


def answer(calls):
    """Answers every line of standard input with what the call it names returns or raises."""
    for line in sys.stdin:
        name, *args = json.loads(line)
        try:
            said = {"returned": calls[name](*args)}
        except Exception as error:
            said = {"raised": describe(error)}
        print(json.dumps(said), flush=True)
