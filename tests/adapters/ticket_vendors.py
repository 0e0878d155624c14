"""The ticket systems, each as far as its adapter uses it."""
import base64
import re

from authorization import Basic, ClientCredentials, Header
from exchange import Answer, Request, Violation
from tickets import TicketVendor


class Jira(TicketVendor):
    TRANSITIONS = [{"id": "11", "name": "Start", "to": {"statusCategory": {"key": "indeterminate"}}},
                   {"id": "31", "name": "Done", "to": {"statusCategory": {"key": "done"}}}]

    def __init__(self):
        super().__init__("jira", Basic("soc@acme.example", "ATATT-token"))

    def search(self, request: Request) -> Answer:
        label = re.search(r'labels = "([^"]+)"', request.json["jql"])
        if label is None:
            raise Violation("search: looks for no label")
        return Answer(200, {"issues": [{"key": ticket.id} for ticket in self.having(label[1])], "isLast": True})

    def create(self, request: Request) -> Answer:
        ticket = self.make(request, request.json["fields"]["labels"], "SEC-{}")
        return Answer(201, {"id": "10000", "key": ticket.id, "self": "https://jira.example/rest/api/3/issue/10000"})

    def look(self, _request: Request, ref: str) -> Answer:
        done = "close" in self.at(ref).names
        return Answer(200, {"key": ref, "transitions": self.TRANSITIONS, "fields": {
            "status": {"statusCategory": {"key": "done" if done else "new"}}}})

    def edit(self, request: Request, ref: str) -> Answer:
        self.do("update", ref, request)
        return Answer(204)

    def comment(self, request: Request, ref: str) -> Answer:
        self.do("comment", ref, request)
        return Answer(201, {"id": "10100"})

    def transition(self, request: Request, ref: str) -> Answer:
        if request.json["transition"]["id"] != "31":
            raise Violation("transition: leads to no status of the category Done")
        self.do("close", ref, request)
        return Answer(204)


class ServiceNow(TicketVendor):
    def __init__(self):
        super().__init__("servicenow", Basic("oneprotect", "correct horse"))

    def search(self, request: Request) -> Answer:
        wanted = re.match(r"correlation_id=([^^]+)", request.query["sysparm_query"])
        if wanted is None:
            raise Violation("search: looks for no correlation_id")
        return Answer(200, {"result": [{"sys_id": ticket.id} for ticket in self.having(wanted[1])]})

    def create(self, request: Request) -> Answer:
        ticket = self.make(request, [request.json["correlation_id"]], "{:032x}")
        return Answer(201, {"result": {"sys_id": ticket.id, "number": "INC0010001"}})

    def change(self, request: Request, ref: str) -> Answer:
        self.do("close" if "state" in request.json else "update", ref, request)
        return Answer(200, {"result": {"sys_id": ref}})


class Zendesk(TicketVendor):
    def __init__(self):
        super().__init__("zendesk", Basic("soc@acme.example/token", "zen-token"))
        self.by_key = {}  # of creations

    def search(self, request: Request) -> Answer:
        return Answer(200, {"tickets": [{"id": int(found.id)} for found in self.having(request.query["external_id"])]})

    def create(self, request: Request) -> Answer:
        key = request.headers["idempotency-key"]
        if key not in self.by_key:
            self.by_key[key] = self.make(request, [request.json["ticket"]["external_id"]], "{}")
        return Answer(201, {"ticket": {"id": int(self.by_key[key].id)}})

    def change(self, request: Request, ref: str) -> Answer:
        self.do("close" if "status" in request.json["ticket"] else "update", ref, request)
        return Answer(200, {"ticket": {"id": int(ref)}})


class Freshdesk(TicketVendor):
    def __init__(self):
        super().__init__("freshdesk", Header(base64.b64encode(b"fresh-api-key:X").decode(), prefix="Basic "))

    def search(self, request: Request) -> Answer:
        tag = re.fullmatch(r"\"tag:'([^']+)'\"", request.query["query"])
        if tag is None:
            raise Violation("search: looks for no tag")
        found = [{"id": int(ticket.id)} for ticket in self.having(tag[1])]
        return Answer(200, {"total": len(found), "results": found})

    def create(self, request: Request) -> Answer:
        return Answer(201, {"id": int(self.make(request, request.json["tags"], "{}").id)})

    def change(self, request: Request, ref: str) -> Answer:
        self.do("close" if "status" in request.json else "update", ref, request)
        return Answer(200, {"id": int(ref)})

    def note(self, request: Request, ref: str) -> Answer:
        self.do("comment", ref, request)
        return Answer(201, {"id": 1})


class HaloPsa(TicketVendor):
    def __init__(self):
        super().__init__("halopsa", ClientCredentials("oneprotect", "halo-secret", "read:tickets edit:tickets"))

    def answer(self, request: Request) -> Answer:
        is_token = (request.method, request.path) == ("POST", "/auth/token")
        return self.authorization.issue(request) if is_token else super().answer(request)

    def creates(self, name: str, request: Request) -> bool:
        return name == "save" and "id" not in request.json[0]

    def search(self, request: Request) -> Answer:
        word = request.query["search"]
        found = [{"id": int(ticket.id), "summary": ticket.words[0]} for ticket in self.tickets.values()
                 if word in ticket.words[0]]
        return Answer(200, {"record_count": len(found), "tickets": found})

    def save(self, request: Request) -> Answer:
        item = request.json[0]
        if "id" not in item:
            return Answer(201, {"id": int(self.make(request, [item["summary"]], "{}").id)})
        self.do("close" if "status_id" in item else "update", str(item["id"]), request)
        return Answer(201, {"id": item["id"]})

    def note(self, request: Request) -> Answer:
        self.do("comment", str(request.json[0]["ticket_id"]), request)
        return Answer(201, {"id": 1})


class GitLab(TicketVendor):
    CLOSE_TELLS = False

    def __init__(self):
        super().__init__("gitlab", Header("glpat-token", header="private-token"))

    def search(self, request: Request) -> Answer:
        return Answer(200, [self._view(ticket.id) for ticket in self.having(request.query["labels"])])

    def create(self, request: Request) -> Answer:
        ticket = self.make(request, request.json["labels"].split(","), "{}")
        return Answer(201, self._view(ticket.id))

    def note(self, request: Request, ref: str) -> Answer:
        self.do("comment", ref, request)
        return Answer(201, {"id": 302})

    def change(self, request: Request, ref: str) -> Answer:
        self.do("close" if request.json.get("state_event") == "close" else "update", ref, request)
        return Answer(200, self._view(ref))

    @staticmethod
    def _view(ref: str) -> dict:
        return {"iid": int(ref), "web_url": f"https://gitlab.example/soc/cases/-/issues/{ref}"}
