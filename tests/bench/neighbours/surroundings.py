"""What is measured: a PostgreSQL or an SQLite file, daemons of one build on it, their receivers and tenants."""
import contextlib
import http.client
import itertools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SERVER_PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENTS_PER_REQUEST = 500
JOINING = 9  # seconds until a second daemon has its share of the destinations


def as_server(command: list) -> list:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command] if os.geteuid() == 0 else command


class Postgres:
    """A server with fsync and synchronous_commit on, reachable through a unix socket in its folder."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self._databases = itertools.count(1)
        folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        subprocess.run(as_server([SERVER_PROGRAMS / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8",
                                  "--no-sync"]), check=True, stdout=subprocess.DEVNULL)
        self._server = subprocess.Popen(
            as_server([SERVER_PROGRAMS / "postgres", "-D", folder / "data", "-k", folder, "-h", "", "-c", "shared_buffers=256MB",
                       "-c", "max_wal_size=4GB"]), stderr=subprocess.DEVNULL)
        for _ in range(600):
            if subprocess.run([SERVER_PROGRAMS / "pg_isready", "-q", "-h", folder], check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL is not ready after a minute")

    def create_database(self) -> str:
        name = f"bench{next(self._databases)}"
        subprocess.run(["psql", "-qX", f"host={self.folder} user=postgres dbname=postgres", "-c", f"create database {name}"],
                       check=True)
        return f"host={self.folder} user=postgres dbname={name}"

    def drop_database(self, connection: str) -> None:
        name = connection.rsplit("=", 1)[1]
        subprocess.run(["psql", "-qX", f"host={self.folder} user=postgres dbname=postgres", "-c",
                        f"drop database {name} with (force)"], check=True)

    def stop(self) -> None:
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(60)


class Receiver:
    """A program that prints its port first."""

    def __init__(self, command: list):
        self._process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self._process.stdout.readline())["port"]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def ask(self, path: str) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())

    def bench_requests(self) -> int:
        return self.ask("/_stats")["bench_requests"]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


class Receivers:
    """The healthy tenant's, one for its steady and one for its bulk events, and those of its neighbours."""

    def __init__(self, programs: pathlib.Path):
        own = [sys.executable, HERE / "receiver.py"]
        fast = [programs / "opi-demo-receiver", "--no-verify", "--slow-delay-ms", "20000"]
        self.steady, self.bulk, self.bad, self.flood = Receiver(own), Receiver(fast), Receiver(own), Receiver(fast)

    def stop(self) -> None:
        for receiver in (self.steady, self.bulk, self.bad, self.flood):
            receiver.stop()


class Daemons:
    """One or more integrationsd of one build on a store of their own, until close()."""

    def __init__(self, program: pathlib.Path, plugin: pathlib.Path, folder: pathlib.Path, postgres: Postgres | None, count: int):
        self.folder, self._postgres = folder, postgres
        self._programs = program.parent
        folder.mkdir()
        plugins = folder / "plugins"
        plugins.mkdir()
        for file in (*(program.parent.parent / "lib/plugins" / name for name in ("webhook.so", "secrets_local.so")), plugin):
            shutil.copy(file, plugins / file.name)
        secret = folder / "secrets/healthy/signing/main/1"
        secret.parent.mkdir(parents=True)
        secret.write_text(SECRET)
        secret.chmod(0o600)
        self.connection = postgres.create_database() if postgres else ""
        self._configurations = [self._write_configuration(number) for number in range(count)]
        self._processes: list = []
        self.ports: list = []

    def _write_configuration(self, number: int) -> pathlib.Path:
        state = self.folder / f"daemon{number}"
        state.mkdir(mode=0o700)
        store = f"engine=postgres\npostgres_connection={self.connection}" if self._postgres else "engine=sqlite"
        file = state / "conf"
        file.write_text(
            f"[general]\nenvironment=test\nstate_directory={state}\n[store]\n{store}\n[log]\nfile={state}/log\n"
            f"[plugins]\ndirectory={self.folder}/plugins\n[egress]\nallow=127.0.0.0/8\n"
            f"[secret_provider.local]\ndirectory={self.folder}/secrets\n[status]\nport=0\n"
            "[api]\nport=0\nrequests_per_second=1000000\nrequest_burst=1000000\n")
        file.chmod(0o600)
        return file

    def control(self, *words: str) -> str:
        command = [self._programs / "integrationsctl", "--config", self._configurations[0], *words]
        ended = subprocess.run(command, check=False, text=True, capture_output=True)
        if ended.returncode != 0:
            raise RuntimeError(f"integrationsctl {words[0]}: {ended.stderr}")
        return ended.stdout.strip()

    def apply(self, tenants: list) -> None:
        document = self.folder / "tenants.json"
        document.write_text(json.dumps({"tenants": tenants}))
        self.control("apply", str(document))

    def start(self) -> None:
        for configuration in self._configurations:
            self._processes.append(subprocess.Popen([self._programs / "integrationsd", "--config", configuration]))
        for process, configuration in zip(self._processes, self._configurations):
            self.ports.append(self._port(process, configuration.parent / "log"))
        if len(self._processes) > 1:
            time.sleep(JOINING)

    def _port(self, process: subprocess.Popen, log: pathlib.Path) -> int:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            for line in log.read_text().splitlines() if log.exists() else []:
                if '"daemon.started"' in line:
                    return json.loads(line)["api_port"]
            time.sleep(0.05)
        raise RuntimeError("integrationsd did not start: " + (log.read_text() if log.exists() else "no log"))

    def call(self, method: str, path: str, token: str, body: bytes = b"", **headers: str) -> tuple:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[0], timeout=60)
        with contextlib.closing(connection):
            connection.request(method, "/api/v1" + path, body or None, {"Authorization": "Bearer " + token, **headers})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{method} {path}: {answer.status} {text!r}")
            return answer, text

    def publish(self, tenant: str, token: str, event_type: str, count: int, prefix: str) -> None:
        for first in range(0, count, EVENTS_PER_REQUEST):
            lines = "".join(json.dumps({
                "event_id": f"{prefix}-{number}", "event_type": event_type, "schema_version": "1.0", "tenant_id": tenant,
                "source": "bench", "timestamp": "2026-01-01T00:00:00Z", "correlation_id": f"c-{number}",
                "payload": {"text": "x" * 512}}) + "\n" for number in range(first, min(count, first + EVENTS_PER_REQUEST)))
            self.call("POST", "/events", token, lines.encode(), **{"Content-Type": "application/x-ndjson"})

    def limit_rate(self, destination: dict, administrator: str, tenant: str, per_second: float) -> None:
        """How a backlog is kept until it is to count: the destination may send next to nothing, and then all it can."""
        path = "/destinations/" + destination["destination_id"]
        of_tenant = {"X-Tenant-Id": tenant}
        answer, _ = self.call("GET", path, administrator, **of_tenant)
        members = {name: value for name, value in destination.items() if name not in ("destination_id", "credentials", "policy")}
        members["rate_limit_per_second"] = per_second
        self.call("PUT", path, administrator, json.dumps(members).encode(),
                  **{"If-Match": answer.headers["ETag"], "Content-Type": "application/json", **of_tenant})

    def close(self) -> None:
        """What they were about to do is nobody's any more."""
        for process in self._processes:
            process.kill()
            process.wait()
        if self._postgres:
            self._postgres.drop_database(self.connection)
        shutil.rmtree(self.folder)
