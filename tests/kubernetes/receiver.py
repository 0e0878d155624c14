"""A receiver of webhooks that knows some secrets and says which of them each request was signed with."""
import base64
import hashlib
import hmac
import http.server
import json
import threading


class Receiver:
    """Answers 204 to what an accepted secret signed, 401 else."""

    def __init__(self):
        self.lock, self.seen, self.accepted = threading.Lock(), [], set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def accept(self, *secrets: str) -> None:
        with self.lock:
            self.accepted = set(secrets)

    def judge(self, identifier: str, time: str, body: bytes, tokens: str) -> str | None:
        """The accepted secret that signed it."""
        text = f"{identifier}.{time}.".encode() + body
        given = [token.partition(",")[2] for token in tokens.split() if token.startswith("v1,")]
        for secret in self.accepted:
            key = base64.b64decode(secret.removeprefix("whsec_"))
            expected = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
            if any(hmac.compare_digest(expected, one) for one in given):
                return secret
        return None

    def requests(self) -> list[tuple[str, str | None]]:
        """Event id, and the accepted secret that signed it, by arrival."""
        with self.lock:
            return list(self.seen)

    def _handler(outer):  # noqa: N805 - the handler's own self is another
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.lock:
                    by = outer.judge(self.headers["webhook-id"], self.headers["webhook-timestamp"], body,
                                     self.headers.get("webhook-signature", ""))
                    outer.seen.append((json.loads(body)["event_id"], by))
                self.send_response(204 if by else 401)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        return Handler

    def end(self) -> None:
        self.server.shutdown()
