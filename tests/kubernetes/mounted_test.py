"""Secrets in volumes that the kubelet's own code writes, read by the provider and by the daemon."""
import base64
import json
import pathlib
import subprocess

import parts
import processes
import scene
from node import Node, destination
from receiver import Receiver
from secrets_test import fresh

READS, WRITES = 10_000, 1_000_000  # the writer is ended when the reader is done


class Volume:
    """A volume of the kubelet's."""

    def __init__(self, folder: pathlib.Path, pause_us: int = 0):
        folder.mkdir(parents=True)
        self.process = subprocess.Popen([parts.atomic_writer(), folder, str(pause_us)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def write(self, **files: str) -> None:
        """Contents by path; '__' for '/'."""
        self.say(" ".join(f"{path.replace('__', '/')}={content}" for path, content in files.items()))
        answer = self.process.stdout.readline().strip()
        if answer != "ok":
            raise AssertionError(answer)

    def write_file(self, path: str, content: str) -> None:
        """One file with any content."""
        self.write(**{path: "base64:" + base64.b64encode(content.encode()).decode()})

    def say(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.wait(30)


class Mounted(scene.WithFolder):
    @classmethod
    def prepare(cls):
        parts.atomic_writer()
        memory = scene.memory_folder()
        cls.addClassCleanup(memory.cleanup)
        cls.volumes = pathlib.Path(memory.name)
        cls.volumes.chmod(0o755)

    def volume(self, *below: str, pause_us: int = 0) -> Volume:
        made = Volume(self.volumes.joinpath(*below), pause_us)
        self.addCleanup(made.end)
        return made

    def race(self, root: pathlib.Path, volume: Volume, reads: int) -> dict:
        volume.say(f"race {WRITES}")
        read = subprocess.run(
            [scene.BUILD / "bin/opi-secret-reader", scene.BUILD / "lib/plugins/secrets_files.so", "files",
             json.dumps({"root": str(root), "ttl_seconds": 1}), "acme", "file://acme/pair/user", "user,password", str(reads)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertIsNone(volume.process.poll(), "the writer is at work")
        self.assertEqual(read.returncode, 0, read.stdout + read.stderr)
        return json.loads(read.stdout)

    def test_no_read_of_a_volume_of_one_secret_fails_or_mixes_versions(self):
        volume = self.volume("one", "acme", "pair")
        volume.write(user="user", password="password")
        found = self.race(self.volumes / "one", volume, READS)
        self.assertEqual((found["reads"], found["failed"], found["mixed"]), (READS, 0, 0))
        self.assertGreater(found["versions"], 100)

    def test_nor_of_a_volume_of_all_secrets(self):
        """As the CSI driver and projected volumes are: one link at the root for all of them."""
        volume = self.volume("all")
        volume.write(acme__pair__user="user", acme__pair__password="password")
        found = self.race(self.volumes / "all", volume, READS)
        self.assertEqual((found["reads"], found["failed"], found["mixed"]), (READS, 0, 0))
        self.assertGreater(found["versions"], 100)

    def test_the_daemon_signs_with_what_the_kubelet_wrote(self):
        volume, receiver, old, new = self.volume("daemon", "acme", "siem"), Receiver(), fresh(), fresh()
        self.addCleanup(receiver.end)
        volume.write(signing=old)
        node = Node(scene.BUILD, self.folder / "node", {"secret_provider.files.root": str(self.volumes / "daemon"),
                                                        "secret_provider.files.ttl_seconds": "1"})
        node.provision([destination(1, receiver.url, "file://acme/siem/signing")])
        self.addCleanup(node.end)
        node.start()
        receiver.accept(old, new)
        node.publish("first")
        processes.eventually(lambda: ("first", old) in receiver.requests(), "the first value signs")
        volume.write(signing=new)
        receiver.accept(new)
        node.publish("second")
        processes.eventually(lambda: ("second", new) in receiver.requests(), "the new value signs")
        node.provision([destination(1, receiver.url, "file://acme/siem/signing")])
        self.assertEqual(node.states()["dead_lettered"], 0)
