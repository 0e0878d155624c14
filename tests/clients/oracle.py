"""A program of another language that answers what its libraries make of a message."""
import base64
import json
import math
import subprocess
import time

import vectors


class Oracle:
    def __init__(self, command, folder):
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)

    def ask(self, library, vector):
        body = vector["body"].encode() if "body" in vector else base64.b64decode(vector["body_base64"])
        question = {"library": library, "secret": vector["secret"], "headers": vector["headers"],
                    "body": base64.b64encode(body).decode()}
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the program ended at {vector['name']!r}")
        return json.loads(line)

    def judge(self, library, name):
        """What the library says of this vector, made for the present second and read within it."""
        while True:
            now = math.floor(time.time())
            vector = next(one for one in vectors.vectors(now) if one["name"] == name)
            answer = self.ask(library, vector)
            if math.floor(time.time()) == now:
                return answer
