"""Builds every adapter outside of the tree, drops them into a running daemon, and delivers through each to a receiver
that takes only what the vendor's published API takes: drop_in.py --build FOLDER --work FOLDER --cmake PROGRAM"""
import argparse
import json
import pathlib
import shutil
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(REPOSITORY / "tests" / "api"))

import destinations
import message_vendors
import processes
import sdk_build
import ticket_vendors
from document import Document
from http_api import Api, Call, Caller, Observed
from receiver import Receiver
from story import Story
from surroundings import Surroundings, write_private

TENANT = "acme"
POLICY = {"max_attempts": 20, "timeout_ms": 5000, "backoff_initial_ms": 50, "backoff_cap_ms": 2000}


class Site:
    """A daemon without adapters, a destination for each, and the receiver that they lead to."""

    def __init__(self, build: pathlib.Path, folder: pathlib.Path):
        self.surroundings = Surroundings("sqlite", build, folder)
        self.plugins = folder / "plugins.d"
        self.plugins.mkdir(mode=0o700)
        self.drop(build / "lib" / "plugins" / "secrets_local.so")
        self.surroundings.settings["plugins.directory"] = self.plugins
        vendors = [ticket_vendors.Jira(), ticket_vendors.ServiceNow(), ticket_vendors.Zendesk(),
                   ticket_vendors.Freshdesk(), ticket_vendors.HaloPsa(), ticket_vendors.GitLab(),
                   message_vendors.Slack(), message_vendors.SlackWebhook(), message_vendors.Teams(),
                   message_vendors.Webhook()]
        self.receiver = Receiver({vendor.name: vendor for vendor in vendors})
        self.destinations = self._provision(folder)
        self.daemon = self.surroundings.daemon()
        self.api = Api(Document(REPOSITORY / "host" / "api" / "openapi.json"), Observed(), self.daemon.port)
        self.callers = {role: Caller(self.surroundings.control("token", "issue", "--tenant", TENANT, "--role", role))
                        for role in ("producer", "auditor")}

    def drop(self, plugin: pathlib.Path) -> None:
        """As a package manager does it: beside its place, then into it."""
        part = self.plugins / (plugin.name + ".part")
        shutil.copy(plugin, part)
        part.rename(self.plugins / plugin.name)

    def _provision(self, folder: pathlib.Path) -> dict:
        """Destination id -> destination."""
        documents = destinations.of_vendors(REPOSITORY)
        placed = {}
        for number, vendor in enumerate(self.receiver.vendors.values(), start=1):
            destination = destinations.at_receiver(documents[vendor.name], vendor, self.receiver.origin,
                                                   folder / "secrets")
            placed[f"0192f000-0000-7000-8000-{number:012}"] = destination
        tenant = {"tenant_id": TENANT, "name": "Acme", "policy": POLICY, "destinations": [
            {"destination_id": identity, **destination} for identity, destination in placed.items()]}
        write_private(folder / "provision.json", json.dumps({"tenants": [tenant]}))
        self.surroundings.control("apply", folder / "provision.json")
        return placed

    def publish(self, story: Story) -> None:
        answer = self.api.ask("publishEvents", Call(body=story.envelopes), self.callers["producer"])
        assert answer.status == 202, answer

    def deliveries(self) -> list[dict]:
        return self.api.ask("listDeliveries", Call(query={"limit": 200}), self.callers["auditor"]).json["deliveries"]

    def held(self) -> dict:
        """Destination id -> why, by the daemon's log."""
        lines = (json.loads(line) for line in self.daemon.log.read_text().splitlines())
        return {line["destination"]: line["reason"] for line in lines if line["event"] == "destination.held"}

    def attempts(self, delivery: dict) -> list:
        return self.api.ask("listAttempts", Call(path={"id": delivery["delivery_id"]}), self.callers["auditor"]).json


def expect_held(site: Site, story: Story) -> None:
    wanted = {identity: f"no loaded plugin offers the adapter \"{destination['adapter']}\""
              for identity, destination in site.destinations.items()}
    processes.eventually(lambda: len(site.held()) == len(wanted), "every destination is held")
    assert site.held() == wanted, site.held()
    rows = site.deliveries()
    assert len(rows) == len(wanted) * len(story.envelopes), len(rows)
    # The daemon claims what is due, finds no adapter and gives it back: that costs no attempt.
    assert all(row["state"] in ("pending", "delivering") and row["attempts"] == 0 for row in rows), rows
    assert site.receiver.requests == 0


def expect_delivered(site: Site) -> None:
    def ended() -> bool:
        assert not site.receiver.violations, "\n".join(site.receiver.violations)
        rows = site.deliveries()
        bad = [(row, site.attempts(row)) for row in rows if row["state"] in ("failed", "dead_lettered")]
        assert not bad, f"{site.destinations[bad[0][0]['destination_id']]['name']}: {bad[0]}"
        return all(row["state"] == "delivered" for row in rows)
    processes.eventually(ended, "every delivery is delivered", 60)


def build_all(folders: list, options: argparse.Namespace) -> list:
    prefix = options.work / "prefix"
    sdk_build.install_sdk(options.cmake, options.build, prefix)
    plugins = []
    for folder in folders:
        plugins.append(sdk_build.build_plugin(options.cmake, folder, prefix, options.work))
        print(f"built {folder.name} against the installed SDK", flush=True)
    return plugins


def drop_in(site: Site, plugins: list) -> None:
    for plugin in plugins:
        site.drop(plugin)
    told = site.surroundings.control("plugins", "reload", beside="daemon").splitlines()
    wanted = [f"loaded oneprotect.{plugin.stem}" for plugin in plugins]
    assert sorted(" ".join(line.split()[:2]) for line in told) == wanted, told


def play(site: Site, plugins: list) -> None:
    assert {destination["adapter"] for destination in site.destinations.values()} == {each.stem for each in plugins}
    story = Story(TENANT)
    site.publish(story)
    expect_held(site, story)
    drop_in(site, plugins)
    expect_delivered(site)
    wrong = [f"{vendor.name}: {fault}" for vendor in site.receiver.vendors.values()
             for fault in vendor.wrong(story.subjects)]
    assert not wrong, "\n".join(wrong)
    print(f"{len(story.envelopes)} events delivered to each of {len(site.destinations)} destinations, by "
          f"{site.receiver.requests} requests")


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("build", "work"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--cmake", required=True)
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    folders = sorted(file.parent for file in (REPOSITORY / "plugins").glob("*/manifest.json"))
    plugins = build_all(folders, options)
    (options.work / "site").mkdir()
    site = Site(options.build, options.work / "site")
    try:
        play(site, plugins)
        assert site.daemon.stop() == 0, site.daemon.log.read_text()[-4000:]
    finally:
        site.surroundings.end()


if __name__ == "__main__":
    main()
