"""Every operation's success, and what goes with it: pages, filters, sessions, exports."""
import json

import processes
from api_test import ApiTest
from http_api import Call, Caller
from surroundings import PUBLIC_KEY
from world import OWNER

# Of each list the member that holds its rows, and how its next page is asked for.
LISTS = {"listTokens": "tokens", "listTenants": "tenants", "listDestinations": "destinations",
         "listDeliveries": "deliveries", "listEvents": "events", "listDeadLetters": "dead_letters",
         "listDeliveryEvents": "delivery_events",
         "listAuditRecords": "records"}


class SuccessTest(ApiTest):
    def test_every_operation(self):
        for operation in self.operations:
            with self.subTest(operation=operation.id):
                call = self.valid.of(operation.id, OWNER)
                caller = Caller(self.world.tokens[OWNER, "operator"]) if operation.id == "signIn" else None
                caller = self.valid.as_sent_by(operation.id, caller or self.allowed(operation.id))
                answer = self.ask(operation.id, call, caller)
                self.expect(answer, operation.success)

    def test_pages_hold_everything_once(self):
        for _ in range(2):
            self.world.delivered(OWNER)
            self.world.dead_letter(OWNER)
        for operation, rows in LISTS.items():
            with self.subTest(operation=operation):
                whole = self.ask(operation, Call(query={"limit": 200})).json[rows][:7]
                self.assertGreaterEqual(len(whole), 2)
                paged, query = [], {"limit": 1}
                while len(paged) < len(whole):
                    page = self.ask(operation, Call(query=query)).json
                    self.assertLessEqual(len(page[rows]), 1)
                    paged += page[rows]
                    query = {"limit": 1, "cursor": page["next_cursor"]}
                self.assertEqual([self.identity(row) for row in paged], [self.identity(row) for row in whole])

    @staticmethod
    def identity(row: dict) -> object:
        """Rows change while the daemon works; what names them does not."""
        names = ("prefix", "sequence", "delivery_id", "event_id", "destination_id", "tenant_id")
        return next(row[name] for name in names if name in row)

    def test_filters(self):
        delivery = self.world.delivered(OWNER)
        destination = self.world.destination(OWNER, enabled=False)
        names = ("destination_id", "event_id", "event_type", "correlation_id", "alert_id", "evidence_id", "ticket_id")
        for query in ([{name: delivery[name]} for name in names] +
                      [{"state": "delivered,failed", "destination_id": delivery["destination_id"]},
                       {"created_from": delivery["created_at"], "created_to": "9999-01-01T00:00:00Z",
                        "event_id": delivery["event_id"], "held": "false"}]):
            with self.subTest(query=query):
                found = self.ask("listDeliveries", Call(query=query)).json["deliveries"]
                self.assertEqual([row["delivery_id"] for row in found], [delivery["delivery_id"]])
        key = delivery["idempotency_key"]
        for query in ({"delivery_id": delivery["delivery_id"]}, {"idempotency_key": key}, {"webhook_id": "msg_" + key},
                      {"webhook_id": "msg_" + key, "idempotency_key": key, "state": "delivered"}):
            with self.subTest(query=query):
                found = self.ask("listDeliveries", Call(query=query)).json["deliveries"]
                self.assertEqual([row["delivery_id"] for row in found], [delivery["delivery_id"]])
        for query in ({"idempotency_key": "0" * 64}, {"idempotency_key": key, "state": "failed"},
                      {"idempotency_key": key, "delivery_id": "018f3b6c-9d2e-7a40-8b11-0123456789ab"}):
            self.assertEqual(self.ask("listDeliveries", Call(query=query)).json["deliveries"], [])
        other = self.ask("listDeliveries", Call(query={"idempotency_key": key, "webhook_id": "msg_" + "0" * 64}))
        self.expect(other, 400, "bad-request", "webhook_id")
        event = self.ask("getEvent", Call(path={"id": delivery["event_id"]})).json
        for query in ([{name: event[name]} for name in ("event_type", "producer", "source", "correlation_id",
                                                        "alert_id", "evidence_id", "ticket_id")] +
                      [{"idempotency_key": key}, {"received_from": event["received_at"], "received_to":
                                                  "9999-01-01T00:00:00Z"}]):
            with self.subTest(query=query):
                found = self.ask("listEvents", Call(query=query)).json["events"]
                self.assertIn(delivery["event_id"], [row["event_id"] for row in found])
        self.assertEqual(self.ask("listEvents", Call(query={"received_to": event["received_at"],
                                                            "event_type": event["event_type"]})).json["events"], [])
        query = {"enabled": "false", "adapter": "webhook", "q": destination["name"].upper()}
        found = self.ask("listDestinations", Call(query=query)).json["destinations"]
        self.assertEqual([row["destination_id"] for row in found], [destination["destination_id"]])
        record = self.ask("listAuditRecords", Call(query={"target": "destination:" + destination["destination_id"],
                                                          "action": "destination.created"})).json["records"][0]
        query = {"actor_id": record["actor"]["id"], "from": record["at"], "to": "9999-01-01T00:00:00Z"}
        self.assertIn(record, self.ask("listAuditRecords", Call(query=query)).json["records"])
        query = {"types": "ticket.delivery.succeeded,ticket.delivery.failed", "cursor": "0"}
        self.assertNotEqual(self.ask("listDeliveryEvents", Call(query=query)).json["delivery_events"], [])
        week = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-08T00:00:00Z"}
        for window in (week, {"to": "2026-01-08T00:00:00+02:00"}):
            self.expect(self.ask("getDeliveryHealth", Call(query=window)), 200)

    def test_an_event_that_nobody_subscribes_to_is_not_lost(self):
        envelope = self.world.envelope(OWNER, "nobody.subscribes")
        text = '{ "b" : 1.50,\n"a":[ ] }'
        sent = json.dumps(envelope | {"payload": None}).replace("null", text)
        producer = self.world.caller(OWNER, "producer")
        self.expect(self.ask("publishEvents", Call(body=sent.encode()), producer), 202)
        path = {"id": envelope["event_id"]}
        event = self.ask("getEvent", Call(path=path)).json
        self.assertEqual((event["delivery_count"], event["deliveries"]), (0, []))
        self.assertEqual(event["producer"], "token:" + producer.token[:12])
        self.assertEqual(self.ask("getEventPayload", Call(path=path)).json["payload"], text)
        record = self.ask("listAuditRecords", Call(query={"event_id": envelope["event_id"]})).json["records"][0]
        self.assertEqual((record["action"], record["target"]), ("payload.read", "event:" + envelope["event_id"]))

    def test_audit_names_the_producer(self):
        delivery = self.world.delivered(OWNER)
        record = self.ask("listAuditRecords", Call(query={"alert_id": delivery["alert_id"]})).json["records"][0]
        event = self.ask("getEvent", Call(path={"id": delivery["event_id"]})).json
        self.assertEqual(record["details"]["producer"], event["producer"])
        two = self.ask("listAuditRecords", Call(query={"alert_id": "a", "ticket_id": "b"}))
        self.expect(two, 400, "bad-request", "ticket_id")

    def test_what_is_held_is_shown_as_held(self):
        held = self.world.waiting_destination(OWNER)
        query = {"held": "true", "destination_id": held["destination_id"]}
        row = self.ask("listDeliveries", Call(query=query)).json["deliveries"][0]
        self.assertEqual((row["held"]["cause"], row["held"]["detail"]), ("disabled", "created disabled"))
        self.expect(self.ask("enableDestination", Call(path={"id": held["destination_id"]})), 200)
        self.world.deliveries(OWNER, held, "delivered")

    def test_a_test_event_is_signed_and_its_attempt_told(self):
        path = {"id": self.world.destination(OWNER)["destination_id"]}
        attempt = self.ask("testDestination", Call(path=path, query={"wait_ms": 15000})).json["attempt"]
        self.assertEqual((attempt["result"], attempt["http_status"]), ("succeeded", 200))
        self.assertIsNone(self.ask("testDestination", Call(path=path)).json["attempt"])

    def test_sessions_by_a_token_in_the_body(self):
        token = self.world.tokens[OWNER, "operator"]
        opened = self.ask("signIn", Call(body={"token": token}), Caller())
        self.expect(opened, 201)
        session = Caller(cookie=opened.headers["set-cookie"].partition(";")[0], csrf=opened.json["csrf_token"])
        self.assertEqual(self.ask("getSession", Call(), session).json, opened.json)
        self.expect(self.ask("signOut", Call(), session), 204)
        self.expect(self.ask("getSession", Call(), session), 401, "unauthenticated")
        self.expect(self.ask("signOut", Call(), Caller(token)), 404, "not-found")

    def test_the_document_is_sent_once(self):
        tag = self.ask("getOpenApi", Call()).headers["etag"]
        self.expect(self.ask("getOpenApi", Call(headers={"If-None-Match": tag})), 304)
        self.assertEqual(self.ask("getOpenApi", Call()).json, self.world.document.root)

    def test_public_keys_are_sent_once(self):
        call = self.valid.of("getWebhookKeys", OWNER)
        answer = self.ask("getWebhookKeys", call, Caller())
        self.assertEqual([key["whpk"] for key in answer.json["keys"]], [PUBLIC_KEY])
        held = call.having(headers={"If-None-Match": answer.headers["etag"]})
        self.expect(self.ask("getWebhookKeys", held, Caller()), 304)
        shared = Call(path={"id": self.world.destination(OWNER)["destination_id"]})
        self.expect(self.ask("getWebhookKeys", shared, Caller()), 404, "not-found")

    def test_dead_letters_by_filter(self):
        for operation, count, reason in (("replayDeadLetters", "replayed", {}),
                                         ("discardDeadLetters", "discarded", {"reason": "tried enough"})):
            one = self.world.succeed("getDeadLetter", OWNER, path={"id": self.world.dead_letter(OWNER)}).json
            body = {"filter": {"event_id": one["event_id"], "destination_id": [one["destination_id"]]}, **reason}
            self.assertEqual(self.ask(operation, Call(body=body)).json, {"dry_run": True, "matching": 1})
            answer = self.ask(operation, Call(body=body | {"dry_run": False})).json
            self.assertEqual((answer["matching"], answer[count]), (1, 1))

    def test_what_waits_is_cancelled_by_filter_or_with_its_destination(self):
        destination = self.world.waiting_destination(OWNER)
        by_destination = {"destination_id": destination["destination_id"], "state": "pending"}
        body = {"filter": by_destination, "reason": "the customer left"}
        counted = {"dry_run": True, "matching": 1, "under_way": 0}
        self.assertEqual(self.ask("cancelDeliveries", Call(body=body)).json, counted)
        answer = self.ask("cancelDeliveries", Call(body=body | {"dry_run": False})).json
        self.assertEqual(answer, counted | {"dry_run": False, "cancelled": 1})
        ended = self.world.deliveries(OWNER, destination, "failed")[0]
        self.assertEqual(ended["last_reason"], "cancelled")
        attempt = self.ask("listAttempts", Call(path={"id": ended["delivery_id"]})).json["attempts"][0]
        self.assertRegex(attempt["error_summary"], r"^cancelled by opi_\S+ \(tenant_admin\): the customer left$")
        self.world.publish(OWNER, destination, 2)
        path = {"id": destination["destination_id"]}
        self.expect(self.ask("deleteDestination", Call(path=path, query={"cancel_waiting": 2})), 204)
        self.expect(self.ask("getDestination", Call(path=path)), 404, "not-found")
        self.world.deliveries(OWNER, destination, "failed", 3)

    def test_a_dead_letter_without_a_destination_is_only_read_and_discarded(self):
        orphan = self.world.orphaned_dead_letter(OWNER)
        row = self.ask("getDeadLetter", Call(path={"id": orphan})).json
        self.assertEqual((row["replayable"], "deleted" in row["advice"]), (False, True))
        body = {"filter": {"event_id": row["event_id"]}}
        self.assertEqual(self.ask("replayDeadLetters", Call(body=body)).json["matching"], 0)
        self.assertEqual(self.ask("discardDeadLetters", Call(body=body)).json["matching"], 1)
        other = self.ask("getDeadLetter", Call(path={"id": self.world.dead_letter(OWNER)})).json
        self.assertTrue(other["replayable"])

    def test_an_operation_is_worked_off(self):
        destination = self.world.destination(OWNER)
        self.world.publish(OWNER, destination, 5)
        self.world.deliveries(OWNER, destination, "delivered", 5)
        body = {"kind": "resend", "filter": {"destination_id": destination["destination_id"], "state": "delivered"}}
        self.assertEqual(self.ask("startOperation", Call(body=body)).json, {"dry_run": True, "matching": 5})
        ended = self.world.ended_operation(OWNER, **body)
        self.assertEqual((ended["state"], ended["counted"], ended["done"], ended["failed"]), ("done", 5, 5, 0))

        def all_twice():
            rows = self.world.deliveries(OWNER, destination, "delivered", 5)
            return rows if all(row["attempts"] == 2 for row in rows) else None
        processes.eventually(all_twice, "they are delivered again")
        self.assertIn(ended, self.ask("listOperations", Call(query={"limit": 200})).json["operations"])

    def test_the_audit_trail_of_the_installation(self):
        caller = Caller(self.world.system_token, "_system")
        for operation in ("listAuditRecords", "checkAuditChain", "exportAuditRecords", "listTokens"):
            self.expect(self.ask(operation, Call(), caller), 200)
        chain = self.ask("checkAuditChain", Call()).json
        self.assertTrue(chain["holds"])
        exported = self.ask("exportAuditRecords", Call(query={"after": chain["records"] - 2})).body.splitlines()
        self.assertGreaterEqual(len(exported), 5)  # header, checkpoint, records, checkpoint
