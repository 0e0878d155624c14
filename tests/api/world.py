"""Two tenants with what they need, and ways to make more of it."""
import itertools

import processes
from document import Document
from http_api import Answer, Api, Call, Caller, Observed
from surroundings import Surroundings

ROLES = ("producer", "auditor", "operator", "tenant_admin")  # of tenants
OWNER, STRANGER = "acme", "initech"  # the stranger has little of its own, and looks for the owner's


class World:
    def __init__(self, surroundings: Surroundings, document: Document, observed: Observed):
        self.surroundings, self.document, self.observed = surroundings, document, observed
        self.daemon = surroundings.daemon()
        self.api = Api(document, observed, self.daemon.port)
        self.numbers = itertools.count(1)
        self.system_token = surroundings.system_token()
        self.tokens = {}
        for tenant in (OWNER, STRANGER):
            self.succeed("createTenant", None, body={"tenant_id": tenant, "name": f"{tenant} & sons"})
            for role in ROLES:
                self.tokens[tenant, role] = self.issue(tenant, role)
        self.parked = {}  # tenant -> dead letters that nobody has taken yet

    # --- who asks

    def issue(self, tenant: str, role: str) -> str:
        """A token of a tenant, or of the installation for a system administrator."""
        caller = Caller(self.system_token, "_system" if role == "system_admin" else tenant)
        issued = self.api.ask("issueToken", Call(body={"role": role, "label": f"{tenant} {role}"}), caller).json
        self.api.tenant_of_token[issued["token"]] = tenant
        return issued["token"]

    def caller(self, tenant: str | None, role: str = "tenant_admin") -> Caller:
        if tenant is None or role == "system_admin":
            return Caller(self.system_token, tenant)
        return Caller(self.tokens[tenant, role])

    def session(self, bearer: Caller) -> Caller:
        """The same, signed in as a browser."""
        opened = self.api.ask("signIn", Call(), bearer)
        return Caller(cookie=opened.headers["set-cookie"].partition(";")[0], csrf=opened.json["csrf_token"],
                      tenant=bearer.tenant)

    def succeed(self, operation: str, tenant: str | None, role: str = "tenant_admin", **call) -> Answer:
        if operation == "publishEvents" and role == "tenant_admin":
            role = "producer"
        answer = self.api.ask(operation, Call(**call), self.caller(tenant, role))
        assert answer.status == self.document.operations[operation].success, (operation, answer)
        return answer

    # --- what there is

    def destination(self, tenant: str, part: str = "healthy", **members) -> dict:
        """A new one that subscribes to an event type of its own, with a signing credential and its ETag."""
        number = next(self.numbers)
        body = {"name": f"{tenant} destination {number}", "adapter": "webhook",
                "endpoint": self.surroundings.receiver.url(f"{part}?{tenant}={number}"),
                "event_types": [f"{tenant}.event-{number}"], **members}
        destination = self.succeed("createDestination", tenant, body=body).json
        answer = self.succeed("putCredential", tenant, path={"id": destination["destination_id"], "purpose": "signing"},
                              body={"reference": f"local://{tenant}/signing/main/1"})
        return destination | {"etag": answer.headers["etag"], "body": body}

    def signing_privately(self, tenant: str) -> dict:
        """A destination whose receivers have a public key alone."""
        destination = self.destination(tenant)
        self.succeed("putCredential", tenant, path={"id": destination["destination_id"], "purpose": "signing"},
                     body={"reference": f"local://{tenant}/signing/ed25519/1"})
        return destination

    def envelope(self, tenant: str, event_type: str, **members) -> dict:
        number = next(self.numbers)
        return {"event_id": f"{tenant}-event-{number}", "event_type": event_type, "schema_version": "1.0",
                "tenant_id": tenant, "source": f"{tenant} detection", "timestamp": "2026-01-01T00:00:00Z",
                "correlation_id": f"{tenant}-c-{number}", "causation_id": f"{tenant}-cause-{number}",
                "payload": {"alert_id": f"{tenant}-A-{number}", "evidence_id": f"{tenant}-E-{number}",
                            "ticket_id": f"{tenant}-T-{number}", "secret": f"{tenant}'s own"}, **members}

    def publish(self, tenant: str, destination: dict, count: int = 1) -> list[dict]:
        envelopes = [self.envelope(tenant, destination["event_types"][0]) for _ in range(count)]
        self.succeed("publishEvents", tenant, body=envelopes)
        return envelopes

    def deliveries(self, tenant: str, destination: dict, state: str, count: int = 1) -> list[dict]:
        """Those of a destination, once so many of them have come to the state."""
        query = {"destination_id": destination["destination_id"], "state": state, "limit": 200}

        def look():
            page = self.succeed("listDeliveries", tenant, query=query).json["deliveries"]
            return page if len(page) >= count else None
        return processes.eventually(look, f"{count} deliveries are {state}")

    def delivered(self, tenant: str) -> dict:
        destination = self.destination(tenant)
        self.publish(tenant, destination)
        return self.deliveries(tenant, destination, "delivered")[0]

    def waiting_destination(self, tenant: str) -> dict:
        """A disabled one with a delivery that waits for it."""
        destination = self.destination(tenant, enabled=False)
        self.publish(tenant, destination)
        self.deliveries(tenant, destination, "pending")
        return destination

    def waiting(self, tenant: str) -> str:
        """The id of a delivery that waits."""
        destination = self.waiting_destination(tenant)
        return self.deliveries(tenant, destination, "pending")[0]["delivery_id"]

    def operation(self, tenant: str, **members) -> dict:
        """One that was started: of nothing in particular, if nothing else is said."""
        body = {"kind": "replay", "filter": {"event_type": f"{tenant}.none"}, "dry_run": False, **members}

        def started():
            answer = self.api.ask("startOperation", Call(body=body), self.caller(tenant))
            assert answer.status in (202, 409), answer  # 409 while ten are running
            return answer.json if answer.status == 202 else None
        return processes.eventually(started, "an operation is started")

    def ended_operation(self, tenant: str, **members) -> dict:
        path = {"id": self.operation(tenant, **members)["operation_id"]}

        def ended():
            now = self.succeed("getOperation", tenant, path=path).json
            return now if now["state"] != "running" else None
        return processes.eventually(ended, "the operation has ended")

    def moved_destination(self, tenant: str) -> dict:
        """One whose endpoint went to another host after its credential was put."""
        destination = self.destination(tenant)
        self.succeed("replaceDestination", tenant, path={"id": destination["destination_id"]},
                     headers={"If-Match": "*"}, body=destination["body"] | {"endpoint": "https://moved.example/"})
        return destination

    def written_by_a_newer_version(self, destination: str) -> None:
        """Gives it an authorization that this one does not know."""
        of_it = f"'{destination}'" if self.surroundings.cluster else f"x'{destination.replace('-', '')}'"
        self.surroundings.sql("UPDATE integration_destinations SET request_authorization = '{\"scheme\":\"dpop\"}' "
                              f"WHERE destination_id = {of_it}")

    def policy_written_by_a_newer_version(self, tenant: str) -> None:
        """Gives its policy a word that this one does not know: the newer one's schema would allow it."""
        if self.surroundings.cluster:
            self.surroundings.sql("ALTER TABLE integration_delivery_policy "
                                  "DROP CONSTRAINT integration_delivery_policy_dead_letter_check")
        self.surroundings.sql(f"UPDATE integration_delivery_policy SET dead_letter = 'sometimes' WHERE tenant_id = '{tenant}'")

    def dead_letter(self, tenant: str) -> str:
        """The id of one that nobody else has been given."""
        if not self.parked.get(tenant):
            destination = self.destination(tenant, "rejecting")
            self.publish(tenant, destination, 20)
            rows = self.deliveries(tenant, destination, "dead_lettered", 20)
            self.parked[tenant] = [row["delivery_id"] for row in rows]
        return self.parked[tenant].pop()

    def orphaned_dead_letter(self, tenant: str) -> str:
        """The id of one whose destination was deleted."""
        destination = self.destination(tenant, "rejecting")
        self.publish(tenant, destination)
        found = self.deliveries(tenant, destination, "dead_lettered")[0]["delivery_id"]
        self.succeed("deleteDestination", tenant, path={"id": destination["destination_id"]})
        return found
