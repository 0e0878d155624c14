"""Clients that misbehave, for a while, and on loopback alone: rude.py PORT SECONDS deaf|lines. Called by bench.py in a process of
its own."""
import selectors
import socket
import sys
import time

KINDS = {
    # Many answers asked for at once, of which nothing is read.
    "deaf": (100, b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: h\r\n\r\n" * 100),
    # Nothing but empty lines, as many as the server takes.
    "lines": (8, b"\r\n" * 8192),
}
PAUSE = 0.05  # before a connection that ended is replaced


def connect(port: int) -> socket.socket | None:
    client = socket.socket()
    client.settimeout(5)
    try:
        client.bind(("127.0.0.2", 0))
        client.connect(("127.0.0.1", port))
    except OSError:
        client.close()
        return None
    client.setblocking(False)
    return client


def main() -> None:
    port, seconds, kind = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    count, text = KINDS[kind]
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as ready:
        open_ones, sent, replaced_at = 0, {}, 0.0
        while time.monotonic() < end:
            if open_ones < count and (time.monotonic() - replaced_at > PAUSE or not sent):
                replaced_at = time.monotonic()
                while open_ones < count and (client := connect(port)):
                    ready.register(client, selectors.EVENT_WRITE)
                    sent[client] = 0
                    open_ones += 1
            for key, _ in ready.select(0.1):
                client = key.fileobj
                try:
                    sent[client] += client.send(text[sent[client] % len(text):])
                    if kind == "deaf" and sent[client] >= len(text):  # that is enough to ask for
                        ready.unregister(client)
                except BlockingIOError:
                    pass
                except OSError:
                    ready.unregister(client)
                    client.close()
                    open_ones -= 1


if __name__ == "__main__":
    main()
