"""A destination for each adapter: those of the documentation, moved to the receiver."""
import json
import pathlib
import re
import urllib.parse

from surroundings import write_private

EVENT_TYPES = ["alert.*", "evidence.*", "ticket.*"]


def documented(file: pathlib.Path) -> list[dict]:
    """The destinations that a document shows."""
    blocks = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", file.read_text(), re.DOTALL))
    return [block for block in blocks if "adapter" in block]


def of_vendors(repository: pathlib.Path) -> dict:
    """Vendor's name -> destination, as its document has it."""
    found = {}
    for vendor in ("jira", "servicenow", "zendesk", "freshdesk", "halopsa", "teams"):
        found[vendor], = documented(repository / "docs" / f"{vendor}.md")
    for destination in documented(repository / "docs" / "slack.md"):
        by_url = destination["config"]["mode"] == "incoming_webhook"
        found["slack_webhook" if by_url else "slack"] = destination
    sample = json.loads((repository / "plugins" / "ticket" / "samples" / "gitlab.json").read_text())
    found["gitlab"] = {
        "name": "GitLab", "adapter": "ticket", "endpoint": "https://gitlab.example", "signing": "disabled",
        "authorization": {"scheme": "header", "header": "PRIVATE-TOKEN"}, "config": sample,
        "credentials": [{"purpose": "authorization", "version": 1, "reference": "local://acme/gitlab/token/1"}]}
    found["webhook"] = {
        "name": "Webhook", "adapter": "webhook", "endpoint": "https://siem.example/hook", "config": {},
        "credentials": [{"purpose": "signing", "version": 1, "reference": "local://acme/webhook/signing/1"}]}
    return found


def moved(url: str, prefix: str) -> str:
    """The same path, below the prefix."""
    return prefix + urllib.parse.urlsplit(url).path


def at_receiver(destination: dict, vendor, origin: str, secrets: pathlib.Path) -> dict:
    """Its secrets are the vendor's, below the folder. Order is asked for: a plugin that is away cannot say so."""
    prefix = f"{origin}/{vendor.name}"
    placed = destination | {
        "endpoint": moved(destination["endpoint"], prefix), "event_types": EVENT_TYPES, "order": "subject"}
    if "token_url" in placed.get("authorization", {}):
        placed["authorization"] = placed["authorization"] | {
            "token_url": moved(placed["authorization"]["token_url"], prefix)}
    for credential in placed["credentials"]:
        name = credential["reference"].removeprefix("local://")
        write_private(secrets / name, vendor.secrets(origin)[credential["purpose"]])
    return placed
