"""Of each operation a call that succeeds, with whatever it needs made before."""
from http_api import Call, Caller
from world import World

ADAPTER = "webhook"


class ValidCalls:
    """A function an operation, of its name. `tenant` is whose things the call is about."""

    def __init__(self, world: World):
        self.world = world

    def of(self, operation: str, tenant: str) -> Call:
        return getattr(self, operation)(tenant)

    def as_sent_by(self, operation: str, caller: Caller) -> Caller:
        """Who signs out needs a session; else the caller as it is."""
        signed_in = operation == "signOut" and caller.token is not None
        return self.world.session(caller) if signed_in else caller

    # Those that need nothing.
    def getOpenApi(self, tenant): return Call()
    def signIn(self, tenant): return Call()
    def getSession(self, tenant): return Call()
    def signOut(self, tenant): return Call()
    def listTokens(self, tenant): return Call()
    def listTenants(self, tenant): return Call()
    def listAdapters(self, tenant): return Call()
    def listDestinations(self, tenant): return Call()
    def listDeliveries(self, tenant): return Call()
    def listDeadLetters(self, tenant): return Call()
    def getDeliveryHealth(self, tenant): return Call()
    def listDeliveryEvents(self, tenant): return Call()
    def listAuditRecords(self, tenant): return Call()
    def checkAuditChain(self, tenant): return Call()
    def exportAuditRecords(self, tenant): return Call()
    def getPolicy(self, tenant): return Call()
    def getAlertRules(self, tenant): return Call()
    def listAlerts(self, tenant): return Call()
    def getTenant(self, tenant): return Call(path={"id": tenant})
    def getAdapter(self, tenant): return Call(path={"id": ADAPTER})

    # --- tokens and tenants

    def issueToken(self, tenant):
        # What belongs to system administrators is of the role system_admin alone; see RolesTest for that.
        return Call(body={"role": "auditor", "label": f"{tenant} auditor", "expires_in_days": 3650})

    def revokeToken(self, tenant):
        return Call(path={"prefix": self.world.issue(tenant, "auditor")[:12]})

    def issuePortalLink(self, tenant):
        return Call(body={"role": "operator", "subject": "customer 17", "valid_minutes": 60, "session_minutes": 480})

    def createTenant(self, tenant):
        number = next(self.world.numbers)
        return Call(body={"tenant_id": f"tenant-{number}", "name": f"Tenant {number}"})

    def changeTenant(self, tenant):
        etag = self.world.succeed("getTenant", None, path={"id": tenant}).headers["etag"]
        return Call(path={"id": tenant}, headers={"If-Match": etag}, body={"name": f"{tenant} & daughters"})

    # --- destinations

    def _destination(self, tenant, **members) -> tuple[dict, Call]:
        made = self.world.destination(tenant, **members)
        return made, Call(path={"id": made["destination_id"]}, headers={"If-Match": made["etag"]})

    def createDestination(self, tenant):
        number = next(self.world.numbers)
        return Call(body={
            "name": f"{tenant} destination {number}", "adapter": ADAPTER, "enabled": False, "signing": "required",
            "endpoint": self.world.surroundings.receiver.url("healthy"), "config": {"method": "PUT"},
            "event_types": [f"{tenant}.event-{number}", f"{tenant}.events-{number}.*"], "max_in_flight": 1000,
            "filter": f"@.payload.severity >= 7 || @.source == '{tenant}'",
            "authorization": {"scheme": "oauth2_client_credentials", "client_id": "opi", "scope": "a b",
                              "token_url": self.world.surroundings.receiver.url("token"),
                              "client_authentication": "post"},
            "rate_limit_per_second": 100000, "policy": {"max_attempts": 100, "backoff_factor": 1.5}})

    def getDestination(self, tenant):
        return self._destination(tenant)[1].having(headers={})

    def getWebhookKeys(self, tenant):
        return Call(path={"id": self.world.signing_privately(tenant)["destination_id"]})

    def replaceDestination(self, tenant):
        made, call = self._destination(tenant)
        return call.having(body=made["body"] | {"name": f"{tenant}, changed", "policy": {"timeout_ms": 120000},
                                                "authorization": {"scheme": "basic", "username": "jürgen"}})

    def previewFilter(self, tenant):
        return Call(body={"event_types": ["*"], "filter": f"search(@.event_type, '{tenant}') || @.payload", "events": 10})

    def deleteDestination(self, tenant): return self._destination(tenant)[1]
    def enableDestination(self, tenant): return self._destination(tenant, enabled=False)[1]

    def disableDestination(self, tenant):
        return self._destination(tenant)[1].having(body={"reason": f"{tenant} asked for it"})

    def testDestination(self, tenant):
        return self._destination(tenant)[1].having(query={"wait_ms": 15000})

    # --- credentials and policy

    def _credential(self, tenant, **more) -> Call:
        call = self._destination(tenant)[1]
        return call.having(path=call.path | {"purpose": "signing"} | more)

    def listCredentials(self, tenant): return self.getDestination(tenant)

    def putCredential(self, tenant):
        return self._credential(tenant).having(body={"reference": f"local://{tenant}/signing/main/2"})

    def rotateCredential(self, tenant):
        return self._credential(tenant).having(
            body={"reference": f"local://{tenant}/signing/main/2", "overlap_ms": 2592000000})

    def revokeCredential(self, tenant): return self._credential(tenant)
    def revokeCredentialVersion(self, tenant): return self._credential(tenant, n=1)

    POLICY = {"max_attempts": 3, "timeout_ms": 2000, "backoff_initial_ms": 10, "backoff_factor": 1,
              "backoff_cap_ms": 20, "backoff_jitter": 0.5, "retry_after_max_ms": 60000,
              "dead_letter": "always", "retryable_statuses": [429, 503]}

    def replacePolicy(self, tenant):
        etag = self.world.succeed("getPolicy", tenant).headers["etag"]
        return Call(headers={"If-Match": etag}, body=self.POLICY)

    def replaceAlertRules(self, tenant):
        etag = self.world.succeed("getAlertRules", tenant).headers["etag"]
        return Call(headers={"If-Match": etag}, body={"failing_minutes": 30, "dead_letters": 0, "clear_minutes": 1})

    def getDestinationPolicy(self, tenant): return self.getDestination(tenant)

    def replaceDestinationPolicy(self, tenant): return self._destination(tenant)[1].having(body=self.POLICY)
    def clearDestinationPolicy(self, tenant): return self._destination(tenant, policy=self.POLICY)[1]

    # --- events and deliveries

    def publishEvents(self, tenant): return Call(body=self.world.envelope(tenant, "alert.created"))
    def listEvents(self, tenant): return Call()
    def getEvent(self, tenant): return Call(path={"id": self.world.delivered(tenant)["event_id"]})
    def getEventPayload(self, tenant): return self.getEvent(tenant)
    def getDelivery(self, tenant): return Call(path={"id": self.world.delivered(tenant)["delivery_id"]})
    def listAttempts(self, tenant): return self.getDelivery(tenant)
    def cancelDelivery(self, tenant):
        return Call(path={"id": self.world.waiting(tenant)}, body={"reason": f"{tenant} left"})

    def retryDelivery(self, tenant): return Call(path={"id": self.world.waiting(tenant)})
    def cancelDeliveries(self, tenant):
        return Call(body={"filter": {"state": ["pending", "retry_scheduled"]}, "limit": 10000, "reason": "for nothing"})

    def resendDelivery(self, tenant): return Call(path={"id": self.world.delivered(tenant)["delivery_id"]})

    def listOperations(self, tenant): return Call()
    def startOperation(self, tenant):
        filter = {"state": ["pending", "retry_scheduled"], "event_type": f"{tenant}.none"}
        return Call(body={"kind": "cancel", "filter": filter, "reason": f"{tenant} left", "rate_per_second": 10000})

    def getOperation(self, tenant): return Call(path={"id": self.world.operation(tenant)["operation_id"]})
    def cancelOperation(self, tenant):
        # The slowest there is, over more than it can do meanwhile.
        destination = self.world.waiting_destination(tenant)
        self.world.publish(tenant, destination, 20)
        filter = {"destination_id": destination["destination_id"]}
        running = self.world.operation(tenant, kind="cancel", filter=filter, reason="slowly", rate_per_second=1)
        return Call(path={"id": running["operation_id"]})

    def getDeadLetter(self, tenant): return Call(path={"id": self.world.dead_letter(tenant)})
    def replayDeadLetter(self, tenant): return self.getDeadLetter(tenant)

    def discardDeadLetter(self, tenant):
        return self.getDeadLetter(tenant).having(body={"reason": f"{tenant} gave it up"})

    def replayDeadLetters(self, tenant): return Call(body={"filter": {}})
    def discardDeadLetters(self, tenant): return Call(body={"filter": {}, "limit": 10000, "reason": "for nothing"})

    # --- audit

    def getAuditRecord(self, tenant):
        newest = self.world.succeed("listAuditRecords", tenant, query={"limit": 1}).json["records"][0]
        return Call(path={"sequence": newest["sequence"]})
