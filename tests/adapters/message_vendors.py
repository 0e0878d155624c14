"""The receivers of messages: chats and webhooks."""
import base64
import hashlib
import hmac
import time

from authorization import Bearer, Nothing
from exchange import Answer, Request, Violation
from tickets import Vendor, event_of


class MessageVendor(Vendor):
    def __init__(self, name: str, authorization, shapes: str | None = None):
        super().__init__(name, authorization, shapes)
        self.events = []  # in the order of their messages

    def wrong(self, subjects: dict) -> list[str]:
        """What is wrong with what it got after these subjects' events."""
        said = []
        for name, subject in subjects.items():
            got = [event for event in self.events if event in subject.events]
            if got != subject.events:
                said.append(f"{name}: got {got}, published were {subject.events}")
        return said


class Slack(MessageVendor):
    """chat.postMessage, with threads."""

    def __init__(self):
        super().__init__("slack", Bearer("xoxb-token"))
        self.threads = {}  # ts of the first message -> events

    def post(self, request: Request) -> Answer:
        event, ts = event_of(request), f"1767225600.{len(self.events):06}"
        thread = request.json.get("thread_ts", ts)
        if thread not in self.threads and thread != ts:
            raise Violation(f"post: there is no message {thread} to reply to")
        self.threads.setdefault(thread, []).append(event)
        self.events.append(event)
        return Answer(200, {"ok": True, "channel": request.json["channel"], "ts": ts})

    def wrong(self, subjects: dict) -> list[str]:
        published = sorted(subject.events for subject in subjects.values())
        got = sorted(self.threads.values())
        return super().wrong(subjects) + ([] if got == published else [f"the threads are {got}, not {published}"])


class SlackWebhook(MessageVendor):
    def __init__(self):
        super().__init__("slack_webhook", Nothing(), "slack")

    def secrets(self, origin: str) -> dict:
        return {"webhook_url": f"{origin}/{self.name}/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"}

    def webhook(self, request: Request) -> Answer:
        self.events.append(event_of(request))
        return Answer(200)


class Teams(MessageVendor):
    def __init__(self):
        super().__init__("teams", Nothing())

    def secrets(self, origin: str) -> dict:
        query = "api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=qT5-secret"
        return {"webhook_url": f"{origin}/{self.name}/workflows/0a1b2c/triggers/manual/paths/invoke?{query}"}

    def post(self, request: Request) -> Answer:
        self.events.append(event_of(request))
        return Answer(202)


class Webhook(MessageVendor):
    """Verifies as docs/webhook.md tells receivers to."""
    KEY = b"24 bytes at the very lea"

    def __init__(self):
        super().__init__("webhook", Nothing())

    def secrets(self, _origin: str) -> dict:
        return {"signing": "whsec_" + base64.b64encode(self.KEY).decode()}

    def post(self, request: Request) -> Answer:
        sent_at = int(request.headers["webhook-timestamp"])
        if abs(time.time() - sent_at) > 300:
            raise Violation("webhook-timestamp: is outside of the replay window")
        signed = f"{request.headers['webhook-id']}.{sent_at}.".encode() + request.body
        expected = "v1," + base64.b64encode(hmac.new(self.KEY, signed, hashlib.sha256).digest()).decode()
        if expected not in request.headers["webhook-signature"].split():
            raise Violation("webhook-signature: none matches")
        self.events.append(event_of(request))
        return Answer(204)
