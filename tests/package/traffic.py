"""A producer and a receiver beside the node: events in, deliveries out, each signature verified."""
import base64
import collections
import hashlib
import hmac
import http.client
import http.server
import json
import ssl
import threading
import time
import traceback

from node import until

API = 8080
received = collections.defaultdict(list)  # the ids that an event came under
accepted = set()
keys = []  # the secrets that the receiver knows; the last one counts


def know(secret: str) -> None:
    keys.append(base64.b64decode(secret.strip().removeprefix("whsec_"), validate=True))


class Receiver(http.server.BaseHTTPRequestHandler):
    """Verifies as Standard Webhooks says, and remembers what came."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        mac = "v1," + base64.b64encode(hmac.new(keys[-1], signed, hashlib.sha256).digest()).decode()
        good = mac in self.headers["webhook-signature"].split(" ")
        if good:
            received[json.loads(body)["event_id"]].append(self.headers["webhook-id"])
        self.send_response(204 if good else 401)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def receive(address: str, port: int, certificate: str | None = None) -> None:
    server = http.server.ThreadingHTTPServer((address, port), Receiver)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def publish(token: str, name: str) -> bool:
    event = {"event_id": name, "event_type": "alert.created", "schema_version": "1.0", "tenant_id": "acme",
             "source": "package-test", "timestamp": "2026-11-30T12:00:00Z", "payload": {"name": name}}
    try:
        connection = http.client.HTTPConnection("127.0.0.1", API, timeout=10)
        connection.request("POST", "/api/v1/events", json.dumps(event),
                           {"content-type": "application/json", "authorization": f"Bearer {token}"})
        status = connection.getresponse().status
        connection.close()
    except (OSError, http.client.HTTPException):
        return False  # it is being restarted: to be handed in again
    assert status in (200, 202, 503), status
    if status != 503:
        accepted.add(name)
    return status != 503


def delivered(token: str, name: str) -> None:
    until(f"{name} is taken", lambda: publish(token, name))
    until(f"{name} is delivered", lambda: name in received)


class Load:
    """Events one after the other, each until it is taken, while the body of the `with` goes on."""

    def __init__(self, token: str):
        self.token, self.stop, self.faults = token, threading.Event(), []
        self.thread = threading.Thread(target=self.produce)

    def produce(self):
        number = 1
        try:
            while not self.stop.is_set():
                if publish(self.token, f"event-{number}"):
                    number += 1
                time.sleep(0.005)
        except Exception:
            self.faults.append(traceback.format_exc())

    def __enter__(self):
        self.thread.start()
        self.goes_on()
        return self

    def goes_on(self):
        count = len(received)
        until("deliveries under load", lambda: len(received) > count + 50 or self.faults)

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        assert not self.faults, self.faults


def nothing_is_lost() -> None:
    until("the rest", lambda: accepted <= set(received))
    for event, ids in list(received.items()):
        assert len(set(ids)) == 1, f"{event} came under {len(set(ids))} ids"
