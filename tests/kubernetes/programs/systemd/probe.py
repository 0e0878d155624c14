"""Inside of the systemd of a test: starts the shipped unit, has it deliver, rotates its credential; writes /out/result."""
import json
import pathlib
import subprocess
import sys
import traceback

tests = pathlib.Path(sys.argv[1])
sys.path[:0] = [str(tests), str(tests.parent / "api")]

import processes  # noqa: E402
from node import Node, destination  # noqa: E402
from receiver import Receiver  # noqa: E402

CREDENTIAL = pathlib.Path("/etc/integrationsd.secrets/siem")


class Unit(Node):
    """The node that the unit runs."""

    def __init__(self):
        self.programs, self.environment = pathlib.Path("/usr/bin"), None
        self.configuration, self.log = pathlib.Path("/etc/integrationsd.conf"), pathlib.Path("/var/lib/integrationsd/log")

    def logged(self, event: str) -> list[dict]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        return [line for line in lines if line.get("event") == event]

    def systemctl(self, verb: str) -> None:
        """Also learns the port, which a restart changes."""
        subprocess.run(["systemctl", verb, "integrationsd.service"], check=True)
        started = self.logged("daemon.started")[-1]
        self.port, self.status_port = started["api_port"], started["status_port"]


def run(found: dict) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    old, new = sys.argv[2:4]
    unit, receiver = Unit(), Receiver()
    receiver.accept(old, new)
    subprocess.run(["install", "-d", "-o", "integrationsd", "-m", "0700", "/var/lib/integrationsd"], check=True)
    unit.provision([destination(1, receiver.url, "file://acme/siem/signing")])
    unit.systemctl("start")
    unit.producer = unit.control("tokens", "issue", "--tenant", "acme", "--role", "producer", "--label", "test").strip()

    def signer(event: str) -> str:
        unit.publish(event)
        return processes.eventually(lambda: next((by for one, by in receiver.requests() if one == event and by), None), event)
    names = {old: "old", new: "new"}
    found["started"] = names[signer("first")]
    CREDENTIAL.write_text(new)
    unit.systemctl("reload")
    found["reloaded"] = names[signer("second")]
    unit.systemctl("restart")
    found["restarted"] = names[signer("third")]
    shown = subprocess.run(["systemctl", "show", "-P", "MainPID", "integrationsd.service"], stdout=subprocess.PIPE, text=True, check=True)
    status = pathlib.Path(f"/proc/{shown.stdout.strip()}/status").read_text()
    found["no_new_privileges"] = "NoNewPrivs:\t1" in status
    found["reads_files"] = len(unit.logged("plugin.reads_files"))
    found["loaded"] = unit.logged("daemon.started")[-1]["plugins_loaded"]
    subprocess.run(["systemctl", "stop", "integrationsd.service"], check=True)
    found["stopped"] = len(unit.logged("daemon.stopped"))


def main() -> None:
    found = {}
    try:
        run(found)
    except BaseException:  # whatever it is, the test is to be told
        found["fault"] = traceback.format_exc()
        found["journal"] = subprocess.run(["systemctl", "status", "--no-pager", "integrationsd.service"],
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout
    pathlib.Path("/out/result").write_text(json.dumps(found))
    subprocess.run(["systemctl", "--force", "--force", "poweroff"], check=False)


if __name__ == "__main__":
    main()
