"""The shipped configuration in what a pod is: user and group 10001, volumes as the kubelet makes them for fsGroup."""
import os
import pathlib
import shutil
import subprocess

import parts
import processes
import scene
import yaml
from mounted_test import Volume
from node import Node, ServiceAccountFolder, destination
from receiver import Receiver
from secrets_test import NS, fresh

GROUP = 10001


def owned_as_for_fs_group(folder: pathlib.Path, writable: bool, default_mode: int | None = None) -> None:
    """What the kubelet does to a volume: the group gets it, reads it and, if it is no Secret, writes it."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink():
            os.lchown(path, 0, GROUP)
            continue
        os.chown(path, 0, GROUP)
        mode = default_mode if default_mode is not None and path.is_file() else path.stat().st_mode & 0o777
        path.chmod(mode | (0o660 if writable else 0o440) | (0o2110 if path.is_dir() else 0))


class PodNode(Node):
    """One whose configuration is the overlay's, with its places moved."""

    def __init__(self, build, folder: pathlib.Path, text: str, environment: dict):
        super().__init__(build, folder, {}, environment,
                         ("setpriv", f"--reuid={GROUP}", f"--regid={GROUP}", f"--groups={GROUP}", "--inh-caps=-all", "--bounding-set=-all"))
        self.configuration.write_text(text)
        self.configuration.chmod(0o644)  # as of a ConfigMap
        self.log = folder / "output"

    def control_ended(self, *command, given: str = ""):
        # As `kubectl exec` runs it: the pod's user.
        return subprocess.run([*self.before, self.programs / "integrationsctl", "--config", self.configuration, *map(str, command)],
                              input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment, check=False)


class Pod(scene.WithCluster):
    @classmethod
    def prepare(cls):
        if os.geteuid() != 0:
            raise parts.Unavailable("volumes of a pod are made by root")
        parts.atomic_writer()
        super().prepare()
        # Plugins that belong to root, as in the image; the state is the pod user's.
        cls.plugins = cls.folder / "plugins"
        cls.plugins.mkdir()
        for name in ("webhook.so", "secrets_kubernetes.so"):
            shutil.copy(scene.BUILD / "lib/plugins" / name, cls.plugins)

    def test_the_shipped_configuration_signs_from_a_secret_and_starts_again(self):
        for name in ("integrationsd", NS):
            self.cluster.namespace(name)
        objects = scene.built("overlays/sqlite")
        self.cluster.apply(scene.object_of(objects, "ServiceAccount"))
        account = ServiceAccountFolder(self.folder / "account", self.cluster.folder / "ca.crt", "integrationsd",
                                       self.cluster.token("integrationsd", "integrationsd"))
        owned_as_for_fs_group(account.folder, writable=False)
        memory = pathlib.Path(self.enterContext(scene.memory_folder()))
        memory.chmod(0o755)
        key = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], stdout=subprocess.PIPE, check=True, text=True).stdout
        audit = Volume(memory / "audit")
        self.addCleanup(audit.end)
        audit.write_file("audit-signing-key.pem", key)
        pod = scene.object_of(objects, "Deployment")["spec"]["template"]["spec"]
        mounted = next(one["secret"] for one in pod["volumes"] if one["name"] == "audit-key")
        owned_as_for_fs_group(memory / "audit", writable=False, default_mode=mounted["defaultMode"])
        volume = self.folder / "volume"
        (volume / "lost+found").mkdir(parents=True)
        owned_as_for_fs_group(volume, writable=True)
        (volume / "lost+found").chmod(0o700)

        text = scene.object_of(objects, "ConfigMap")["data"]["integrationsd.conf"]
        for old, new in (("/var/lib/integrationsd", volume), ("/run/secrets/integrationsd/audit", memory / "audit"),
                         ("address=0.0.0.0", "address=127.0.0.1\nport=0")):
            self.assertIn(old, text)
            text = text.replace(old, str(new))
        # The receiver and the API server of this test are on loopback, and the account's folder is no pod's.
        text += (f"service_account_directory={account.folder}\n[plugins]\ndirectory={self.plugins}\n[egress]\nallow=127.0.0.0/8\n")
        node = PodNode(scene.BUILD, self.folder / "node", text,
                       {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.cluster.port)})
        self.addCleanup(node.end)
        receiver, value = Receiver(), fresh()
        self.addCleanup(receiver.end)
        receiver.accept(value)
        self.cluster.put_secret(NS, "siem", "acme", signing=value)
        node.provision([destination(1, receiver.url, f"k8s://{NS}/siem/signing")])
        for one in yaml.safe_load_all(node.control("kubernetes", "rbac")):
            self.cluster.apply(one)
        for event in ("first", "second"):  # a pod after the other on the same volume
            node.start()
            node.publish(event)
            processes.eventually(lambda name=event: (name, value) in receiver.requests(), f"the {event} event is signed")
            node.end()
            node.log.unlink()
        state = volume / "state"
        self.assertEqual((state.stat().st_mode & 0o777, state.stat().st_uid), (0o700, GROUP))
