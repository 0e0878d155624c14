"""The Debian packages as an operator meets them: lintian, then installed, configured, started, upgraded under load,
removed and purged in a bare Debian 12 whose systemd is a real one (PID 1 of namespaces of its own). What the operator types
stands in the README and docs/operations.md, and is taken from there.

usage: run.py PACKAGES    the folder that `./dev package` filled
"""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "oneprotect-integrations"
SKIPPED = 77
# Beside what is essential: a system that boots, Python for the stories, and what the documents' operator has at hand.
TOOLS = "systemd-sysv,dbus,python3,sudo,curl"
# Where the document's receiver is: an address that is public, and in the network namespace of the test nobody else's.
RECEIVER_NAME, RECEIVER_ADDRESS = "siem.example", "1.2.3.4"
packages = pathlib.Path()
sys.path.insert(0, str(SOURCE / "tests/docs"))
import blocks  # noqa: E402


def run(*command, **more) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in command], text=True, capture_output=True, stdin=subprocess.DEVNULL, **more)


def checked(*command, **more) -> str:
    done = run(*command, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def package(folder: pathlib.Path, name: str) -> pathlib.Path:
    found = sorted(folder.glob(f"{name}_*.deb"))
    assert len(found) == 1, f"{folder} holds {len(found)} packages {name}"
    return found[0]


def relabel(file: pathlib.Path, target: pathlib.Path, version: str) -> None:
    """The same package as an earlier version: what is shown is the packages' way from one to the next, and the last release
    had none. Programs of an earlier release beside new ones are the suite `upgrade`."""
    tree = target.parent / "relabelled"
    checked("dpkg-deb", "--raw-extract", file, tree)
    control = tree / "DEBIAN/control"
    text, changed = re.subn("^Version: .*$", f"Version: {version}", control.read_text(), flags=re.MULTILINE)
    assert changed == 1, text
    control.write_text(text)
    checked("dpkg-deb", "-Znone", "--build", tree, target)
    shutil.rmtree(tree)


def bare_debian() -> pathlib.Path:
    """A Debian 12 of its essential packages and TOOLS; made once."""
    tree = CACHE / f"bookworm-{hashlib.sha256(TOOLS.encode()).hexdigest()[:12]}"
    if not tree.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = pathlib.Path(tempfile.mkdtemp(prefix="bookworm.", dir=CACHE))
        checked("debootstrap", "--variant=minbase", f"--include={TOOLS}", "bookworm", part)
        part.chmod(0o755)
        part.rename(tree)
    return tree


def documents() -> dict:
    """The blocks that an operator follows, by the names that readme_story.py knows them by."""
    operations = (SOURCE / "docs/operations.md").read_text()

    def block(text: str, heading: str, language: str = "sh", number: int = 0) -> str:
        return [found for kind, _, found in blocks.blocks(blocks.section(text, heading)) if kind == language][number]

    return {
        "operate": block((SOURCE / "README.md").read_text(), "## Operate"),
        "install": block(operations, "## Install"),
        "configure": block(operations, "## Configure"),
        "destinations": block(operations, "## Tenants, destinations, credentials", "json"),
        "commands": block(operations, "## Tenants, destinations, credentials"),
        "secrets": block(operations, "## Secrets"),
        "refresh": block(operations, "## Secrets", number=1),
        "event": block(operations, "## Hand in events"),
        "reload": block(operations, "## Plugins, without a restart"),
        "export": block(operations, "## The audit trail", number=1),
    }


def certify(machine: "Machine") -> None:
    """A certificate of the receiver's name, by an authority that the node's system trusts, as one's own would be."""
    folder = machine.folder / "authority"
    folder.mkdir()

    def openssl(*words) -> None:
        checked("openssl", *words, cwd=folder)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=Test authority",
            "-keyout", "authority.key", "-out", "authority.pem")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={RECEIVER_NAME}",
            "-addext", f"subjectAltName=DNS:{RECEIVER_NAME}", "-keyout", "receiver.key", "-out", "receiver.csr")
    openssl("x509", "-req", "-in", "receiver.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-days", "2",
            "-copy_extensions", "copy", "-out", "receiver.crt")
    (folder / "receiver.pem").write_text((folder / "receiver.crt").read_text() + (folder / "receiver.key").read_text())
    machine.bring(folder / "receiver.pem", "/proof/receiver.pem")
    machine.bring(folder / "authority.pem", "/usr/local/share/ca-certificates/authority.crt")


