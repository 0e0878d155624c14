"""The OpenAPI document: its operations, and what is wrong with an answer by it."""
import json
import pathlib
import re
from dataclasses import dataclass

import jsonschema

# What any operation may answer besides its own statuses: the document's "default".
OTHER_STATUSES = {405, 408, 411, 431, 500}
# These say something; where the document does not name them they may not stand.
TELLING_HEADERS = {"etag", "location", "retry-after", "set-cookie", "www-authenticate", "content-disposition"}

formats = jsonschema.FormatChecker(formats=["uuid", "regex"])


@formats.checks("date-time")
def is_timestamp(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", value) is not None


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    base: str  # "/api/v1", but for what stands elsewhere
    path: str  # "/destinations/{id}"
    action: str | None
    roles: frozenset
    is_open: bool  # needs no bearer
    of_a_tenant: bool  # system administrators name the tenant in X-Tenant-Id
    parameters: tuple  # objects of the document, resolved
    bodies: dict  # media type -> schema; empty: takes none
    responses: dict  # "200" or "default" -> object of the document, resolved

    def takes(self, place: str, name: str) -> bool:
        return any(p["in"] == place and p["name"] == name for p in self.parameters)

    @property
    def success(self) -> int:
        return min(int(status) for status in self.responses if status.startswith("2"))

    @property
    def documented(self) -> set:
        return {int(status) for status in self.responses if status != "default"}


class Document:
    def __init__(self, file: pathlib.Path):
        self.root = json.loads(file.read_text())
        self.base = self.root["servers"][0]["url"]
        self.operations = {}
        for path, methods in self.root["paths"].items():
            for method, node in methods.items():
                operation = self._operation(method.upper(), path, node)
                self.operations[operation.id] = operation
        problem_types = self.root["components"]["schemas"]["ProblemType"]["enum"]
        self.problem_codes = {uri.rpartition(":")[2] for uri in problem_types}

    def resolve(self, node: dict) -> dict:
        while "$ref" in node:
            target = self.root
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _operation(self, method: str, path: str, node: dict) -> Operation:
        parameters = tuple(self.resolve(p) for p in node.get("parameters", []))
        security = node.get("security", self.root["security"])
        content = node.get("requestBody", {}).get("content", {})
        return Operation(
            node["operationId"], method, node.get("servers", self.root["servers"])[0]["url"].rstrip("/"), path,
            node.get("x-action"), frozenset(node["x-roles"]), security in ([], [{}]),
            any(p["name"] == "X-Tenant-Id" for p in parameters), parameters,
            {media: body["schema"] for media, body in content.items()},
            {status: self.resolve(response) for status, response in node["responses"].items()})

    def schema_faults(self, schema: dict, value: object) -> list[str]:
        # References are relative to the document.
        whole = {**schema, "components": self.root["components"]}
        validator = jsonschema.Draft202012Validator(whole, format_checker=formats)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def answer_faults(self, operation: Operation, answer) -> list[str]:
        """What of an answer is not as the document says; empty if all is."""
        response = operation.responses.get(str(answer.status))
        if response is None and answer.status in OTHER_STATUSES:
            response = operation.responses["default"]
        if response is None:
            return [f"status {answer.status} is not documented"]
        return self._header_faults(response, answer) + self._body_faults(response, answer)

    def _header_faults(self, response: dict, answer) -> list[str]:
        faults = []
        documented = {name.lower(): self.resolve(node) for name, node in response.get("headers", {}).items()}
        for name, node in documented.items():
            value = answer.headers.get(name)
            if value is None:
                faults.append(f"the header {name} is missing")
                continue
            typed = int(value) if node["schema"].get("type") == "integer" else value
            faults += [f"header {name}: {fault}" for fault in self.schema_faults(node["schema"], typed)]
        faults += [f"the header {name} is not documented" for name in TELLING_HEADERS - documented.keys()
                   if name in answer.headers]
        if answer.headers.get("x-content-type-options") != "nosniff":
            faults.append("X-Content-Type-Options is not nosniff")
        if "cache-control" not in documented and answer.headers.get("cache-control") != "no-store":
            faults.append(f"Cache-Control is {answer.headers.get('cache-control')}")
        return faults

    def _body_faults(self, response: dict, answer) -> list[str]:
        media = answer.headers.get("content-type", "").partition(";")[0]
        content = response.get("content", {})
        if not content:
            return ["there is a body, and the document knows of none"] if answer.body or media else []
        if media not in content:
            return [f"the type is {media}"]
        schema = content[media]["schema"]
        if media.endswith("x-ndjson"):
            faults = []
            for line in answer.body.decode().splitlines():
                faults += self.schema_faults(schema["contentSchema"], json.loads(line))
            return faults
        value = json.loads(answer.body)
        faults = self.schema_faults(schema, value)
        if media == "application/problem+json" and value.get("status") != answer.status:
            faults.append(f"the problem is of status {value.get('status')}")
        return faults
