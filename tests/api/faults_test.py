"""Every operation, asked wrongly in every way that the document knows."""
import json

from api_test import ApiTest
from http_api import Call, Caller
from world import OWNER

TOO_MANY_BYTES = 8 * 1024 * 1024 + 1
TOO_MANY_BYTES_TO_SIGN_IN = 16 * 1024 + 1
ANOTHER_REVISION = '"1"'


def unfit(schema: dict) -> list[str]:
    """Values of a parameter that its schema does not allow."""
    kind, values = schema.get("type"), []
    if kind == "integer":
        values = ["x", "1.5", "", str(schema["minimum"] - 1)]
        values += [str(schema["maximum"] + 1)] if "maximum" in schema else []
    elif kind == "boolean":
        values = ["maybe", "1", ""]
    elif kind == "array":
        values = ["nonsense", ""]
    elif schema.get("format") == "date-time":
        values = ["yesterday", "2026-01-01", "2026-13-01T00:00:00Z", ""]
    elif "enum" in schema or "pattern" in schema:
        values = ["Not This!", ""]
    elif "maxLength" in schema:
        values = ["x" * (schema["maxLength"] + 1), ""]
    return values


class FaultsTest(ApiTest):
    def no_bearer_in_the_header(self, operation) -> Caller | None:
        """Who signs in by the body shows nothing in the header."""
        return Caller() if operation.id == "signIn" else None

    def test_unknown_query_parameters(self):
        for operation in self.operations:
            with self.subTest(operation=operation.id):
                call = self.valid.of(operation.id, OWNER)
                caller = self.valid.as_sent_by(operation.id, self.allowed(operation.id))
                answer = self.ask(operation.id, call.having(query=call.query | {"nonsense": "1"}), caller)
                self.expect(answer, 400, "bad-request", "nonsense")

    def test_query_parameters_that_stand_there_twice(self):
        for operation, query in (("listDeliveries", [("limit", "1"), ("limit", "2")]),
                                 ("listAuditRecords", [("from", "2026-01-01T00:00:00Z")] * 2)):
            self.expect(self.ask(operation, Call(query=query)), 400, "bad-request", query[0][0])

    def test_query_parameters_beyond_their_schema(self):
        for operation in self.operations:
            for parameter in operation.parameters:
                if parameter["in"] != "query":
                    continue
                name, schema = parameter["name"], self.world.document.resolve(parameter["schema"])
                values = ["!"] if name == "cursor" else unfit(schema)
                call = self.valid.of(operation.id, OWNER)
                for value in values:
                    with self.subTest(operation=operation.id, parameter=name, value=value):
                        answer = self.ask(operation.id, call.having(query={name: value}))
                        self.expect(answer, 400, "bad-request", name)

    def test_query_parameters_at_their_bounds(self):
        for operation in self.operations:
            for parameter in operation.parameters:
                schema = self.world.document.resolve(parameter["schema"])
                if parameter["in"] != "query" or schema.get("type") != "integer":
                    continue
                for bound in ("minimum", "maximum"):
                    with self.subTest(operation=operation.id, parameter=parameter["name"], bound=bound):
                        if bound in schema:
                            call = self.valid.of(operation.id, OWNER)
                            answer = self.ask(operation.id, call.having(query={parameter["name"]: schema[bound]}))
                            if parameter["name"] == "cancel_waiting" and bound == "maximum":
                                self.expect(answer, 409, "deliveries-changed")  # it is taken, and not the number
                            else:
                                self.expect(answer, operation.success)

    def test_tenants_that_are_none_or_unknown(self):
        for operation in self.operations:
            if operation.of_a_tenant:
                with self.subTest(operation=operation.id):
                    call = self.valid.of(operation.id, OWNER)
                    nowhere, nonsense = (Caller(self.world.system_token, tenant) for tenant in ("nobody", "No One"))
                    self.expect(self.ask(operation.id, call, nowhere), 404, "not-found")
                    self.expect(self.ask(operation.id, call, nonsense), 400, "bad-request", "X-Tenant-Id")

    def test_ids_that_are_none_or_unknown(self):
        for operation in self.operations:
            if "{" not in operation.path:
                continue
            call = self.valid.of(operation.id, OWNER)
            for name in set(call.path) - {"purpose"}:
                for value in ("00000000-0000-7000-8000-000000000000", "999999999", "no such thing!", "-1"):
                    if name == "n" and value == call.path["n"]:
                        continue
                    with self.subTest(operation=operation.id, parameter=name, value=value):
                        answer = self.ask(operation.id, call.having(path=call.path | {name: value}))
                        self.expect(answer, 404, "not-found")

    def test_bodies_that_are_too_large(self):
        for operation in self.with_bodies():
            with self.subTest(operation=operation.id):
                size = TOO_MANY_BYTES_TO_SIGN_IN if operation.id == "signIn" else TOO_MANY_BYTES
                call = self.valid.of(operation.id, OWNER).having(body=None)
                self.expect(self.ask(operation.id, call, announced=size), 413, "too-large")

    def test_bodies_of_another_type(self):
        for operation in self.with_bodies():
            with self.subTest(operation=operation.id):
                call = self.valid.of(operation.id, OWNER)
                call = call.having(content_type="text/plain", body=call.body or {})
                answer = self.ask(operation.id, call, self.no_bearer_in_the_header(operation))
                self.expect(answer, 415, "unsupported-media-type")

    def test_bodies_that_are_no_document(self):
        for operation in self.with_bodies():
            if operation.id == "publishEvents":
                continue  # takes more than objects: see PublishingTest
            for body in (b"{", b"[]", b"nonsense", b"null", b'{"a":1,"a":2}', b"{}x", b"\xff"):
                with self.subTest(operation=operation.id, body=body):
                    call = self.valid.of(operation.id, OWNER).having(body=body)
                    answer = self.ask(operation.id, call, self.no_bearer_in_the_header(operation))
                    self.expect(answer, 422, "invalid-content", "")

    def test_bodies_with_unknown_members(self):
        for operation in self.with_bodies():
            with self.subTest(operation=operation.id):
                call = self.valid.of(operation.id, OWNER)
                call = call.having(body=(call.body or {}) | {"nonsense": 1})
                answer = self.ask(operation.id, call, self.no_bearer_in_the_header(operation))
                self.expect(answer, 422, "invalid-content", "nonsense")

    def test_preconditions(self):
        for operation in self.operations:
            if not operation.takes("header", "If-Match"):
                continue
            with self.subTest(operation=operation.id):
                call = self.valid.of(operation.id, OWNER)
                stale = call.having(headers={"If-Match": ANOTHER_REVISION})
                self.expect(self.ask(operation.id, stale), 412, "precondition-failed")
                for value in ("12", '"x"', 'W/"1"', '""', '"1", "2"'):
                    unreadable = call.having(headers={"If-Match": value})
                    self.expect(self.ask(operation.id, unreadable), 400, "bad-request", "If-Match")
                if 428 in operation.documented:
                    self.expect(self.ask(operation.id, call.having(headers={})), 428, "precondition-required")
                self.expect(self.ask(operation.id, call.having(headers={"If-Match": "*"})), operation.success)

    def test_conflicts(self):
        made = self.world.destination(OWNER, enabled=False)
        waiting = self.world.waiting_destination(OWNER)
        moved = self.world.moved_destination(OWNER)
        done = {"id": self.world.delivered(OWNER)["delivery_id"]}
        orphan = {"id": self.world.orphaned_dead_letter(OWNER)}
        dead = {"id": self.world.dead_letter(OWNER)}
        ended = {"id": self.world.ended_operation(OWNER)["operation_id"]}
        by_id = lambda one: {"id": one["destination_id"]}
        reason = {"reason": "none"}
        for operation, call, code in (
                ("createTenant", Call(body={"tenant_id": OWNER, "name": "again"}), "exists"),
                ("deleteDestination", Call(path=by_id(waiting)), "destination-busy"),
                ("deleteDestination", Call(path=by_id(waiting), query={"cancel_waiting": 2}), "deliveries-changed"),
                ("cancelDelivery", Call(path=done, body=reason), "not-waiting"),
                ("retryDelivery", Call(path=done), "not-waiting"),
                ("resendDelivery", Call(path=dead), "not-ended"),
                ("cancelOperation", Call(path=ended), "operation-ended"),
                ("testDestination", Call(path=by_id(made)), "destination-disabled"),
                ("testDestination", Call(path=by_id(moved)), "credential-unbound"),
                ("replayDeadLetter", Call(path=done), "not-a-dead-letter"),
                ("discardDeadLetter", Call(path=done, body=reason), "not-a-dead-letter"),
                ("replayDeadLetter", Call(path=orphan), "destination-deleted")):
            with self.subTest(operation=operation, code=code):
                answer = self.ask(operation, call)
                self.expect(answer, 409, code)
                of_the_state = code in ("not-a-dead-letter", "not-waiting")
                state = "dead_lettered" if code == "not-ended" else "delivered" if of_the_state else None
                self.assertEqual(answer.json.get("state"), state)
                if operation == "deleteDestination":
                    self.assertEqual((answer.json["waiting"], answer.json["under_way"]), (1, 0))
        self.expect(self.ask("discardDeadLetter", Call(path=orphan, body=reason)), 200)

    def test_a_delivery_is_not_hurried_past_the_one_before(self):
        ordered = self.world.destination(OWNER, enabled=False, order="subject")
        envelopes = [self.world.envelope(OWNER, ordered["event_types"][0], payload={"ticket_id": "one"}) for _ in range(2)]
        self.world.succeed("publishEvents", OWNER, body=envelopes)
        rows = self.world.deliveries(OWNER, ordered, "pending", 2)
        first, second = sorted(rows, key=lambda row: row["due_at"] is None)
        answer = self.ask("retryDelivery", Call(path={"id": second["delivery_id"]}))
        self.expect(answer, 409, "waits-for-turn")
        self.assertIn(first["delivery_id"], answer.json["detail"])
        self.expect(self.ask("retryDelivery", Call(path={"id": first["delivery_id"]})), 200)

    def test_what_a_newer_version_wrote(self):
        for operation in self.operations:
            if not operation.of_a_tenant or 409 not in operation.documented or "{id}" not in operation.path:
                continue
            if operation.id in ("deleteDestination", "testDestination", "replayDeadLetter", "discardDeadLetter",
                                "cancelDelivery", "retryDelivery", "resendDelivery", "cancelOperation"):
                continue  # deleting loses nothing; the others are of deliveries, and of what the daemon has read before
            with self.subTest(operation=operation.id):
                call = self.valid.of(operation.id, OWNER)
                self.world.written_by_a_newer_version(call.path["id"])
                self.expect(self.ask(operation.id, call), 409, "newer-version")
        future = "future"
        self.world.succeed("createTenant", None, body={"tenant_id": future, "name": "Future"})
        admin = Caller(self.world.system_token, future)
        policy = self.ask("replacePolicy", Call(headers={"If-Match": "*"}, body=self.valid.POLICY), admin)
        self.expect(policy, 200)
        self.world.policy_written_by_a_newer_version(future)
        for operation, call in (("replacePolicy", Call(headers={"If-Match": "*"}, body=self.valid.POLICY)),
                                ("replaceAlertRules", Call(headers={"If-Match": "*"}, body={"held_minutes": 7})),
                                ("changeTenant", Call(path={"id": future}, headers={"If-Match": "*"}, body={"name": "Past"}))):
            with self.subTest(operation=operation):
                self.expect(self.ask(operation, call, admin), 409, "newer-version")

    def test_an_audit_trail_that_is_no_chain(self):
        self.world.succeed("createTenant", None, body={"tenant_id": "tampered", "name": "Tampered"})
        time, digest = (("now()", "sha256('x')") if self.world.surroundings.cluster else ("0", f"x'{'00' * 32}'"))
        self.world.surroundings.sql(
            "INSERT INTO audit_log VALUES ('tampered', 9, " + time + ", 'system', '', '', 'tenant.changed', '', '', '', "
            + digest + ", " + digest + ")")
        admin = Caller(self.world.system_token, "tampered")
        answer = self.ask("exportAuditRecords", Call(), admin)
        self.expect(answer, 409, "chain-broken")
        self.assertIn("record 9 lies beyond the chain's head", answer.json["detail"])
        chain = self.ask("checkAuditChain", Call(), admin).json
        self.assertEqual((chain["holds"], chain["fault"]), (False, answer.json["detail"]))

    def test_getting_a_delivery_that_is_no_dead_letter_as_one(self):
        call = Call(path={"id": self.world.delivered(OWNER)["delivery_id"]})
        self.expect(self.ask("getDeadLetter", call), 404, "not-found")