def remove_group(group: pathlib.Path) -> None:
    """A control group with what systemd left in it. The kernel gives it up once the last process is reaped."""
    for attempt in range(100):
        try:
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
            return
        except OSError:
            if attempt == 99:
                raise
            time.sleep(0.1)


class Machine:
    """A copy of the bare tree that is thrown away, in which packages are installed and which can be booted."""

    def __init__(self, folder: pathlib.Path):
        self.folder, self.root = folder, folder / "root"
        for name in ("upper", "scratch", "root", "out"):
            (folder / name).mkdir()
        checked("mount", "-t", "overlay", "overlay", "-o",
                f"lowerdir={bare_debian()},upperdir={folder}/upper,workdir={folder}/scratch", self.root)

    def close(self):
        run("umount", "--recursive", self.root)

    def bring(self, file: pathlib.Path, place: str) -> None:
        target = self.root / place.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)

    def chroot(self, *command) -> str:
        """As apt runs in an image: /proc is there, services are not started."""
        checked("mount", "-t", "proc", "proc", self.root / "proc")
        try:
            return checked("chroot", self.root, *command, env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})
        finally:
            checked("umount", self.root / "proc")

    def update(self) -> None:
        self.bring(pathlib.Path("/etc/resolv.conf"), "/etc/resolv.conf")
        self.chroot("apt-get", "update", "-qq")

    def fetch_dependencies(self, file: str) -> None:
        """What apt would download: the booted system has no network."""
        self.update()
        self.chroot("apt-get", "install", "-y", "-qq", "--download-only", file)

    def install(self, file: str) -> None:
        self.update()
        self.chroot("apt-get", "install", "-y", "-qq", "--no-install-recommends", file)

    def make_operator(self) -> None:
        """A user who may use sudo, in whose home lies the repository as `./dev package` left it."""
        self.chroot("useradd", "--create-home", "--home-dir", "/srv/ops", "--shell", "/bin/bash", "ops")
        (self.root / "etc/sudoers.d/ops").write_text("ops ALL=(ALL) NOPASSWD: ALL\n")
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost {os.uname().nodename}\n{RECEIVER_ADDRESS} {RECEIVER_NAME}\n")
        repository = self.root / "srv/ops/integrations"
        (repository / "build").mkdir(parents=True)
        shutil.copytree(self.root / "earlier", repository / "build/packages")
        # It takes a compiler and its time, and was run: its packages are what this is about.
        (repository / "dev").write_text("#!/bin/sh\n[ \"$*\" = package ]\n")
        (repository / "dev").chmod(0o755)
        self.chroot("chown", "-R", "ops:", "/srv/ops")

    def boot(self, story: str) -> dict:
        """Runs proof.py with that story as a service of the booted system, and gives what it reports."""
        for file in ("proof.py", "node.py", "traffic.py", "terminal.py"):
            self.bring(HERE / file, f"/proof/{file}")
        self.bring(HERE / f"{story}_story.py", "/proof/story.py")
        (self.root / "proof/documents.json").write_text(json.dumps(documents()))
        for unit in ("proof.service", "proof.target"):
            self.bring(HERE / unit, f"/etc/systemd/system/{unit}")
        group = pathlib.Path("/sys/fs/cgroup/unified")
        group = (group if group.is_dir() else pathlib.Path("/sys/fs/cgroup")) / f"package-test-{os.getpid()}"
        group.mkdir()
        try:
            with open(self.folder / "boot.log", "w") as log:
                # The shell enters the control group before systemd's own namespace of groups is made.
                subprocess.run(
                    ["timeout", "-k", "5", "420", "sh", "-c",
                     f"echo $$ >{group}/cgroup.procs; exec unshare --mount --pid --fork --cgroup --uts --ipc --net --kill-child "
                     f"--propagation private sh {HERE}/boot.sh {self.folder} {RECEIVER_ADDRESS}"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False)
        finally:
            remove_group(group)
        report = self.folder / "out" / "report.json"
        if not report.exists():
            raise AssertionError("the booted system left no report\n" + (self.folder / "boot.log").read_text()[-4000:] +
                                 "".join(file.read_text()[-6000:] for file in (self.folder / "out").iterdir()))
        return json.loads(report.read_text())


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="package-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.earlier = cls.folder / "earlier.deb"
        relabel(package(packages, "integrationsd"), cls.earlier, "0.0.1")

    def test_lintian_has_nothing_to_say(self):
        told = run("lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning", *packages.glob("*.deb"))
        self.assertEqual((told.returncode, told.stdout), (0, ""))

    def test_the_unit_is_valid_and_exposes_little(self):
        machine = self.machine()
        machine.install("/new/integrationsd_any.deb")
        told = machine.chroot("systemd-analyze", "verify", "--man=no", "integrationsd.service")
        self.assertEqual(told, "")
        exposure = machine.chroot("systemd-analyze", "security", "--offline=true", "--threshold=15", "integrationsd.service")
        self.assertIn("Overall exposure level", exposure)

    def test_the_documents_lead_from_nothing_to_deliveries_and_back(self):
        machine = self.machine()
        certify(machine)
        machine.make_operator()
        self.tell(machine, "readme", [
            "README: installed, not started", "README: configured and started", "operations: configuration and secret examined",
            "operations: tenant, destination and token", "delivered to the document's receiver, signed with the README's key",
            "operations: event handed in", "operations: secret rotated",
            "operations: plugins reloaded, audit trail exported and verified", "upgraded under load, nothing lost", "removed",
            "purged"])

    def test_a_script_makes_a_node_whose_key_systemd_keeps(self):
        self.tell(self.machine(), "credentials", [
            "installed, not started", "configured by flags", "delivered, signed with systemd's credential", "plugins confined",
            "upgraded under load, nothing lost", "plugins confined", "gone back, while it was stopped"])

    def test_the_sdk_is_complete_without_the_daemon(self):
        machine = self.machine()
        machine.bring(package(packages, "libopi-sdk-dev"), "/new/sdk.deb")
        machine.bring(SOURCE / "build/package/lib/plugins/webhook.so", "/new/webhook.so")
        machine.install("/new/sdk.deb")
        told = machine.chroot("opi-plugin", "check", "/new/webhook.so", "--cases", "50")
        self.assertIn("secrets", told)
        machine.chroot("opi-plugin", "new", "siren", "--directory", "/siren")
        self.assertTrue((machine.root / "siren/manifest.json").exists())

    def machine(self) -> Machine:
        """With the package that is to be tried, and the one from which it is upgraded."""
        machine = Machine(pathlib.Path(tempfile.mkdtemp(dir=self.folder)))
        self.addCleanup(machine.close)
        machine.bring(self.earlier, "/earlier/integrationsd_any.deb")
        machine.bring(package(packages, "integrationsd"), "/new/integrationsd_any.deb")
        return machine

    def tell(self, machine: Machine, story: str, steps: list) -> None:
        machine.fetch_dependencies("/earlier/integrationsd_any.deb")
        report = machine.boot(story)
        self.assertEqual(report["failure"], None, report["log"])
        self.assertEqual(report["done"], steps)


def why_not() -> str | None:
    if os.geteuid() != 0:
        return "needs root: it mounts, and boots a systemd in namespaces"
    lacking = [tool for tool in ("debootstrap", "lintian", "dpkg-buildpackage", "unshare", "ip", "openssl") if shutil.which(tool) is None]
    if lacking:
        return f"needs {', '.join(lacking)}"
    if not list(packages.glob("integrationsd_*.deb")):
        return f"there are no packages in {packages}: ./dev package makes them"
    return None


if __name__ == "__main__":
    packages = pathlib.Path(sys.argv.pop(1)).resolve()
    reason = why_not()
    if reason is not None:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
