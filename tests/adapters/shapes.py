"""The requests that a vendor's API takes: shapes/<vendor>.json, written after its public documentation.

A file has "requests" by name: method, path (a regular expression of the whole path), and JSON Schemas of the query and
the headers (objects of text) and of the body. Without a schema, there must be no query or body; headers are then free.
"""
import json
import pathlib
import re

import jsonschema

from exchange import Request, Violation

FOLDER = pathlib.Path(__file__).resolve().parent / "shapes"
JSON_TYPE = re.compile(r"application/json(; ?charset=utf-8)?", re.IGNORECASE)


def shortened(message: str) -> str:
    """The reason stands behind the value, which may be long."""
    return message if len(message) <= 300 else f"{message[:100]} … {message[-200:]}"


def faults(schema: dict, value: object, part: str) -> list[str]:
    """In the order of their places, each with its place."""
    errors = jsonschema.Draft202012Validator(schema).iter_errors(value)
    return [f"{part}{error.json_path[1:]}: {shortened(error.message)}"
            for error in sorted(errors, key=lambda error: error.json_path)]


class RequestShape:
    def __init__(self, document: dict, shape: dict):
        self.method, self.path = shape["method"], re.compile(shape["path"])
        self.most_bytes = shape.get("bytes")
        self.parts = {part: {"$defs": document.get("$defs", {}), **shape[part]}
                      for part in ("query", "headers", "body") if part in shape}
        for schema in self.parts.values():
            jsonschema.Draft202012Validator.check_schema(schema)

    def faults(self, request: Request) -> list[str]:
        found = []
        if "query" not in self.parts and request.query:
            found.append(f"query: takes none, has {request.query}")
        if "body" not in self.parts and request.body:
            found.append("body: takes none")
        if "body" in self.parts and not JSON_TYPE.fullmatch(request.headers.get("content-type", "")):
            found.append(f"content-type: is {request.headers.get('content-type')}")
        if self.most_bytes is not None and len(request.body) > self.most_bytes:
            found.append(f"body: has {len(request.body)} bytes, the limit is {self.most_bytes}")
        for part, schema in self.parts.items():
            found += faults(schema, getattr(request, "json" if part == "body" else part), part)
        return found


class Shapes:
    def __init__(self, vendor: str):
        document = json.loads((FOLDER / f"{vendor}.json").read_text())
        self.requests = {name: RequestShape(document, shape) for name, shape in document["requests"].items()}

    def recognise(self, request: Request) -> tuple[str, dict]:
        """Which of the API's requests it is, and the named parts of its path. Raises Violation."""
        for name, shape in self.requests.items():
            found = shape.path.fullmatch(request.path)
            if found is None or shape.method != request.method:
                continue
            if wrong := shape.faults(request):
                raise Violation(f"{name}: " + "; ".join(wrong[:5]))
            return name, found.groupdict()
        raise Violation("the API has no such request")