class PublishingTest(ApiTest):
    def publish(self, body, content_type="application/json"):
        producer = self.world.caller(OWNER, "producer")
        return self.ask("publishEvents", Call(body=body, content_type=content_type), producer)

    def lines(self, events) -> bytes:
        return b"\r\n\n".join(json.dumps(event).encode() for event in events)

    def envelopes(self, count: int) -> list:
        return [self.world.envelope(OWNER, "alert.created") for _ in range(count)]

    def test_one_many_or_one_a_line(self):
        one, many, lines = self.envelopes(1), self.envelopes(1000), self.envelopes(1000)
        for answer, events in ((self.publish(one[0]), one), (self.publish(many), many),
                               (self.publish(self.lines(lines), "application/x-ndjson"), lines)):
            self.expect(answer, 202)
            wanted = [{"event_id": event["event_id"], "result": "accepted"} for event in events]
            self.assertEqual(answer.json["results"], wanted)
        again = self.publish(one[0])
        self.assertEqual(again.json["results"], [{"event_id": one[0]["event_id"], "result": "duplicate"}])

    def test_too_many(self):
        events = self.envelopes(1001)
        self.expect(self.publish(events), 413, "too-large")
        self.expect(self.publish(self.lines(events), "application/x-ndjson"), 413, "too-large")

    def test_an_id_with_other_content(self):
        first, second = self.envelopes(2)
        self.expect(self.publish(first), 202)
        answer = self.publish([first | {"source": "another"}, second])
        self.expect(answer, 409, "event-conflict")
        self.assertEqual([row["result"] for row in answer.json["results"]], ["conflict", "accepted"])

    def test_bodies_that_are_none(self):
        for body in (b"", b" \n", b"[]", b"[{"):
            self.expect(self.publish(body), 400, "bad-request")
        self.expect(self.publish(b"\n", "application/x-ndjson"), 400, "bad-request")
        for body in (b"{", b"null", b"7", b'[{},7]'):
            self.expect(self.publish(body), 422, "invalid-content")

    def test_the_hosts_own_types(self):
        for event_type in ("ticket.delivery.succeeded", "oneprotect.test"):
            answer = self.publish(self.world.envelope(OWNER, event_type))
            self.expect(answer, 422, "invalid-content", "event_type")
