"""Programs that end with whoever started them."""
import os
import pathlib
import signal
import subprocess
import time


def start(command: list, output, as_user: str | None = None) -> subprocess.Popen:
    identity = [f"--reuid={as_user}", f"--regid={as_user}", "--clear-groups"] if as_user else []
    words = ["setpriv", *identity, "--pdeathsig=KILL", "--", *map(str, command)]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)


def eventually(look, what: str, seconds: float = 60):
    """The first true answer of `look`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


class PostgresCluster:
    """A PostgreSQL server of its own, reached by its socket alone."""
    programs = pathlib.Path("/usr/lib/postgresql/15/bin")

    def __init__(self, folder: pathlib.Path):
        self.folder, self.server = folder, None
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        folder.mkdir()
        if self.user:
            subprocess.run(["chown", self.user, folder], check=True)
        initdb = self._run("initdb", "--pgdata", folder / "data", "--username", "opi", "--auth", "trust",
                           "--encoding", "UTF8", "--no-locale", "--no-sync")
        if initdb.wait(60) != 0:
            raise AssertionError("initdb failed: " + (folder / "log").read_text())
        self.start()

    def _run(self, program: str, *arguments) -> subprocess.Popen:
        with open(self.folder / "log", "ab") as log:
            return start([self.programs / program, *arguments], log, self.user)

    def start(self) -> None:
        self.server = self._run("postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses=",
                                "-c", "fsync=off", "-c", "max_connections=100")
        ready = [self.programs / "pg_isready", "-q", "-h", self.folder]
        eventually(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL answers")

    def stop(self) -> None:
        """At once, as when the machine that it runs on goes away."""
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(30)

    def connection(self, database: str) -> str:
        return f"host={self.folder} user=opi dbname={database}"

    def sql(self, database: str, statement: str) -> None:
        subprocess.run([self.programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", self.connection(database), "-c", statement],
                       check=True, stdout=subprocess.DEVNULL)
