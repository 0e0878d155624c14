"""The neighbours: each is a tenant, its destinations and what is handed in for them."""
import dataclasses
import itertools
import socket

GATED = 0.001  # a second: next to nothing leaves


@dataclasses.dataclass
class Neighbour:
    name: str
    tenant: str
    destinations: list
    events: int  # each goes to every destination
    gated: bool = False  # the backlog is there before it may go


class Kinds:
    def __init__(self, receivers):
        self._receivers = receivers
        self._ids = itertools.count(100)
        # Bound and not listening: connections are refused, and nobody else gets the port.
        self._refusing = socket.socket()
        self._refusing.bind(("127.0.0.1", 0))

    def destination(self, endpoint: str, event_types: str = "bad.*", **members) -> dict:
        return {"destination_id": f"0192f000-0000-7000-8000-{next(self._ids):012d}", "name": "bench", "adapter": "webhook",
                "endpoint": endpoint, "event_types": [event_types], "signing": "disabled", "max_in_flight": 1000, **members}

    def healthy(self) -> list:
        signed = {"signing": "required", "max_in_flight": 500,
                  "credentials": [{"purpose": "signing", "version": 1, "reference": "local://healthy/signing/main/1"}]}
        return [self.destination(self._receivers.steady.url("/steady"), "steady.*", **signed),
                self.destination(self._receivers.bulk.url("/bench"), "bulk.*", rate_limit_per_second=GATED, **signed)]

    def neighbours(self, flood: int) -> dict:
        bad, fast = self._receivers.bad, self._receivers.flood
        refused = f"http://127.0.0.1:{self._refusing.getsockname()[1]}/"
        # Signed with a secret of its own each, so that the provider has as many to give.
        hanging = [self.destination(bad.url("/steady"), signing="required", credentials=[
            {"purpose": "signing", "version": 1, "reference": f"hang://one{number}/key"}]) for number in range(30)]
        every = [
            Neighbour("slow", "n-slow", [self.destination(bad.url("/slow/1")), self.destination(bad.url("/slow/2"))], 4_000),
            Neighbour("refusing", "n-refusing", [self.destination(refused), self.destination(refused + "2")], 4_000),
            Neighbour("silent", "n-silent", [self.destination(bad.url("/never"), policy={"timeout_ms": 5_000})], 4_000),
            Neighbour("flooding", "n-flooding", [self.destination(fast.url("/bench"), rate_limit_per_second=GATED)], flood, True),
            Neighbour("throttling", "n-throttling", [self.destination(bad.url("/throttle/1")),
                                                     self.destination(bad.url("/throttle/2"))], 4_000),
            Neighbour("spinning plugin", "n-spinning", [self.destination(bad.url("/steady"), adapter="spinner", config={})], 1_000),
            Neighbour("hanging secrets", "n-hanging", hanging, 200),
            Neighbour("shared origin", "n-sharing", [self.destination(self._receivers.steady.url("/slow")),
                                                     self.destination(self._receivers.bulk.url("/slow"))], 4_000),
        ]
        return {neighbour.name: neighbour for neighbour in every}

    def close(self) -> None:
        self._refusing.close()


def document(tenant: str, destinations: list) -> dict:
    return {"tenant_id": tenant, "name": tenant, "destinations": destinations,
            "policy": {"timeout_ms": 60_000, "max_attempts": 100, "backoff_initial_ms": 1_000, "backoff_cap_ms": 10_000}}
