"""The receiver refuses what the vendors refuse, and sees what an adapter must not do."""
import json
import unittest

from exchange import Answer, LostAnswer, Request, Violation
from message_vendors import Slack, Teams, Webhook
from story import Subject
from ticket_vendors import HaloPsa, Jira, Zendesk


def request(vendor, method: str, target: str, body=None, **headers) -> Request:
    """With the vendor's authorization, if it has a fixed one."""
    sent = {"content-type": "application/json"}
    if hasattr(vendor.authorization, "expected"):
        sent[vendor.authorization.header] = vendor.authorization.expected
    text = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request.of(method, target, sent | headers, text)


def issue(summary: str = "EVT00000001", key: str = "oneprotect-acme-A") -> dict:
    return {"fields": {"project": {"key": "SEC"}, "issuetype": {"name": "Task"}, "summary": summary, "labels": [key]}}


class JiraTest(unittest.TestCase):
    def setUp(self):
        self.jira = Jira()
        self.jira.faults.clear()

    def create(self, **changes) -> Answer:
        return self.jira.answer(request(self.jira, "POST", "/rest/api/3/issue", issue(**changes)))

    def tell(self, ref: str, event: str, close: bool = False) -> Answer:
        text = {"type": "doc", "version": 1, "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": event}]}]}
        update = {"update": {"comment": [{"add": {"body": text}}]}}
        if close:
            return self.jira.answer(request(self.jira, "POST", f"/rest/api/3/issue/{ref}/transitions",
                                            update | {"transition": {"id": "31"}}))
        return self.jira.answer(request(self.jira, "PUT", f"/rest/api/3/issue/{ref}", update))

    def test_a_title_may_be_255_characters_long(self):
        self.assertEqual(self.create(summary="x" * 255).status, 201)
        with self.assertRaisesRegex(Violation, r"^create: body\.fields\.summary: .*too long"):
            self.create(summary="x" * 256)

    def test_a_wrong_authorization_is_refused(self):
        with self.assertRaisesRegex(Violation, "authorization"):
            self.jira.answer(request(self.jira, "POST", "/rest/api/3/issue", issue(), authorization="Basic eDp5"))

    def test_a_document_needs_its_paragraphs(self):
        bare = {"body": {"type": "doc", "version": 1, "content": [{"type": "text", "text": "x"}]}}
        with self.assertRaisesRegex(Violation, r"comment: body\.body\.content\[0\]"):
            self.jira.answer(request(self.jira, "POST", "/rest/api/3/issue/SEC-41/comment", bare))

    def test_a_path_query_or_type_that_the_api_does_not_have_is_refused(self):
        for target, headers in (("/rest/api/3/issues", {}), ("/rest/api/3/issue?notify=1", {}),
                                ("/rest/api/3/issue", {"content-type": "text/plain"})):
            with self.subTest(target), self.assertRaises(Violation):
                self.jira.answer(request(self.jira, "POST", target, issue(), **headers))

    def test_one_ticket_a_subject(self):
        subjects = {"A": Subject(["EVT00000001"])}
        self.create()
        self.assertEqual(self.jira.wrong(subjects), [])
        self.create()
        self.assertIn("A has 2 tickets", self.jira.wrong(subjects)[0])

    def test_no_ticket_for_nobody(self):
        self.create()
        self.create(summary="without an event")
        self.assertEqual(self.jira.wrong({"A": Subject(["EVT00000001"])}), ["2 tickets for 1 subjects"])

    def test_events_in_their_order_and_the_close_last(self):
        subjects = {"A": Subject(["EVT00000001", "EVT00000002", "EVT00000003"], True)}
        for told, close, fault in (((2, 3), 3, None), ((3, 2), 2, "tells of"), ((2, 3), 2, "not closed last"),
                                   ((2, 3), None, "closes"), ((2,), 2, "tells of")):
            with self.subTest(told=told, close=close):
                self.setUp()
                self.create()
                for number in told:
                    self.tell("SEC-41", f"EVT0000000{number}", number == close)
                said = self.jira.wrong(subjects)
                self.assertEqual(said != [], fault is not None, said)
                self.assertIn(fault or "", "".join(said))

    def test_the_first_creation_is_throttled_and_the_answer_to_the_second_is_lost(self):
        self.jira.faults[:] = ["throttle", "lose"]
        self.assertEqual(self.create().status, 429)
        self.assertIn("the fault \"lose\" has never happened", self.jira.wrong({}))
        with self.assertRaises(LostAnswer):
            self.create()
        self.assertEqual(list(self.jira.tickets), ["SEC-41"])


