"""The commands of docs/kubernetes.md and docs/secret-stores.md, as they stand, by the real kubectl at a real API server.

No kubelet and no controllers are there. What the commands wait for of these is stood in for: `exec` runs our program beside
the cluster, and Controllers says of the Deployment what its controller would."""
import base64
import copy
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import threading

import parts
import processes
import scene
from node import Node, ServiceAccountFolder
from receiver import Receiver

sys.path.append(str(scene.REPOSITORY / "tests/docs"))
from run_document import script_of  # noqa: E402 - by the path above

SPACE = "/namespaces/integrationsd"
KUBECTL = """#!/bin/sh -e
real() { KUBECTL "$@"; }
case " $* " in
*" exec "*)
  for target in "$@"; do case $target in */*) break ;; esac; done
  real -n integrationsd get "$target" >/dev/null
  while [ "$1" != -- ]; do shift; done
  [ "$2" = integrationsctl ]
  shift 2
  exec CONTROL "$@" ;;
esac
real "$@"
"""


class Controllers:
    """Of a Deployment: a ReplicaSet for each of its pod templates, a pod with its token, and the status of one that has come up."""

    def __init__(self, cluster, account: ServiceAccountFolder):
        self.cluster, self.account, self.templates, self.going = cluster, account, [], threading.Event()
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def end(self) -> None:
        self.going.set()
        self.thread.join()

    def _work(self) -> None:
        while not self.going.wait(0.1):
            status, deployment = self.cluster.ask("GET", f"/apis/apps/v1{SPACE}/deployments/integrationsd")
            if status == 200:
                self._roll_out(deployment)

    def _roll_out(self, deployment: dict) -> None:
        template = deployment["spec"]["template"]
        if not self.templates or self.templates[-1] != template:
            self.templates.append(copy.deepcopy(template))
            self._replica_set(deployment, copy.deepcopy(template), str(len(self.templates)))
        generation, wanted = deployment["metadata"]["generation"], deployment["spec"]["replicas"]
        if deployment["status"].get("observedGeneration") != generation:
            counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
            deployment["status"] = {"observedGeneration": generation} | dict.fromkeys(counts, wanted)
            # 409: it has been changed meanwhile; the next look sees that.
            self.cluster.ask("PUT", f"/apis/apps/v1{SPACE}/deployments/integrationsd/status", deployment)

    def _replica_set(self, deployment: dict, template: dict, revision: str) -> None:
        template["metadata"]["labels"]["pod-template-hash"] = revision
        labels, named = template["metadata"]["labels"], {"name": f"integrationsd-{revision}", "namespace": "integrationsd"}
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "integrationsd", "controller": True,
                 "uid": deployment["metadata"]["uid"]}
        self.cluster.must("POST", f"/apis/apps/v1{SPACE}/replicasets", {
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": named | {"labels": labels, "ownerReferences": [owner],
                                 "annotations": {"deployment.kubernetes.io/revision": revision}},
            "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}})
        self.cluster.must("POST", f"/api/v1{SPACE}/pods", {
            "apiVersion": "v1", "kind": "Pod", "metadata": named | {"labels": labels}, "spec": template["spec"]})
        self.account.renew(self.cluster.token("integrationsd", "integrationsd"))


class Document(scene.WithCluster):
    @classmethod
    def prepare(cls):
        cls.kubectl = parts.kubectl()
        super().prepare()

    def run_blocks(self, document: str, control: str, environment: dict, *replaced: tuple[str, str]) -> pathlib.Path:
        """Where its commands ran."""
        here = self.folder / pathlib.Path(document).stem
        (here / "bin").mkdir(parents=True)
        shutil.copytree(scene.MANIFESTS, here / "examples")
        for name in ("role-id", "secret-id"):  # what whoever set up the vault gave
            (here / name).write_text("of the vault")
        keys = self.cluster.folder
        real = [str(self.kubectl), f"--server=https://127.0.0.1:{self.cluster.port}", f"--certificate-authority={keys}/ca.crt",
                f"--client-certificate={keys}/admin.crt", f"--client-key={keys}/admin.key", f"--cache-dir={here}/cache"]
        program = here / "bin/kubectl"
        program.write_text(KUBECTL.replace("KUBECTL", shlex.join(real)).replace("CONTROL", control))
        program.chmod(0o755)
        text = (scene.REPOSITORY / document).read_text()
        for old, new in replaced:
            self.assertIn(old, text)
            text = text.replace(old, new)
        script, blocks = script_of(text)
        self.assertGreater(blocks, 0)
        ended = subprocess.run(["bash", "--norc", "-c", script], cwd=here, stdin=subprocess.DEVNULL, text=True, timeout=600,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                               env=environment | {"PATH": f"{here}/bin:{os.environ['PATH']}", "HOME": str(here), "document": document})
        self.assertEqual(ended.returncode, 0, ended.stdout)
        return here

    def test_the_page_of_kubernetes(self):
        account = ServiceAccountFolder(self.folder / "account", self.cluster.folder / "ca.crt", "integrationsd", "")
        node = Node(scene.BUILD, self.folder / "node",
                    {"secret_provider.kubernetes.access": "in_cluster",
                     "secret_provider.kubernetes.service_account_directory": str(account.folder)},
                    {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.cluster.port)})
        self.addCleanup(node.end)
        receiver = Receiver()
        self.addCleanup(receiver.end)
        node.run()
        controllers = Controllers(self.cluster, account)
        self.addCleanup(controllers.end)
        control = shlex.join([str(node.programs / "integrationsctl"), "--config", str(node.configuration)])
        here = self.run_blocks("docs/kubernetes.md", control, node.environment,
                               ("https://git.example/oneprotect-integrations//etc/kubernetes/overlays/postgres?ref=v0.1.0",
                                "examples/overlays/postgres"),
                               ("/usr/share/doc/integrationsd/examples/kubernetes", "examples"),
                               ("https://siem.example/hooks", receiver.url))
        # What it comes to: the tenant's events are signed by the Secret as it was rotated, and the account may do no more.
        secret = self.cluster.must("GET", "/api/v1/namespaces/acme-hooks/secrets/siem")
        value = base64.b64decode(secret["data"]["signing"]).decode()
        self.assertEqual(secret["metadata"]["labels"], {"integrations.oneprotect.io/tenant": "acme"})
        receiver.accept(value)
        node.producer = (here / "token").read_text().strip()
        node.publish("first")
        processes.eventually(lambda: ("first", value) in receiver.requests(), "the event is signed", 120)
        processes.eventually(lambda: len(controllers.templates) == 3, "it was installed, started anew, and taken back")
        self.assertEqual(controllers.templates[0], controllers.templates[2])

    def test_the_page_of_secret_stores(self):
        self.cluster.namespace("integrations")
        self.cluster.put_secret("integrations", "hook", None, signing="x")
        self.run_blocks("docs/secret-stores.md", "false", dict(os.environ))
        self.assertEqual(self.cluster.must("GET", "/api/v1/namespaces/integrations/secrets/hook")["metadata"]["labels"],
                         {"integrations.oneprotect.io/tenant": "acme"})
