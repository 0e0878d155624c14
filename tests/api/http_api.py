"""Asks the API's operations and holds every answer against the document."""
import http.client
import json
import urllib.parse
from collections import defaultdict
from dataclasses import dataclass, field, replace

from document import Document, Operation

JSON = "application/json"


@dataclass(frozen=True)
class Caller:
    """Who asks: with a bearer, or with a session's cookie and CSRF token."""
    token: str | None = None
    tenant: str | None = None  # X-Tenant-Id
    cookie: str | None = None
    csrf: str | None = None
    address: str = "127.0.0.1"  # where from: failed attempts are counted by address

    def headers(self) -> dict:
        named = {"Authorization": self.token and f"Bearer {self.token}", "X-Tenant-Id": self.tenant,
                 "Cookie": self.cookie, "X-CSRF-Token": self.csrf}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class Call:
    """What is asked of an operation."""
    path: dict = field(default_factory=dict)
    query: dict = field(default_factory=dict)
    headers: dict = field(default_factory=dict)
    body: object = None  # bytes as they are; other values as JSON
    content_type: str = JSON

    def having(self, **changes) -> "Call":
        return replace(self, **changes)

    def encoded(self) -> bytes | None:
        return self.body if self.body is None or isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict  # by lower-case name
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The stable code of a problem."""
        if self.headers.get("content-type") != "application/problem+json":
            return None
        return self.json["type"].rpartition(":")[2]

    @property
    def fields(self) -> set:
        return {error["field"] for error in self.json.get("errors", [])}


def request(port: int, method: str, target: str, headers: dict, body: bytes | None, address: str = "127.0.0.1",
            announced: int | None = None) -> Answer:
    """One request on a connection of its own. `announced`: a Content-Length whose body never comes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(address, 0))
    try:
        connection.putrequest(method, target)
        for name, value in headers.items():
            connection.putheader(name, value)
        length = announced if announced is not None else len(body) if body is not None else None
        if length is not None:
            connection.putheader("Content-Length", str(length))
        try:
            connection.endheaders(body if announced is None else None)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was sent as a whole: the answer is there all the same
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


class Observed:
    """What the run has seen: of each operation its statuses, the problems' codes, and what each tenant was told."""

    def __init__(self):
        self.statuses = defaultdict(set)
        self.codes = set()
        self.told = defaultdict(list)  # tenant -> bodies

    def note(self, operation: Operation | None, answer: Answer, tenant: str | None) -> None:
        if operation is not None:
            self.statuses[operation.id].add(answer.status)
        if answer.code is not None:
            self.codes.add(answer.code)
        self.told[tenant].append(answer.body)


class Api:
    """The API of one daemon."""

    def __init__(self, document: Document, observed: Observed, port: int):
        self.document, self.observed, self.port = document, observed, port
        self.tenant_of_token = {}

    def target(self, operation: Operation, call: Call) -> str:
        path = operation.path
        for name, value in call.path.items():
            path = path.replace("{" + name + "}", urllib.parse.quote(value if isinstance(value, bytes) else str(value), safe=""))
        query = urllib.parse.urlencode(call.query)
        return operation.base + path + ("?" + query if query else "")

    def ask(self, operation_id: str, call: Call, caller: Caller, announced: int | None = None) -> Answer:
        """Raises AssertionError if the answer is not as documented."""
        operation = self.document.operations[operation_id]
        headers = {**caller.headers(), **call.headers}
        if call.body is not None or announced is not None:
            headers["Content-Type"] = call.content_type
        target = self.target(operation, call)
        answer = request(self.port, operation.method, target, headers, call.encoded(), caller.address, announced)
        self.observed.note(operation, answer, self.tenant_of_token.get(caller.token) or caller.tenant)
        if faults := self.document.answer_faults(operation, answer):
            told = answer.body.decode(errors="replace")[:2000]
            raise AssertionError("\n".join([f"{operation.method} {target} -> {answer.status} {told}", *faults]))
        return answer