class OthersTest(unittest.TestCase):
    def test_zendesk_comments_are_private_and_creations_have_a_key(self):
        zendesk = Zendesk()
        zendesk.faults.clear()
        ticket = {"ticket": {"subject": "x", "external_id": "k", "comment": {"body": "x", "public": False}}}
        create = lambda **headers: zendesk.answer(request(zendesk, "POST", "/api/v2/tickets.json", ticket, **headers))
        with self.assertRaisesRegex(Violation, "idempotency-key"):
            create()
        self.assertEqual(create(**{"idempotency-key": "k"}).status, 201)
        ticket["ticket"]["comment"]["public"] = True
        with self.assertRaisesRegex(Violation, "public"):
            create(**{"idempotency-key": "k"})

    def test_halopsa_takes_lists_under_a_token_that_it_issued(self):
        halo = HaloPsa()
        halo.faults.clear()
        item = {"summary": "x", "details_html": "x", "tickettype_id": 21}
        with self.assertRaisesRegex(Violation, "no token"):
            halo.answer(request(halo, "POST", "/api/Tickets", [item], authorization="Bearer token-1"))
        form = (b"grant_type=client_credentials&client_id=oneprotect&client_secret=%s"
                b"&scope=read%%3Atickets+edit%%3Atickets")
        ask = {"content-type": "application/x-www-form-urlencoded"}
        with self.assertRaisesRegex(Violation, "token request"):
            halo.answer(request(halo, "POST", "/auth/token", form % b"wrong", **ask))
        token = halo.answer(request(halo, "POST", "/auth/token", form % b"halo-secret", **ask)).body["access_token"]
        send = lambda body: halo.answer(
            request(halo, "POST", "/api/Tickets", body, authorization=f"Bearer {token}"))
        with self.assertRaisesRegex(Violation, "not of type 'array'"):
            send(item)
        self.assertEqual(send([item]).status, 201)

    def test_slack_blocks_have_limits_and_replies_a_message(self):
        slack = Slack()
        post = lambda length, **more: slack.answer(request(slack, "POST", "/api/chat.postMessage", {
            "channel": "C024BE91L", "text": "EVT00000001", "blocks": [
                {"type": "section", "text": {"type": "mrkdwn", "text": "x" * length}}], **more}))
        ts = post(3000).body["ts"]
        with self.assertRaisesRegex(Violation, r"body\.blocks\[0\]\.text\.text: .*too long"):
            post(3001)
        self.assertTrue(post(1, thread_ts=ts).body["ok"])
        with self.assertRaisesRegex(Violation, "no message"):
            post(1, thread_ts="1700000000.000000")

    def test_teams_takes_28_kib(self):
        teams = Teams()
        url = teams.secrets("")["webhook_url"].removeprefix("/teams")
        card = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "x"}]}
        message = {"type": "message", "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}
        card["body"][0]["text"] = "x" * (28_672 - len(json.dumps(message)) + 1)
        self.assertEqual(teams.answer(request(teams, "POST", url, message)).status, 202)
        card["body"][0]["text"] += "x"
        with self.assertRaisesRegex(Violation, "28673 bytes, the limit is 28672"):
            teams.answer(request(teams, "POST", url, message))
        card["body"][0] = {"type": "TextBlock", "text": "x", "color": "red"}
        with self.assertRaisesRegex(Violation, "color"):
            teams.answer(request(teams, "POST", url, message))

    def test_an_event_that_came_twice_or_late_is_seen(self):
        webhook, subjects = Webhook(), {"A": Subject(["EVT00000001", "EVT00000002"])}
        for events, fine in (([1, 2], True), ([2, 1], False), ([1, 1, 2], False), ([1], False)):
            webhook.events = [f"EVT0000000{number}" for number in events]
            self.assertEqual(webhook.wrong(subjects) == [], fine, events)


if __name__ == "__main__":
    unittest.main()
