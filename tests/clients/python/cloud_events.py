"""Answers each line of standard input, a message, with what the SDK of CloudEvents reads out of it."""
import base64
import json
import sys

from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat

for line in sys.stdin:
    asked = json.loads(line)
    try:
        event = from_http(HTTPMessage(headers=dict(asked["headers"]), body=base64.b64decode(asked["body"])), JSONFormat())
        read = {name: value if isinstance(value, str) else value.isoformat()
                for name, value in event.get_attributes().items()}
        answer = {"read": read, "data": event.get_data()}
    except Exception as refusal:  # pylint: disable=broad-except
        answer = {"refused": f"{type(refusal).__name__}: {refusal}"}
    print(json.dumps(answer), flush=True)
