"""A new operator who has the README and docs/operations.md: types what they say, word for word, as a user with sudo at a
terminal. The receiver is https://siem.example, as in the documents, with a certificate that the node's system trusts."""
import json
import pathlib
import re
import shutil

import traffic
from node import CONFIGURATION, STATE, active, is_installed, run, sound, starts_without_configuration, step, until, version
from terminal import type_in

# By run.py out of the documents.
documents = json.loads(pathlib.Path("/proof/documents.json").read_text())
HOME = pathlib.Path("/srv/ops")
PACKAGES = HOME / "integrations/build/packages"


def lines(block: str) -> list[str]:
    return documents[block].splitlines()


def operate() -> None:
    """The README's block: its five lines, with a look at the node between them."""
    install, folder, secret, init, start = lines("operate")
    assert type_in(install).questions == 1
    is_installed()
    starts_without_configuration()
    step("README: installed, not started")
    type_in(folder)
    type_in(secret)
    configured = type_in(init)
    assert configured.questions == 4, configured.told
    sound(configured.told)
    type_in(start)
    assert active() == "active"
    step("README: configured and started")


def look_at_the_configuration() -> None:
    for line in lines("configure"):
        type_in(line)
    told = type_in(lines("secrets")[-1]).told  # its other lines are the README's
    assert "resolved" in told, told
    step("operations: configuration and secret examined")


def provision() -> str:
    """The document's own tenant and destination; gives the producer's token."""
    before = lines("operate")[2].replace("siem/signing", "siem/signing-before")
    type_in(before)
    (HOME / "integrations/destinations.json").write_text(documents["destinations"])
    check, apply, issue, status, audit, doctor = lines("commands")
    type_in(check)
    type_in(apply)
    token = re.search(r"^opi_\S+$", type_in(issue).told, re.MULTILINE)[0]
    type_in(status)
    type_in(audit)
    sound(type_in(doctor).told)
    step("operations: tenant, destination and token")
    return token


def secret_file() -> pathlib.Path:
    return pathlib.Path("/etc/integrationsd/secrets/acme/siem/signing")


def deliver(token: str) -> None:
    traffic.know(secret_file().read_text())
    traffic.receive("1.2.3.4", 443, "/proof/receiver.pem")
    traffic.delivered(token, "first")
    step("delivered to the document's receiver, signed with the README's key")


def hand_in(token: str) -> None:
    """By the document's own request."""
    (HOME / "integrations/token-header").write_text(f"Authorization: Bearer {token}\n")
    told = type_in(documents["event"].strip()).told
    assert '"accepted"' in told, told
    until("the document's event is delivered", lambda: "evt-1" in traffic.received)
    step("operations: event handed in")


def rotate(token: str) -> None:
    before = secret_file().read_text()
    type_in(lines("operate")[2])
    assert secret_file().read_text() != before
    for line in lines("refresh"):
        type_in(line)
    traffic.know(secret_file().read_text())
    traffic.delivered(token, "after-the-rotation")
    step("operations: secret rotated")


def look_after() -> None:
    type_in(lines("reload")[0])
    for line in lines("export"):
        type_in(line)
    step("operations: plugins reloaded, audit trail exported and verified")


def upgrade(token: str) -> None:
    """As docs/operations.md says: the README's first line again, with a newer package."""
    before = version()
    with traffic.Load(token) as load:
        shutil.rmtree(PACKAGES)
        shutil.copytree("/new", PACKAGES)
        type_in(lines("operate")[0])
        load.goes_on()
    assert version() != before and active() == "active", (before, version(), active())
    traffic.nothing_is_lost()
    sound(type_in("sudo integrationsctl doctor").told)
    step("upgraded under load, nothing lost")


def remove() -> None:
    type_in("sudo apt remove integrationsd")
    assert active() != "active"
    assert CONFIGURATION.exists() and (STATE / "integrations.sqlite").exists()
    step("removed")
    type_in("sudo apt purge integrationsd")
    assert not CONFIGURATION.exists() and not STATE.exists()
    assert secret_file().exists()
    assert run("systemctl", "list-unit-files", "--no-legend", "integrationsd.service", expect=1) == ""
    step("purged")


def tell() -> None:
    operate()
    look_at_the_configuration()
    token = provision()
    deliver(token)
    hand_in(token)
    rotate(token)
    look_after()
    upgrade(token)
    remove()
