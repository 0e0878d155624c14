"""What a ticket system keeps: tickets and what was done to them, in the order of its arrival."""
import re
from dataclasses import dataclass, field

from exchange import Answer, LostAnswer, Request, Violation
from shapes import Shapes
from story import EVENT_ID


def event_of(request: Request) -> str | None:
    """The event that a request tells of; None: it has no text."""
    found = set(re.findall(EVENT_ID, request.body.decode()))
    if len(found) > 1:
        raise Violation(f"tells of several events: {sorted(found)}")
    return found.pop() if found else None


class Vendor:
    """Has a method for each request of the vendor's shapes, which gets the named parts of the path."""

    def __init__(self, name: str, authorization, shapes: str | None = None):
        self.name, self.shapes, self.authorization = name, Shapes(shapes or name), authorization

    def secrets(self, _origin: str) -> dict:
        """By purpose."""
        return {"authorization": self.authorization.secret}

    def answer(self, request: Request) -> Answer:
        self.authorization.check(request)
        name, parts = self.shapes.recognise(request)
        return self.act(name, request, parts)

    def act(self, name: str, request: Request, parts: dict) -> Answer:
        return getattr(self, name)(request, **parts)


@dataclass(frozen=True)
class Step:
    name: str
    event: str | None


@dataclass
class Ticket:
    id: str
    words: list  # by which it is found
    steps: list = field(default_factory=list)

    @property
    def told(self) -> list:
        return list(dict.fromkeys(step.event for step in self.steps if step.event))

    @property
    def names(self) -> list:
        return [step.name for step in self.steps]


class TicketVendor(Vendor):
    """Throttles the first creation, and does the second without saying so."""
    CLOSE_TELLS = True  # a close comes with the text of its event

    def __init__(self, name: str, authorization):
        super().__init__(name, authorization)
        self.tickets, self.faults = {}, ["throttle", "lose"]

    def act(self, name: str, request: Request, parts: dict) -> Answer:
        fault = self.faults.pop(0) if self.creates(name, request) and self.faults else None
        if fault == "throttle":
            return Answer(429, {"message": "Too many requests"}, {"Retry-After": "1"})
        answer = super().act(name, request, parts)
        if fault == "lose":
            raise LostAnswer
        return answer

    def creates(self, name: str, _request: Request) -> bool:
        return name == "create"

    def make(self, request: Request, words: list, form: str) -> Ticket:
        """`form` makes its id of a number. Like the vendors, it makes as many of one kind as it is told to."""
        ticket = Ticket(form.format(len(self.tickets) + 41), words, [Step("create", event_of(request))])
        self.tickets[ticket.id] = ticket
        return ticket

    def having(self, word: str) -> list:
        return [ticket for ticket in self.tickets.values() if word in ticket.words]

    def at(self, ref: str) -> Ticket:
        if ref not in self.tickets:
            raise Violation(f"there is no ticket {ref}")
        return self.tickets[ref]

    def do(self, step: str, ref: str, request: Request) -> None:
        self.at(ref).steps.append(Step(step, event_of(request)))

    def wrong(self, subjects: dict) -> list[str]:
        """What is wrong with what it keeps after these subjects' events."""
        said = [f"the fault \"{fault}\" has never happened" for fault in self.faults]
        for name, subject in subjects.items():
            about = [ticket for ticket in self.tickets.values() if set(ticket.told) & set(subject.events)]
            if len(about) != 1:
                said.append(f"{name} has {len(about)} tickets: {about}")
                continue
            ticket = about[0]
            silent = subject.closes and not self.CLOSE_TELLS and len(subject.events) > 1
            expected = subject.events[:-1] if silent else subject.events
            if ticket.told != expected:
                said.append(f"{name}: its ticket tells of {ticket.told}, not of {expected}")
            if ticket.names.index("create") != 0 or ticket.names.count("create") != 1:
                said.append(f"{name} does not begin with its one creation: {ticket.names}")
            if ("close" in ticket.names) != subject.closes:
                said.append(f"{name} closes: {subject.closes}, but its ticket got {ticket.names}")
            elif subject.closes:
                end = ticket.steps[ticket.names.index("close"):]
                if {step.event for step in end} - {None, subject.events[-1]}:
                    said.append(f"{name} is not closed last: {ticket.steps}")
        if len(self.tickets) != len(subjects):
            said.append(f"{len(self.tickets)} tickets for {len(subjects)} subjects")
        return said
