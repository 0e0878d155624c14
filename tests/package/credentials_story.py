"""A node that is made by a script: the configuration by flags, the signing key an encrypted credential of systemd, and plugins in
processes of their own under the unit's sandbox. The receiver is on the node itself."""
import json
import pathlib

import traffic
from node import CONFIGURATION, active, ctl, is_installed, run, sound, step, version

CREDENTIAL = pathlib.Path("/etc/integrationsd/acme.siem.signing")
EXAMPLES = pathlib.Path("/usr/share/doc/integrationsd/examples/systemd")
DROP_INS = pathlib.Path("/etc/systemd/system/integrationsd.service.d")
RECEIVER = 9123


def install() -> None:
    run("apt-get", "install", "-y", "-qq", "/earlier/integrationsd_any.deb", env={
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"})
    is_installed()
    step("installed, not started")


def configure() -> None:
    secret = ctl("secrets", "generate")
    traffic.know(secret)
    CREDENTIAL.parent.mkdir()
    run("systemd-creds", "encrypt", "--with-key=host", "--name=acme.siem.signing", "-", str(CREDENTIAL), input=secret)
    DROP_INS.mkdir()
    (DROP_INS / "secrets.conf").write_text((EXAMPLES / "secrets.conf").read_text())
    run("systemctl", "daemon-reload")
    # There are no credentials before the unit runs, which is a warning.
    sound(ctl("init", "--yes", "--files-root", "/run/credentials/integrationsd.service",
              "--files-layout", "{tenant}.{secret}.{key}"), warnings=True)
    with CONFIGURATION.open("a") as file:
        file.write("\n[egress]\nallow=127.0.0.1/32\n\n[plugins]\nisolation=process\n")
    run("integrationsd", "--config", str(CONFIGURATION), "--check-config")
    step("configured by flags")


def deliver() -> str:
    run("systemctl", "start", "integrationsd")
    assert active() == "active"
    traffic.receive("127.0.0.1", RECEIVER)
    document = {"tenants": [{"tenant_id": "acme", "name": "Acme", "destinations": [{
        "destination_id": "0199f3a0-0000-7000-8000-0000000000a1", "name": "SIEM", "adapter": "webhook",
        "endpoint": f"http://127.0.0.1:{RECEIVER}/hook", "event_types": ["*"],
        "credentials": [{"purpose": "signing", "reference": "file://acme/siem/signing"}]}]}]}
    ctl("apply", "-", input=json.dumps(document))
    token = ctl("tokens", "issue", "--tenant", "acme", "--role", "producer", "--label", "test", "--expires-in-days", "1").strip()
    traffic.delivered(token, "first")
    sound(ctl("doctor"), warnings=True)  # egress.allow names this node
    step("delivered, signed with systemd's credential")
    return token


def confined() -> None:
    """Each process of a plugin is sandboxed, whatever else the unit takes from it."""
    hosts = [file.parent for file in pathlib.Path("/proc").glob("[0-9]*/comm") if file.read_text() == "opi-plugin-host\n"]
    assert len(hosts) >= 2, f"an adapter and a secret provider: {hosts}"
    for process in hosts:
        status = (process / "status").read_text()
        assert "\nNoNewPrivs:\t1\n" in status and "\nSeccomp:\t2\n" in status and "\nCapEff:\t0000000000000000\n" in status, status
    step("plugins confined")


def reload_and_upgrade(token: str) -> None:
    run("systemctl", "reload", "integrationsd")
    traffic.delivered(token, "after-the-reload")
    before = version()
    with traffic.Load(token) as load:
        run("dpkg", "--install", "/new/integrationsd_any.deb")
        load.goes_on()
    assert version() != before and active() == "active", (before, version(), active())
    traffic.nothing_is_lost()
    step("upgraded under load, nothing lost")


def back_while_stopped() -> None:
    """An older version, as docs/operations.md has it; who stopped the node starts it again."""
    newer = version()
    run("systemctl", "stop", "integrationsd")
    run("apt-get", "install", "-y", "-qq", "--allow-downgrades", "/earlier/integrationsd_any.deb")
    assert version() != newer and active() == "inactive", (version(), active())
    run("systemctl", "start", "integrationsd")
    assert active() == "active"
    step("gone back, while it was stopped")


def tell() -> None:
    install()
    configure()
    token = deliver()
    confined()
    reload_and_upgrade(token)
    confined()
    back_while_stopped()
