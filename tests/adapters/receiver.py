"""One HTTP server that plays every vendor, each below a prefix of its name."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from exchange import Answer, LostAnswer, Request, Violation


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Receiver"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            answer = self.server.answer(self.command, self.path, headers, body)
        except LostAnswer:
            self.close_connection = True
            return
        text = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = _serve

    def log_message(self, *_) -> None:
        pass


class Receiver(ThreadingHTTPServer):
    """Violations are answered with 400 and kept."""
    daemon_threads = True

    def __init__(self, vendors: dict):
        super().__init__(("127.0.0.1", 0), Handler)
        self.vendors, self.violations, self.lock = vendors, [], threading.Lock()
        self.requests = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, target: str, headers: dict, body: bytes) -> Answer:
        _, name, rest = target.split("/", 2)
        with self.lock:
            self.requests += 1
            try:
                if name not in self.vendors:
                    raise Violation("is below no vendor's prefix")
                return self.vendors[name].answer(Request.of(method, "/" + rest, headers, body))
            except Violation as violation:
                self.violations.append(f"{method} {target}: {violation}")
                return Answer(400, {"message": str(violation)})
