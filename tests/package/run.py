"""The Debian packages as an operator meets them: lintian, then installed, configured, started, upgraded under load,
removed and purged in a bare Debian 12 whose systemd is a real one (PID 1 of namespaces of its own).

usage: run.py PACKAGES    the folder that `./dev package` filled
"""
import json
import os
import pathlib
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
packages = pathlib.Path()


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


def bare_debian() -> pathlib.Path:
    """A Debian 12 of its essential packages, systemd and Python for the test itself; made once."""
    tree = CACHE / "bookworm"
    if not tree.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = pathlib.Path(tempfile.mkdtemp(prefix="bookworm.", dir=CACHE))
        checked("debootstrap", "--variant=minbase", "--include=systemd-sysv,dbus,python3,ca-certificates", "bookworm", part)
        part.chmod(0o755)
        part.rename(tree)
    return tree


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

    def boot(self) -> dict:
        """Runs proof.py as a service of the booted system, and gives what it reports."""
        group = pathlib.Path("/sys/fs/cgroup/unified")
        group = (group if group.is_dir() else pathlib.Path("/sys/fs/cgroup")) / f"package-test-{os.getpid()}"
        group.mkdir()
        try:
            with open(self.folder / "boot.log", "w") as log:
                # The shell enters the control group before systemd's own namespace of groups is made.
                subprocess.run(
                    ["timeout", "-k", "5", "420", "sh", "-c",
                     f"echo $$ >{group}/cgroup.procs; exec unshare --mount --pid --fork --cgroup --uts --ipc --net --kill-child "
                     f"--propagation private sh {HERE}/boot.sh {self.folder}"],
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
        cls.earlier = cls.folder / "earlier"
        # The same programs as an earlier version: what is shown is the packages' way from one to the next. Programs of an
        # earlier release beside new ones are the suite `upgrade`.
        checked(SOURCE / "etc/package/build", SOURCE / "build/package", cls.earlier, "0.0.1")

    def test_lintian_has_nothing_to_say(self):
        told = run("lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning", *packages.glob("*.deb"))
        self.assertEqual((told.returncode, told.stdout), (0, ""))

    def test_the_unit_is_valid_and_exposes_little(self):
        machine = self.machine()
        machine.bring(package(packages, "integrationsd"), "/new/integrationsd.deb")
        self.install(machine, "/new/integrationsd.deb")
        told = machine.chroot("systemd-analyze", "verify", "--man=no", "integrationsd.service")
        self.assertEqual(told, "")
        exposure = machine.chroot("systemd-analyze", "security", "--offline=true", "--threshold=15", "integrationsd.service")
        self.assertIn("Overall exposure level", exposure)

    def test_install_configure_deliver_upgrade_remove_purge(self):
        machine = self.machine()
        machine.bring(package(self.earlier, "integrationsd"), "/earlier/integrationsd.deb")
        machine.bring(package(packages, "integrationsd"), "/new/integrationsd.deb")
        machine.bring(HERE / "proof.py", "/proof/proof.py")
        for unit in ("proof.service", "proof.target"):
            machine.bring(HERE / unit, f"/etc/systemd/system/{unit}")
        self.install(machine, "/earlier/integrationsd.deb")
        report = machine.boot()
        self.assertEqual(report["failure"], None, report["log"])
        self.assertEqual(report["done"], [
            "installed, not started", "configured", "started", "delivered, signed with systemd's credential",
            "upgraded under load", "nothing lost", "removed", "purged"])

    def test_the_sdk_is_complete_without_the_daemon(self):
        machine = self.machine()
        machine.bring(package(packages, "libopi-sdk-dev"), "/new/sdk.deb")
        machine.bring(SOURCE / "build/package/lib/plugins/webhook.so", "/new/webhook.so")
        self.install(machine, "/new/sdk.deb")
        told = machine.chroot("opi-plugin", "check", "/new/webhook.so", "--cases", "50")
        self.assertIn("secrets", told)
        machine.chroot("opi-plugin", "new", "siren", "--directory", "/siren")
        self.assertTrue((machine.root / "siren/manifest.json").exists())

    def machine(self) -> Machine:
        machine = Machine(pathlib.Path(tempfile.mkdtemp(dir=self.folder)))
        self.addCleanup(machine.close)
        return machine

    def install(self, machine: Machine, file: str) -> None:
        machine.bring(pathlib.Path("/etc/resolv.conf"), "/etc/resolv.conf")
        machine.chroot("apt-get", "update", "-qq")
        machine.chroot("apt-get", "install", "-y", "-qq", "--no-install-recommends", file)


def why_not() -> str | None:
    if os.geteuid() != 0:
        return "needs root: it mounts, and boots a systemd in namespaces"
    lacking = [tool for tool in ("debootstrap", "lintian", "dpkg-buildpackage", "unshare") if shutil.which(tool) is None]
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
