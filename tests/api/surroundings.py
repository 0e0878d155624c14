"""A daemon's surroundings: store, secrets, receiver and configuration, all of its own."""
import json
import pathlib
import sqlite3
import subprocess

import processes

# What whoever has no secret of ours verifies with, and what it verifies.
PUBLIC_KEY = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
PRIVATE_KEY = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="  # RFC 8032, section 7.1, test 1
SIGNING_SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]


def write_private(file: pathlib.Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o600)


class Receiver:
    """The test receiver, which verifies signatures and plays a part by path."""

    def __init__(self, programs: pathlib.Path, folder: pathlib.Path):
        secrets = folder / "receiver-secrets"
        write_private(secrets, "\n".join(SIGNING_SECRETS) + "\n")
        output = folder / "receiver"
        with open(output, "wb") as log:
            self.process = processes.start([programs / "opi-demo-receiver", "--secret-file", secrets], log)
        processes.eventually(lambda: "\n" in output.read_text(), "the receiver starts")
        self.port = json.loads(output.read_text().splitlines()[0])["port"]

    def url(self, part: str) -> str:
        return f"http://127.0.0.1:{self.port}/{part}"


class Daemon:
    """One run of integrationsd."""

    def __init__(self, program: pathlib.Path, configuration: pathlib.Path, log: pathlib.Path):
        with open(log.parent / "output", "wb") as output:
            self.process = processes.start([program, "--config", configuration], output)
        self.log = log
        self.port = processes.eventually(self._started, "the daemon starts")

    def _started(self) -> int | None:
        if self.process.poll() is not None:
            raise AssertionError("integrationsd ended: " + self.log.read_text()[-4000:])
        for line in self.log.read_text().splitlines() if self.log.exists() else []:
            if '"daemon.started"' in line:
                return json.loads(line)["api_port"]
        return None

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)


class Surroundings:
    def __init__(self, engine: str, build: pathlib.Path, folder: pathlib.Path):
        self.programs, self.folder, self.engine = build / "bin", folder, engine
        folder.chmod(0o755)  # the way to the cluster, which runs as another user
        for tenant in ("acme", "initech"):
            for version, secret in enumerate(SIGNING_SECRETS, start=1):
                write_private(folder / "secrets" / tenant / "signing" / "main" / str(version), secret)
            write_private(folder / "secrets" / tenant / "signing" / "ed25519" / "1", PRIVATE_KEY)
        self.receiver = Receiver(self.programs, folder)
        self.settings = {
            "general.environment": "test", "plugins.directory": build / "lib" / "plugins",
            "secret_provider.local.directory": folder / "secrets", "egress.allow": "127.0.0.0/8", "api.port": "0",
            "status.port": "0", "api.requests_per_second": "1000000", "api.request_burst": "1000000",
            "payloads.readable_tenants": "acme initech"}
        self.cluster = None
        if engine == "postgres":
            self.cluster = processes.PostgresCluster(folder / "cluster")
            self.cluster.sql("postgres", "CREATE DATABASE opi")
            self.settings |= {"store.engine": "postgres", "store.postgres_connection": self.cluster.connection("opi")}
        else:
            self.settings["store.sqlite_path"] = folder / "store.sqlite"

    def sql(self, statement: str) -> None:
        """Past the daemon."""
        if self.cluster:
            return self.cluster.sql("opi", statement)
        with sqlite3.connect(self.settings["store.sqlite_path"], timeout=30) as store:
            store.execute("PRAGMA legacy_alter_table=ON")
            store.execute("PRAGMA ignore_check_constraints=ON")
            store.execute(statement)
        store.close()

    def _configuration(self, name: str, settings: dict) -> pathlib.Path:
        state = self.folder / name
        state.mkdir(mode=0o700, exist_ok=True)
        named = {key.replace("__", "."): value for key, value in settings.items()}
        own = self.settings | {"general.state_directory": state, "log.file": state / "log"} | named
        sections = {}
        for key, value in own.items():
            section, _, key_in_section = key.partition(".")
            sections.setdefault(section, []).append(f"{key_in_section}={value}")
        write_private(state / "conf", "".join(
            f"[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items()))
        return state / "conf"

    def daemon(self, name: str = "daemon", **settings) -> Daemon:
        """Over the site's own settings those named section__key."""
        configuration = self._configuration(name, settings)
        return Daemon(self.programs / "integrationsd", configuration, self.folder / name / "log")

    def control(self, *command, beside: str = "control", **settings) -> str:
        """What integrationsctl says with the configuration of the daemon of that name."""
        configuration = self._configuration(beside, settings)
        done = subprocess.run([self.programs / "integrationsctl", "--config", configuration, *command],
                              check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def system_token(self, **settings) -> str:
        return self.control("token", "issue", "--role", "system_admin", **settings)

    def end(self) -> None:
        self.receiver.process.kill()
        if self.cluster and self.cluster.server.poll() is None:
            self.cluster.stop()
