"""Runs as a service of the booted Debian: plays the operator from the installed package to its purge, and a producer and a
receiver beside him. Leaves /out/report.json: what was done, and the first thing that failed."""
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import pathlib
import pwd
import subprocess
import threading
import time
import traceback

CREDENTIAL = pathlib.Path("/etc/integrationsd/acme.siem.signing")
CONFIGURATION = pathlib.Path("/etc/integrationsd.conf")
STATE = pathlib.Path("/var/lib/integrationsd")
API, RECEIVER = 8080, 9123
done, received, accepted = [], {}, set()
keys = []  # the secret that the receiver knows


def run(*command, expect=0, **more) -> str:
    told = subprocess.run(command, text=True, capture_output=True, **more)
    assert told.returncode == expect, f"{command}: {told.returncode}\n{told.stdout}\n{told.stderr}"
    return told.stdout


def ctl(*words, **more) -> str:
    return run("integrationsctl", "--config", str(CONFIGURATION), *words, **more)


def until(what, condition, patience=60.0):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what}")


class Receiver(http.server.BaseHTTPRequestHandler):
    """Verifies as Standard Webhooks says, and remembers what came."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        mac = "v1," + base64.b64encode(hmac.new(keys[0], signed, hashlib.sha256).digest()).decode()
        good = mac in self.headers["webhook-signature"].split(" ")
        if good:
            received.setdefault(json.loads(body)["event_id"], []).append(self.headers["webhook-id"])
        self.send_response(204 if good else 401)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def publish(token: str, number: int) -> bool:
    event = {"event_id": f"event-{number}", "event_type": "alert.created", "schema_version": "1.0", "tenant_id": "acme",
             "source": "package-test", "timestamp": "2026-11-30T12:00:00Z", "payload": {"number": number}}
    try:
        connection = http.client.HTTPConnection("127.0.0.1", API, timeout=10)
        connection.request("POST", "/api/v1/events", json.dumps(event),
                           {"content-type": "application/json", "authorization": f"Bearer {token}"})
        status = connection.getresponse().status
        connection.close()
    except OSError:
        return False  # it is being restarted: to be handed in again
    assert status in (200, 202, 503), status
    if status != 503:
        accepted.add(event["event_id"])
    return status != 503


def version() -> str:
    return run("dpkg-query", "-W", "-f", "${Version}", "integrationsd")


def active() -> str:
    return subprocess.run(["systemctl", "is-active", "integrationsd"], text=True, capture_output=True).stdout.strip()


def step(name):
    done.append(name)
    print(name, flush=True)


def installed():
    assert active() == "inactive", active()
    assert run("systemctl", "is-enabled", "integrationsd").strip() == "enabled"
    user = pwd.getpwnam("integrationsd")
    state = STATE.stat()
    assert (state.st_uid, state.st_mode & 0o777) == (user.pw_uid, 0o700), state
    for page in ("man1/integrationsctl.1.gz", "man8/integrationsd.8.gz", "man5/integrationsd.conf.5.gz"):
        assert pathlib.Path("/usr/share/man", page).exists(), page
    step("installed, not started")


def configured():
    assert not CONFIGURATION.exists()
    CREDENTIAL.parent.mkdir(exist_ok=True)
    secret = run("integrationsctl", "secrets", "generate")
    keys.append(base64.b64decode(secret.strip().removeprefix("whsec_")))
    run("systemd-creds", "encrypt", "--with-key=host", "--name=acme.siem.signing", "-", str(CREDENTIAL), input=secret)
    drop_in = pathlib.Path("/etc/systemd/system/integrationsd.service.d/secrets.conf")
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text(pathlib.Path("/usr/share/doc/integrationsd/examples/systemd/secrets.conf").read_text())
    run("systemctl", "daemon-reload")
    told = ctl("init", "--yes", "--files-root", "/run/credentials/integrationsd.service",
               "--files-layout", "{tenant}.{secret}.{key}")
    assert " error " not in told and "0 errors" in told, told
    # The receiver of this test is on this node; its adapter runs in a process of its own.
    with CONFIGURATION.open("a") as file:
        file.write("\n[egress]\nallow=127.0.0.1/32\n\n[plugins]\nisolation=process\n")
    run("integrationsd", "--config", str(CONFIGURATION), "--check-config")
    step("configured")


def started():
    run("systemctl", "start", "integrationsd")
    assert active() == "active"
    step("started")


def delivered() -> str:
    ctl("tenants", "create", "acme", "--name", "Acme")
    document = {"tenants": [{"tenant_id": "acme", "name": "Acme", "destinations": [{
        "destination_id": "0199f3a0-0000-7000-8000-0000000000a1", "name": "SIEM", "adapter": "webhook",
        "endpoint": f"http://127.0.0.1:{RECEIVER}/hook", "event_types": ["*"],
        "credentials": [{"purpose": "signing", "reference": "file://acme/siem/signing"}]}]}]}
    ctl("apply", "-", input=json.dumps(document))
    token = ctl("tokens", "issue", "--tenant", "acme", "--role", "producer", "--label", "test", "--expires-in-days", "1").strip()
    assert publish(token, 0)
    until("the first delivery", lambda: "event-0" in received)
    names = [file.read_text() for file in pathlib.Path("/proc").glob("[0-9]*/comm")]
    assert "opi-plugin-host\n" in names, f"no plugin runs in a process of its own: {names}"
    told = ctl("doctor")
    assert " 0 errors" in told or told.startswith("0 errors") or "\n0 errors" in told, told
    step("delivered, signed with systemd's credential")
    return token


def upgraded(token: str):
    before = version()
    stop = threading.Event()
    faults = []

    def produce():
        number = 1
        try:
            while not stop.is_set():
                if publish(token, number):
                    number += 1
                time.sleep(0.005)
        except Exception:
            faults.append(traceback.format_exc())

    producer = threading.Thread(target=produce)
    producer.start()
    until("load", lambda: len(received) > 50)
    run("dpkg", "--install", "/new/integrationsd.deb")
    count = len(received)
    until("deliveries after the upgrade", lambda: len(received) > count + 50)
    stop.set()
    producer.join()
    assert not faults, faults
    assert version() != before and active() == "active", (before, version(), active())
    step("upgraded under load")
    until("the rest", lambda: accepted <= set(received))
    for event, deliveries in received.items():
        assert len(set(deliveries)) == 1, f"{event} came under {len(set(deliveries))} ids"
    step("nothing lost")


def removed():
    run("dpkg", "--remove", "integrationsd")
    assert active() != "active"
    assert CONFIGURATION.exists() and (STATE / "integrations.sqlite").exists()
    step("removed")
    run("dpkg", "--purge", "integrationsd")
    assert not CONFIGURATION.exists() and not STATE.exists()
    step("purged")


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", RECEIVER), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    failure, log = None, ""
    try:
        installed()
        configured()
        started()
        upgraded(delivered())
        removed()
    except Exception:
        failure = traceback.format_exc()
        log = subprocess.run(["journalctl", "--no-pager", "-n", "60", "-u", "integrationsd"], text=True, capture_output=True).stdout
        log += subprocess.run(["systemctl", "status", "--no-pager", "integrationsd"], text=True, capture_output=True).stdout
    report = pathlib.Path("/out/report.json.part")
    report.write_text(json.dumps({"done": done, "failure": failure, "log": f"{failure}\n{log}"}))
    report.rename("/out/report.json")


main()
