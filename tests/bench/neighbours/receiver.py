"""A receiver in a process of its own: prints its port, then answers POST by path: /steady at once, remembering when; /slow with 200
after many seconds; /never not at all; /throttle with 429. GET /times gives what it remembers, by event id, and forgets it."""
import asyncio
import json
import re
import resource
import time

SLOW_SECONDS = 20
EVENT_ID = re.compile(rb'"event_id":"([^"]+)"')
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
THROTTLED = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
answered: dict = {}


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.waiting = b""

    def data_received(self, data):
        self.waiting += data
        while True:
            end = self.waiting.find(b"\r\n\r\n")
            if end < 0:
                return
            length = LENGTH.search(self.waiting, 0, end)
            size = end + 4 + (int(length.group(1)) if length else 0)
            if len(self.waiting) < size:
                return
            request, self.waiting = self.waiting[:size], self.waiting[size:]
            self.answer(request.split(b" ", 2)[1], request[end + 4:])

    def answer(self, path: bytes, body: bytes) -> None:
        if path.startswith(b"/steady"):
            self.transport.write(OK)
            found = EVENT_ID.search(body)
            answered.setdefault(found.group(1).decode() if found else "", time.monotonic())
        elif path.startswith(b"/slow"):
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self.transport.write, OK)
        elif path.startswith(b"/throttle"):
            self.transport.write(THROTTLED)
        elif path == b"/times":
            text = json.dumps(answered).encode()
            answered.clear()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))


async def main() -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=4096)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
