"""The daemon and its confined plugins under containerd's own profile RuntimeDefault."""
import pathlib
import subprocess

import parts
import processes
import scene
from node import Node, destination
from receiver import Receiver
from secrets_test import fresh

# What the daemon confines plugins with.
NEEDED = {"seccomp", "prctl", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "pidfd_open", "ioctl",
          "mlock", "madvise", "openat2", "inotify_add_watch"}


class RuntimeDefault(scene.WithFolder):
    @classmethod
    def prepare(cls):
        if subprocess.run(["/usr/bin/python3", "-c", "import seccomp"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            raise parts.Unavailable("there is no python3-seccomp")

    def confined(self, series: str) -> list:
        """The beginning of a command that runs the rest of it under the profile."""
        calls = self.folder / f"calls-{series}"
        allowed = parts.runtime_default(series)
        self.assertLessEqual(NEEDED, set(allowed))
        self.assertNotIn("mount", allowed)
        calls.write_text("\n".join(allowed))
        return ["/usr/bin/python3", "-B", parts.PROGRAMS / "confined.py", calls]

    def deliver(self, name: str, *before: object) -> Node:
        receiver, value, secrets = Receiver(), fresh(), self.folder / f"{name}-secrets"
        self.addCleanup(receiver.end)
        file = secrets / "acme/siem/signing"
        file.parent.mkdir(parents=True)
        file.write_text(value)
        file.chmod(0o600)
        node = Node(scene.BUILD, self.folder / name, {"plugins.isolation": "process",
                                                      "secret_provider.files.root": str(secrets)}, before=before)
        self.addCleanup(node.end)
        node.provision([destination(1, receiver.url, "file://acme/siem/signing")])
        node.start()
        receiver.accept(value)
        node.publish("event")
        processes.eventually(lambda: ("event", value) in receiver.requests(), "the event is delivered, signed")
        return node

    def check(self, series: str) -> None:
        node = self.deliver(f"containerd-{series}", *self.confined(series))
        self.assertIn("Seccomp:\t2", pathlib.Path(f"/proc/{node.process.pid}/status").read_text(), "the daemon is under a filter")
        free = self.deliver(f"free-{series}")
        # The same kernel without the profile says the same of Landlock.
        self.assertEqual(len(node.logged("plugin.reads_files")), len(free.logged("plugin.reads_files")))
        self.assertEqual([line["plugin"] for line in node.logged("plugin.refused") if "plugin" in line],
                         [line["plugin"] for line in free.logged("plugin.refused") if "plugin" in line])

    def test_of_containerd_1_7(self):
        self.check("1.7")

    def test_of_containerd_2(self):
        self.check("2.x")
