"""What the server makes of bytes that no HTTP library sends: every file of wire/ on a connection of its own.

Lines of a file: `# …` says what it is about; `> …` is sent, with Python's escapes (\\r\\n, \\x00), {token} for a producer's, and
{64K} for so many letters; `!` ends what is sent. `< 400 closed` or `< 401 200 open` are the statuses that are answered, in
order, and whether the connection is there afterwards."""
import codecs
import pathlib
import socket

from api_test import ApiTest
from world import OWNER

FOLDER = pathlib.Path(__file__).parent / "wire"
PATIENCE = 30  # seconds


class Wire:
    """One connection, with what it was answered so far."""

    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.bytes, self.closed = b"", False

    def send(self, text: bytes) -> None:
        try:
            self.socket.sendall(text)
        except OSError:
            pass  # it was refused before it was whole

    def _receive(self) -> bool:
        try:
            got = self.socket.recv(65536)
        except ConnectionResetError:
            got = b""
        self.bytes += got
        self.closed = not got
        return bool(got)

    def status(self) -> int | None:
        """Of the next answer; None if there is none."""
        while b"\r\n\r\n" not in self.bytes:
            if not self._receive():
                return None
        head, _, rest = self.bytes.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lengths[0].split(b":")[1]) if lengths else 0
        while len(rest) < length and self._receive():
            rest = self.bytes.partition(b"\r\n\r\n")[2]
        self.bytes = rest[length:]
        return int(head.split()[1])

    def goes_on(self) -> bool:
        self.send(b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n")
        return self.status() == 404


class WireTest(ApiTest):
    def played(self, file: pathlib.Path) -> str:
        """What the file's last line should be."""
        wire = Wire(self.world.daemon.port)
        expected = None
        for line in file.read_text().splitlines():
            kind, _, text = line.partition(" ")
            if kind == ">":
                text = codecs.decode(text, "unicode_escape").replace("{64K}", "x" * 65536)
                wire.send(text.replace("{token}", self.world.tokens[OWNER, "producer"]).encode("latin-1"))
            elif kind == "!":
                wire.socket.shutdown(socket.SHUT_WR)
            elif kind == "<":
                expected = text.split()
        self.assertIsNotNone(expected, "a file says what it expects")
        statuses = []
        for _ in expected[:-1]:
            statuses.append(str(wire.status()))
        if expected[-1] == "open":
            end = "open" if wire.goes_on() else "closed"
        else:
            end = "closed" if wire.status() is None and wire.closed else "open"
        wire.socket.close()
        self.assertEqual(statuses + [end], expected)

    def test_every_file_of_the_corpus(self):
        files = sorted(FOLDER.glob("*.wire"))
        self.assertGreater(len(files), 30)
        for file in files:
            with self.subTest(file=file.name):
                self.played(file)
        self.expect(self.ask("listDeliveries", self.valid.of("listDeliveries", OWNER)), 200)
