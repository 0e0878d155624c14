"""A PostgreSQL as docs/operations.md has it made, for a document that speaks to it:  postgres_node.py CTL HOME

Runs the sql blocks of that document in order, has integrationsctl migrate the database and provision the tenant acme, and
stays until it is terminated. In HOME, which becomes the home of the document's shell, stands then .pg_service.conf with the
services `owner` and `triage`.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import blocks

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")


def as_server(command):
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command] if os.geteuid() == 0 else command


def run(command, **more):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, **more)


def serve(ctl, home, folder):
    run(as_server([PROGRAMS / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]))
    server = subprocess.Popen(as_server([PROGRAMS / "postgres", "-D", folder / "data", "-k", folder, "-h", "", "-F"]),
                              stderr=subprocess.DEVNULL)
    try:
        wait_for(server, folder)
        fill(ctl, home, folder)
        print("ready", flush=True)
        signal.sigwait({signal.SIGTERM})
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(60)


def wait_for(server, folder):
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError("PostgreSQL ended")
        if subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", folder], check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError("PostgreSQL is not ready after a minute")


def fill(ctl, home, folder):
    administrator = f"host={folder} user=postgres dbname="
    for language, _, text in blocks.blocks((blocks.ROOT / "docs" / "operations.md").read_text()):
        if language == "sql":
            run(["psql", "-X", "-v", "ON_ERROR_STOP=1", administrator + "postgres"], input=text.encode())
    connection = home / "connection"
    connection.write_text(f"host={folder} user=integrationsd dbname=integrations")
    connection.chmod(0o600)
    configuration = home / "integrationsd.conf"
    configuration.write_text(f"[general]\nenvironment=test\nstate_directory={home}/state\n"
                             f"[store]\nengine=postgres\npostgres_connection_file={connection}\n")
    (home / "state").mkdir(mode=0o700)
    run([ctl, "--config", configuration, "tenants", "create", "acme", "--name", "Acme"])
    (home / ".pg_service.conf").write_text(f"[owner]\n{administrator}integrations\n".replace(" ", "\n") +
                                           f"[triage]\nhost={folder}\nuser=triage\ndbname=integrations\n")


def main(ctl, home):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    folder = pathlib.Path(tempfile.mkdtemp(prefix="opi-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        serve(ctl, pathlib.Path(home), folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
