"""What a receiver sees, byte for byte, and what is told of its answers."""
import http.server
import json
import threading

import processes
from api_test import ApiTest
from http_api import Call
from world import OWNER


class Recorder(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path names, and keeps what it got."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        answer = b'{"state":"out of order","token":"hunter2"}'
        self.send_response(int(self.path.strip("/")))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class SentTest(ApiTest):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
        self.server.got = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def destination(self, status: int, **members) -> dict:
        url = f"http://127.0.0.1:{self.server.server_port}/{status}"
        number = next(self.world.numbers)
        body = {"name": f"recorder {number}", "adapter": "webhook", "endpoint": url, "signing": "disabled",
                "event_types": [f"{OWNER}.event-{number}"], **members}
        body["config"] = {"signatures": []} | body.get("config", {})
        return self.world.succeed("createDestination", OWNER, body=body).json

    def test_a_request_names_the_product_and_its_version(self):
        self.world.publish(OWNER, self.destination(200))
        headers, _ = processes.eventually(lambda: self.server.got, "a request has come")[0]
        self.assertRegex(headers["User-Agent"], r"^OneProtect-Integrations/[0-9]+\.[0-9]+\.[0-9]+$")

    def test_a_batch_comes_in_its_order_to_who_takes_one_at_a_time(self):
        destination = self.destination(200, max_in_flight=1)
        sent = [event["event_id"] for event in self.world.publish(OWNER, destination, 40)]
        processes.eventually(lambda: len(self.server.got) >= 40, "all have come")
        self.assertEqual([json.loads(body)["event_id"] for _, body in self.server.got], sent)

    def test_a_payload_comes_as_its_producer_wrote_it(self):
        destination = self.destination(200, config={"body": "payload"})
        text = '{ "b" : 1.50,\r\n\t"a":[ 12345678901234567890123 ] , "b":"\\u00e9" }'
        envelope = self.world.envelope(OWNER, destination["event_types"][0], payload=None)
        body = json.dumps(envelope).replace('"payload": null', '"payload": ' + text)
        self.world.succeed("publishEvents", OWNER, body=body.encode())
        _, got = processes.eventually(lambda: self.server.got, "a request has come")[0]
        self.assertEqual(got, text.encode())

    def test_an_attempt_tells_what_came(self):
        destination = self.destination(400)
        self.world.publish(OWNER, destination)
        parked = self.world.deliveries(OWNER, destination, "dead_lettered")[0]
        attempt = self.ask("listAttempts", Call(path={"id": parked["delivery_id"]})).json["attempts"][0]
        self.assertEqual(attempt["error_summary"],
                         'the receiver answered 400: {"state":"out of order","token":"[redacted]"}')
