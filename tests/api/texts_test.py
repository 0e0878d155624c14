"""Texts that no store holds (NUL, what is not UTF-8) by every door that a text can come in: each is refused, on each store, and
none is the server's own failure."""
from api_test import ApiTest
from world import OWNER

NONE = [b"a\0b", b"\0", b"a\xffb", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"]
FILTERS = ["destination_id", "event_id", "event_type", "correlation_id", "alert_id", "evidence_id", "ticket_id",
           "created_from", "created_to"]


def places(value, path=()):
    """The way to every text below a value."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, (dict, list)):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(below, (*path, key))


def replaced(value, path, text):
    if not path:
        return text
    copy = value.copy()
    copy[path[0]] = replaced(copy[path[0]], path[1:], text)
    return copy


class TextsTest(ApiTest):
    def test_in_query_parameters(self):
        for operation in self.operations:
            for parameter in (p for p in operation.parameters if p["in"] == "query"):
                call = self.valid.of(operation.id, OWNER)
                for text in NONE:
                    with self.subTest(operation=operation.id, parameter=parameter["name"], text=text):
                        answer = self.ask(operation.id, call.having(query={parameter["name"]: text}))
                        self.expect(answer, 400, "bad-request", parameter["name"])

    def test_in_names_of_query_parameters(self):
        for operation in self.operations:
            with self.subTest(operation=operation.id):
                call = self.valid.of(operation.id, OWNER)
                caller = self.valid.as_sent_by(operation.id, self.allowed(operation.id))
                self.expect(self.ask(operation.id, call.having(query={b"a\0\xff": "x"}), caller), 400, "bad-request")

    def test_in_paths(self):
        for operation in self.operations:
            for parameter in (p for p in operation.parameters if p["in"] == "path"):
                call = self.valid.of(operation.id, OWNER)
                for text in NONE:
                    with self.subTest(operation=operation.id, parameter=parameter["name"], text=text):
                        path = call.path | {parameter["name"]: text}
                        self.expect(self.ask(operation.id, call.having(path=path)), 400, "bad-request")

    def test_an_encoded_slash_is_part_of_a_segment(self):
        for operation in self.operations:
            for parameter in (p for p in operation.parameters if p["in"] == "path"):
                call = self.valid.of(operation.id, OWNER)
                own = call.path[parameter["name"]]
                for text in (f"{own}/", f"/{own}", f"../{own}", f"{own}/attempts", f"{own}/credentials"):
                    with self.subTest(operation=operation.id, parameter=parameter["name"], text=text):
                        path = call.path | {parameter["name"]: text}
                        self.expect(self.ask(operation.id, call.having(path=path)), 404, "not-found")

    def test_in_documents(self):
        for operation in self.with_bodies():
            body = self.valid.of(operation.id, OWNER).body
            caller = self.allowed(operation.id)
            for place in places(body or {}):
                with self.subTest(operation=operation.id, member=place):
                    call = self.valid.of(operation.id, OWNER).having(body=replaced(body, place, "a\0b"))
                    self.expect(self.ask(operation.id, call, caller), 422, "invalid-content")
                    sent = call.having(body=replaced(body, place, "?")).encoded().replace(b'"?"', b'"a\xffb"')
                    self.assertIn(b"\xff", sent)
                    self.expect(self.ask(operation.id, call.having(body=sent), caller), 422, "invalid-content")

    def test_in_the_filters_of_bulk_operations(self):
        for operation in ("replayDeadLetters", "discardDeadLetters"):
            for name in FILTERS:
                with self.subTest(operation=operation, filter=name):
                    body = {"filter": {name: "a\0b"}, "reason": "none"}
                    if operation == "replayDeadLetters":
                        del body["reason"]
                    call = self.valid.of(operation, OWNER).having(body=body)
                    self.expect(self.ask(operation, call), 422, "invalid-content", f"filter.{name}")
