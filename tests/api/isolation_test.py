"""A stranger with the owner's ids finds nothing, changes nothing and is told nothing."""
import re

from api_test import ApiTest
from http_api import Call, Caller
from world import OWNER, STRANGER

UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Of the installation, not of a tenant.
COMMON = {"getAdapter"}


class IsolationTest(ApiTest):
    def strangers(self) -> dict[str, Caller]:
        return {"their administrator": self.world.caller(STRANGER),
                "a system administrator in their tenant": Caller(self.world.system_token, STRANGER)}

    def test_the_owners_ids_answer_404(self):
        seen = set()
        for operation in self.operations:
            if not operation.of_a_tenant or "{" not in operation.path or operation.id in COMMON:
                continue
            call = self.valid.of(operation.id, OWNER)
            for name, stranger in self.strangers().items():
                with self.subTest(operation=operation.id, who=name):
                    self.expect(self.ask(operation.id, call, stranger), 404, "not-found")
            with self.subTest(operation=operation.id, who="the owner, after all"):
                self.expect(self.ask(operation.id, call), operation.success)
            seen.add(operation.path)
        self.assertEqual(len(seen), 23, seen)

    def test_the_owners_name_in_a_header_is_refused(self):
        for operation in self.operations:
            if operation.of_a_tenant and "tenant_admin" in operation.roles:
                with self.subTest(operation=operation.id):
                    intruder = Caller(self.world.tokens[STRANGER, "tenant_admin"], OWNER)
                    answer = self.world.api.ask(operation.id, self.valid.of(operation.id, STRANGER), intruder)
                    self.expect(answer, 403, "forbidden", "X-Tenant-Id")

    def test_filters_by_the_owners_references_find_nothing(self):
        delivery = self.world.delivered(OWNER)
        parked = self.world.succeed("getDeadLetter", OWNER, path={"id": self.world.dead_letter(OWNER)}).json
        names = ("destination_id", "event_id", "event_type", "correlation_id", "alert_id", "evidence_id", "ticket_id")
        for operation, rows, whose in (("listDeliveries", "deliveries", delivery),
                                       ("listDeadLetters", "dead_letters", parked),
                                       ("listEvents", "events", delivery)):
            of_it = {"listDeliveries": (*names, "delivery_id", "idempotency_key"),
                     "listEvents": (*names[2:], "idempotency_key")}
            for name in of_it.get(operation, names):
                call = Call(query={name: whose[name]})
                for stranger in self.strangers().values():
                    with self.subTest(operation=operation, filter=name):
                        self.assertEqual(self.ask(operation, call, stranger).json[rows], [])
                self.assertNotEqual(self.ask(operation, call).json[rows], [], "the owner finds it")
        waiting = self.world.succeed("getDelivery", OWNER, path={"id": self.world.waiting(OWNER)}).json
        for operation, reason, whose in (("replayDeadLetters", {}, parked),
                                         ("discardDeadLetters", {"reason": "curious"}, parked),
                                         ("cancelDeliveries", {"reason": "curious"}, waiting)):
            for name in names:
                call = Call(body={"filter": {name: whose[name]}, "dry_run": False, **reason})
                with self.subTest(operation=operation, filter=name):
                    self.assertEqual(self.ask(operation, call, self.world.caller(STRANGER)).json["matching"], 0)
        self.assertEqual(self.world.succeed("getDeadLetter", OWNER, path={"id": parked["delivery_id"]}).json, parked)
        self.assertEqual(self.world.succeed("getDelivery", OWNER, path={"id": waiting["delivery_id"]}).json, waiting)

    def test_the_audit_trail_of_the_owner_is_not_found_by_filter(self):
        record = self.world.succeed("listAuditRecords", OWNER, query={"limit": 1}).json["records"][0]
        delivery = self.world.delivered(OWNER)
        about = [(name, delivery[name]) for name in ("event_id", "alert_id", "evidence_id", "ticket_id")]
        for name, value in about:
            self.assertEqual(self.ask("listAuditRecords", Call(query={name: value})).json["records"][0]["target"],
                             "delivery:" + delivery["delivery_id"])
        for name, value in (("target", record["target"]), ("actor_id", record["actor"]["id"]), *about):
            answer = self.ask("listAuditRecords", Call(query={name: value}), self.world.caller(STRANGER))
            self.assertEqual(answer.json["records"], [])

    def test_cursors_of_the_owner_lead_nowhere_in_particular(self):
        for operation, rows in (("listDestinations", "destinations"), ("listDeliveries", "deliveries"),
                                ("listTokens", "tokens"), ("listAuditRecords", "records"),
                                ("listEvents", "events")):
            self.world.destination(OWNER), self.world.delivered(OWNER)
            cursor = self.ask(operation, Call(query={"limit": 1})).json["next_cursor"]
            self.assertIsNotNone(cursor)
            with self.subTest(operation=operation):
                self.ask(operation, Call(query={"cursor": cursor}), self.world.caller(STRANGER)).json[rows]

    def test_nobody_publishes_for_another(self):
        call = self.valid.of("publishEvents", OWNER)
        answer = self.ask("publishEvents", call, self.world.caller(STRANGER, "producer"))
        self.expect(answer, 403, "forbidden", "tenant_id")
        answer = self.ask("publishEvents", call, Caller(self.world.system_token, STRANGER))
        self.expect(answer, 403, "forbidden", "tenant_id")

    def test_tenants_do_not_see_each_other(self):
        for operation in ("listTenants", "getTenant", "changeTenant", "createTenant"):
            answer = self.ask(operation, self.valid.of(operation, OWNER), self.world.caller(STRANGER))
            self.expect(answer, 403, "forbidden")

    def test_z_all_that_the_stranger_was_told_holds_nothing_of_the_owner(self):
        """Over every answer of the whole run so far."""
        told = self.world.observed.told
        self.assertGreater(len(told[STRANGER]), 100)
        owned = {uuid for body in told[OWNER] for uuid in UUID.findall(body)}
        for body in told[STRANGER]:
            self.assertNotIn(OWNER.encode(), body)
            self.assertEqual(owned.intersection(UUID.findall(body)), set(), body)
