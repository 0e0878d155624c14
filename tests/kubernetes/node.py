"""A production node as it runs in a pod: its configuration, its service account's folder, its daemon."""
import json
import os
import pathlib
import subprocess
import urllib.request

import processes

SHIPPED = {"general.environment": "production", "egress.allow": "127.0.0.0/8", "api.port": "0", "status.port": "0",
           "log.level": "debug"}


class Node:
    """`before` is what the daemon is run by, if anything."""

    def __init__(self, build: pathlib.Path, folder: pathlib.Path, settings: dict, environment: dict | None = None,
                 before: tuple = ()):
        self.programs, self.folder, self.before = build / "bin", folder, before
        self.environment = os.environ | (environment or {})
        self.state, self.log, self.process = folder / "state", folder / "log", None
        self.configuration = folder / "integrationsd.conf"
        # Only what is shipped: the build's folder has no other plugins.
        every = SHIPPED | {"general.state_directory": self.state, "log.file": self.log,
                           "plugins.directory": build / "lib/plugins"} | settings
        sections = {}
        for key, value in every.items():
            section, _, name = key.rpartition(".")
            sections.setdefault(section, []).append(f"{name}={value}\n")
        folder.mkdir(exist_ok=True)
        self.configuration.write_text("".join(f"[{name}]\n" + "".join(lines) for name, lines in sections.items()))
        self.configuration.chmod(0o600)

    # --- the command line

    def control_ended(self, *command, given: str = "") -> subprocess.CompletedProcess:
        return subprocess.run([self.programs / "integrationsctl", "--config", self.configuration, *map(str, command)],
                              input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment,
                              check=False)

    def control(self, *command, given: str = "") -> str:
        done = self.control_ended(*command, given=given)
        if done.returncode != 0:
            raise AssertionError(f"{command}: exit code {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def provision(self, destinations: list[dict], tenant: str = "acme") -> None:
        document = {"tenants": [{"tenant_id": tenant, "name": tenant, "destinations": destinations,
                                 "policy": {"backoff_initial_ms": 1000, "backoff_factor": 1, "timeout_ms": 20000,
                                            "max_attempts": 100}}]}
        self.control("apply", "-", given=json.dumps(document))

    # --- the daemon

    def start(self) -> "Node":
        self.run()
        self.producer = self.control("tokens", "issue", "--tenant", "acme", "--role", "producer", "--label", "test").strip()
        return self

    def run(self) -> None:
        with open(self.folder / "output", "ab") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "--", *self.before, self.programs / "integrationsd", "--config",
                 self.configuration],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.environment)
        started = processes.eventually(lambda: self.logged("daemon.started"), "the daemon starts", 120)[-1]
        self.port, self.status_port = started["api_port"], started["status_port"]

    def logged(self, event: str) -> list[dict]:
        if self.process.poll() is not None:
            raise AssertionError("integrationsd ended: " + (self.folder / "output").read_text()[-2000:]
                                 + (self.log.read_text()[-2000:] if self.log.exists() else ""))
        lines = [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [line for line in lines if line.get("event") == event]

    def publish(self, *events: str, kind: str = "alert.created") -> None:
        """Events of these ids."""
        envelopes = [{"event_id": event, "event_type": kind, "schema_version": "1.0", "tenant_id": "acme",
                      "source": "test", "timestamp": "2026-01-01T00:00:00Z", "correlation_id": "c", "payload": {"n": 1}}
                     for event in events]
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/events", json.dumps(envelopes).encode(),
                                       {"Content-Type": "application/json", "Authorization": f"Bearer {self.producer}"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            if answer.status != 202:
                raise AssertionError(f"events were not accepted: {answer.status}")

    def states(self) -> dict:
        """How many deliveries there are, by state."""
        found = json.loads(self.control("status", "--tenant", "acme", "--json"))["destinations"]
        sums = {}
        for row in found:
            for state, count in row.items():
                if isinstance(count, int) and not isinstance(count, bool):
                    sums[state] = sums.get(state, 0) + count
        return sums

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.status_port}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.status_port}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()


class ServiceAccountFolder:
    """What kubelet mounts for a pod's service account."""

    def __init__(self, folder: pathlib.Path, authority: pathlib.Path, namespace: str, token: str):
        self.folder = folder
        folder.mkdir()
        (folder / "ca.crt").write_bytes(authority.read_bytes())
        (folder / "namespace").write_text(namespace)
        self.renew(token)

    def renew(self, token: str) -> None:
        new = self.folder / "token.new"
        new.write_text(token)
        new.rename(self.folder / "token")


def destination(number: int, endpoint: str, reference: str, **members) -> dict:
    return {"destination_id": f"0192f000-0000-7000-8000-{number:012}", "name": f"destination {number}",
            "adapter": "webhook", "endpoint": endpoint, "event_types": ["alert.*"],
            "credentials": [{"purpose": "signing", "version": 1, "reference": reference}], **members}
