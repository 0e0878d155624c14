"""What is published: the lives of an alert and a ticket, a close of what nobody knows, and evidence of nothing else."""
import itertools
from dataclasses import dataclass, field

EVENT_ID = r"EVT\d{8}"  # no character that a receiver's markup escapes


@dataclass
class Subject:
    events: list = field(default_factory=list)  # ids, in the order of their publication
    closes: bool = False


class Story:
    def __init__(self, tenant: str):
        self.tenant, self.envelopes, self.subjects, self._numbers = tenant, [], {}, itertools.count(1)
        alert, ticket = {"alert_id": "ALR-1"}, {"ticket_id": "TCK-1"}
        opened = {"title": "Impossible travel for j.müller\n\"quoted\" <b>&", "severity": "high", "status": "open"}
        self._tell("alert.created", alert, alert=opened, description="First line\nsecond line\n\n*a paragraph* | x")
        self._tell("ticket.created", ticket, ticket={"title": "Reset the account " * 40, "priority": "P1"}, **alert)
        self._tell("alert.created", alert, alert=opened)  # another detector's word for the same alert
        self._tell("alert.updated", alert, alert={"severity": "critical"}, change={"reason": "x" * 40_000})
        self._tell("ticket.updated", ticket, ticket={"priority": "P2"})
        self._tell("evidence.created", alert, evidence_id="EVD-1", evidence={"title": "Sign-in log"})
        self._tell("evidence.package_ready", {}, evidence_id="EVD-2", link="https://oneprotect.example/evidence/EVD-2")
        self._tell("ticket.commented", ticket,
                   comment={"author": "Mareike Groß", "text": "Sessions revoked.", "visibility": "internal"})
        self._tell("alert.closed", alert, alert={"status": "closed", "resolution": "true_positive"})
        self._tell("ticket.closed", ticket, ticket={"status": "closed", "resolution": "resolved"})
        self._tell("ticket.closed", {"ticket_id": "TCK-2"}, ticket={"status": "closed"})

    def _tell(self, event_type: str, about: dict, **payload) -> None:
        event_id = f"EVT{next(self._numbers):08}"
        self.envelopes.append({
            "event_id": event_id, "event_type": event_type, "schema_version": "1.0", "tenant_id": self.tenant,
            "source": "oneprotect.test", "timestamp": "2026-01-01T00:00:00Z", "correlation_id": "inc-1",
            "payload": about | payload})
        # As the host takes it: the ticket, else the alert, else the event itself.
        subject = about.get("ticket_id") or about.get("alert_id") or event_id
        known = self.subjects.setdefault(subject, Subject())
        known.events.append(event_id)
        known.closes = known.closes or event_type.endswith(".closed")
