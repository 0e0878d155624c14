"""One client that behaves, from an address of its own: asks one question after the other for a while and prints, as JSON, how
long each answer took. Called by bench.py in a process of its own."""
import http.client
import json
import sys
import time

REQUESTS_PER_CONNECTION = 20
PATIENCE = 60  # seconds


def main() -> None:
    port, token, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    took, failed = [], 0
    end = time.monotonic() + seconds
    connection = None
    while time.monotonic() < end:
        started = time.monotonic()
        try:
            if len(took) % REQUESTS_PER_CONNECTION == 0 or connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE, source_address=("127.0.0.9", 0))
            connection.request("GET", "/api/v1/session", headers={"Authorization": "Bearer " + token})
            answer = connection.getresponse()
            answer.read()
            failed += answer.status != 200
        except (OSError, http.client.HTTPException):
            failed += 1
            connection = None
        took.append(time.monotonic() - started)
        time.sleep(0.002)
    print(json.dumps({"took": took, "failed": failed}))


if __name__ == "__main__":
    main()
