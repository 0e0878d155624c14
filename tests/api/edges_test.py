"""The bounds of request documents, as the schemas tell them, at the real server."""
from api_test import ApiTest
from http_api import Caller
from world import OWNER

# Where the server names another member than the one that is wrong.
NAMED_ELSEWHERE = {"backoff_initial_ms": "backoff_cap_ms"}


class EdgesTest(ApiTest):
    def members(self, operation) -> dict:
        """The members of an operation's document, each with its schema."""
        schema = self.world.document.resolve(operation.bodies["application/json"])
        schema = self.world.document.resolve(schema.get("oneOf", [schema])[0])
        return {name: self.world.document.resolve(node) for name, node in schema.get("properties", {}).items()}

    @staticmethod
    def beyond(schema: dict) -> list:
        """Values that the schema does not allow."""
        kind = schema.get("type", "object")  # those that are one of several are objects
        kind = kind if isinstance(kind, str) else kind[0]  # the other is null
        values = [[], True] if kind in ("object", "string") else ["text"]
        values += [7] if kind in ("string", "object", "array", "boolean") else []
        if "minimum" in schema:
            values.append(schema["minimum"] - 1)
        if "maximum" in schema:
            values.append(schema["maximum"] + 1)
        if kind == "integer":
            values.append(schema.get("minimum", 0) + 0.5)
        if "maxLength" in schema:
            values.append("x" * (schema["maxLength"] + 1))
        if "enum" in schema or "a-z" in schema.get("pattern", "") or schema.get("format") in ("uuid", "date-time"):
            values.append("not this!")
        if "pattern" in schema:
            values.append("a\nb")
        if schema.get("minLength", 0) > 0:
            values.append("")
        if "minItems" in schema:
            values.append([])
        if "maxItems" in schema:
            values.append(["x"] * (schema["maxItems"] + 1))
        return values

    def ask_with(self, operation, body):
        caller = Caller() if operation.id == "signIn" else None  # the token stands in the body
        return self.ask(operation.id, self.valid.of(operation.id, OWNER).having(body=body), caller)

    def named(self, name: str) -> str:
        return NAMED_ELSEWHERE.get(name, name)

    def test_members_beyond_their_schema_are_refused_by_name(self):
        for operation in self.with_bodies():
            valid = self.valid.of(operation.id, OWNER).body or {}
            for name, schema in self.members(operation).items():
                for value in self.beyond(schema):
                    with self.subTest(operation=operation.id, member=name, value=str(value)[:40]):
                        self.assertNotEqual(self.world.document.schema_faults(schema, value), [])
                        answer = self.ask_with(operation, valid | {name: value})
                        self.expect(answer, 422, "invalid-content")
                        self.assertTrue(any(field.startswith((name, self.named(name))) for field in answer.fields),
                                        answer.fields)

    def test_members_that_are_required(self):
        for operation in self.with_bodies():
            schema = self.world.document.resolve(operation.bodies["application/json"])
            schema = self.world.document.resolve(schema.get("oneOf", [schema])[0])
            for name in schema.get("required", []):
                valid = dict(self.valid.of(operation.id, OWNER).body or {})
                valid.pop(name, None)
                with self.subTest(operation=operation.id, member=name):
                    self.expect(self.ask_with(operation, valid), 422, "invalid-content", name)

    def test_members_at_their_bounds_are_taken(self):
        for operation in self.with_bodies():
            if operation.id in ("signIn", "publishEvents"):
                continue  # whose members depend on each other
            for name, schema in self.members(operation).items():
                bounds = [schema[bound] for bound in ("minimum", "maximum") if bound in schema]
                if "maxLength" in schema and name not in ("adapter", "endpoint", "reference"):
                    bounds.append("x" * schema["maxLength"])
                for value in bounds:
                    with self.subTest(operation=operation.id, member=name, value=str(value)[:40]):
                        body = (self.valid.of(operation.id, OWNER).body or {}) | {name: value}
                        if name == "backoff_initial_ms":
                            body["backoff_cap_ms"] = 86400000
                        if name == "backoff_cap_ms":
                            body["backoff_initial_ms"] = 10
                        self.expect(self.ask_with(operation, body), operation.success)

    def test_valid_documents_are_valid_by_their_schema(self):
        for operation in self.with_bodies():
            body = self.valid.of(operation.id, OWNER).body
            if body is not None:
                with self.subTest(operation=operation.id):
                    faults = self.world.document.schema_faults(operation.bodies["application/json"], body)
                    self.assertEqual(faults, [])
