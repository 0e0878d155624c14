"""Takes webhooks, once each: python3 receiver.py DATABASE PORT, with the secrets in $WEBHOOK_SECRETS, parted by blanks."""
import base64
import hashlib
import hmac
import http.server
import os
import re
import sqlite3
import sys
import time

WINDOW_SECONDS = 300
MAX_BODY = 1 << 20


def key_of(secret):
    """whsec_ and standard base64, as `integrationsctl secrets generate` makes it; anything else stops the program."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    # b64decode() takes whatever it can make something of.
    if not key or secret != "whsec_" + base64.b64encode(key).decode():
        raise ValueError("a secret is not whsec_<base64>")
    return key


def is_genuine(keys, headers, body, now):
    message_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not re.fullmatch(r"[0-9]{1,12}", sent_at) or abs(now - int(sent_at)) > WINDOW_SECONDS:
        return False
    signed = f"{message_id}.{sent_at}.".encode() + body
    expected = [b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()) for key in keys]
    tokens = headers.get("webhook-signature", "").encode().split()
    return any(hmac.compare_digest(token, one) for token in tokens for one in expected)


class Inbox:
    """Remembers each webhook-id in the transaction that does the work, so that neither is there without the other."""

    def __init__(self, path):
        self.path = path
        with self.open() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("CREATE TABLE IF NOT EXISTS seen (webhook_id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL)")
            database.execute("CREATE TABLE IF NOT EXISTS alerts (webhook_id TEXT NOT NULL, body BLOB NOT NULL)")

    def open(self):
        return sqlite3.connect(self.path, timeout=10)

    def take(self, message_id, body, now):
        database = self.open()
        try:
            with database:
                new = database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (message_id, int(now))).rowcount
                if new:
                    database.execute("INSERT INTO alerts VALUES (?, ?)", (message_id, body))  # your own work stands here
        finally:
            database.close()


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdecimal():
            return self.answer(411)
        if int(length) > MAX_BODY:
            return self.answer(413)
        body = self.rfile.read(int(length))
        now = time.time()
        if not is_genuine(self.server.keys, self.headers, body, now):
            return self.answer(401)  # the sender fetches its secret anew and tries again
        try:
            self.server.inbox.take(self.headers["webhook-id"], body, now)
        except sqlite3.Error as error:
            self.log_error("not stored: %s", error)
            return self.answer(503)
        self.answer(204)

    def answer(self, status):
        self.close_connection = status >= 400
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", "0")
        self.end_headers()


def main(database, port):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Receiver)
    server.keys = [key_of(secret) for secret in os.environ["WEBHOOK_SECRETS"].split()]
    server.inbox = Inbox(database)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
