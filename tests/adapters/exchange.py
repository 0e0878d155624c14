"""Requests as a receiver sees them, and its answers."""
import json
import urllib.parse
from dataclasses import dataclass, field


class Violation(Exception):
    """A request that the vendor's published API does not take."""


class LostAnswer(Exception):
    """The connection ends after the request was read and acted upon."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # below the vendor's prefix
    query: dict
    headers: dict  # by lower-case name
    body: bytes

    @staticmethod
    def of(method: str, target: str, headers: dict, body: bytes) -> "Request":
        path, _, query = target.partition("?")
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
        if len(dict(pairs)) != len(pairs):
            raise Violation(f"the query repeats a name: {query}")
        return Request(method, path, dict(pairs), headers, body)

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as fault:
            raise Violation(f"the body is no JSON: {fault}") from fault


@dataclass(frozen=True)
class Answer:
    status: int
    body: object = None  # as JSON; None: no body
    headers: dict = field(default_factory=dict)
