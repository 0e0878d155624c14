"""Answers each line of standard input, a message, with what a library makes of it."""
import base64
import json
import sys

import standardwebhooks
import svix.webhooks

LIBRARIES = {"standardwebhooks": standardwebhooks.Webhook, "svix": svix.webhooks.Webhook}

for line in sys.stdin:
    asked = json.loads(line)
    headers = {}
    for name, value in asked["headers"]:
        # As WSGI hands over a name that comes twice.
        headers[name] = headers[name] + ", " + value if name in headers else value
    try:
        given = LIBRARIES[asked["library"]](asked["secret"]).verify(base64.b64decode(asked["body"]), headers)
        answer = {"accepted": True, "said": "nothing" if given is None else "the body's JSON"}
    except Exception as refusal:  # each library has errors of its own, and some let others through
        answer = {"accepted": False, "said": f"{type(refusal).__name__}: {refusal}"}
    print(json.dumps(answer), flush=True)
