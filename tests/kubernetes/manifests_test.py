"""The manifests and samples of etc/kubernetes against the published schemas, without a cluster."""
import json
import re
import shutil
import subprocess

import jsonschema
import kubernetes_validate
import parts
import scene
import yaml

KUBERNETES = "1.37"
OVERLAYS = ("overlays/sqlite", "overlays/postgres", "samples/csi", "samples/openbao-agent")
CANCELLED_S = 5  # what drain_timeout_ms cut off may take
CONNECTING_S, HOSTS = 5, 5  # a session that is being opened, for each host of the database
SECRETS_S = 2  # for secret providers that do not come back

# The form that the driver documents for v1; its CRD is in no registry.
SECRET_PROVIDER_CLASS = {
    "type": "object", "required": ["apiVersion", "kind", "metadata", "spec"], "additionalProperties": False,
    "properties": {
        "apiVersion": {"const": "secrets-store.csi.x-k8s.io/v1"}, "kind": {"const": "SecretProviderClass"},
        "metadata": {"type": "object"},
        "spec": {"type": "object", "required": ["provider"], "additionalProperties": False, "properties": {
            "provider": {"type": "string", "minLength": 1},
            "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
            "secretObjects": {"type": "array"}}}}}


def settings_of(text: str) -> dict:
    found, section = {}, ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found[f"{section}.{name}"] = value
    return found


class Manifests(scene.WithFolder):
    @classmethod
    def prepare(cls):
        cls.objects = {overlay: scene.built(overlay) for overlay in OVERLAYS}
        program = scene.BUILD / "bin/integrationsd"
        printed = subprocess.run([program, "--print-config"], check=True, stdout=subprocess.PIPE, text=True).stdout
        cls.defaults = settings_of(printed)

    def pod(self, overlay: str) -> dict:
        return scene.object_of(self.objects[overlay], "Deployment")["spec"]["template"]["spec"]

    def test_each_object_is_as_kubernetes_has_it(self):
        for overlay, objects in self.objects.items():
            for one in objects:
                if one["apiVersion"].startswith("secrets-store.csi"):
                    jsonschema.validate(one, SECRET_PROVIDER_CLASS)
                    continue
                with self.subTest(overlay=overlay, kind=one["kind"]):
                    kubernetes_validate.validate(one, KUBERNETES, strict=True)

    def test_a_member_that_kubernetes_does_not_have_would_be_found(self):
        wrong = dict(scene.object_of(self.objects["overlays/sqlite"], "Deployment"), spce={})
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, KUBERNETES, strict=True)

    def test_samples_are_as_their_schemas_have_them(self):
        secret = yaml.safe_load((scene.MANIFESTS / "samples/secret/secret.yaml").read_text())
        kubernetes_validate.validate(secret, KUBERNETES, strict=True)
        samples = {"ExternalSecret": "external-secrets/external-secret.yaml", "SecretStore": "external-secrets/secret-store.yaml"}
        definitions = [yaml.safe_load(path.read_text()) for path in parts.crd("external-secrets")]
        for kind, file in samples.items():
            sample = yaml.safe_load((scene.MANIFESTS / "samples" / file).read_text())
            definition = next(one for one in definitions if one["spec"]["names"]["kind"] == kind)
            version = next(one for one in definition["spec"]["versions"] if sample["apiVersion"].endswith("/" + one["name"]))
            self.assertTrue(version["served"])
            jsonschema.validate(sample, version["schema"]["openAPIV3Schema"])
            jsonschema.validate(sample["spec"], version["schema"]["openAPIV3Schema"]["properties"]["spec"])

    def test_blocks_of_the_document_are_as_they_are_used(self):
        text = (scene.REPOSITORY / "docs/kubernetes.md").read_text()
        own, mounts = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        # An overlay of the operator's own, here over the folders of this tree.
        here = self.folder / "own"
        shutil.copytree(scene.MANIFESTS, self.folder / "kubernetes")
        here.mkdir()
        overlay = yaml.safe_load(own)
        overlay |= {"resources": ["../kubernetes/overlays/postgres"], "components": ["../kubernetes/components/service-monitor"]}
        (here / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
        objects = scene.built(here)
        image = scene.object_of(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"]
        self.assertEqual(image, "registry.example/integrationsd:0.1.0")
        self.assertTrue(scene.object_of(objects, "ServiceMonitor"))
        # A mounted Secret.
        parts_of_pod = yaml.safe_load(mounts)
        container = {"name": "c", "image": "c", "volumeMounts": parts_of_pod["volumeMounts"]}
        kubernetes_validate.validate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
                                      "spec": {"containers": [container], "volumes": parts_of_pod["volumes"]}},
                                     KUBERNETES, strict=True)

    def test_the_pod_waits_for_the_drain(self):
        for overlay, objects in self.objects.items():
            configuration = scene.object_of(objects, "ConfigMap")["data"]["integrationsd.conf"]
            settings = self.defaults | settings_of(configuration)
            drain = int(settings["general.drain_timeout_ms"]) / 1000 + CANCELLED_S + CONNECTING_S * HOSTS + SECRETS_S
            pod = self.pod(overlay)
            before = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
            self.assertGreaterEqual(pod["terminationGracePeriodSeconds"], before + drain, overlay)
        unit = (scene.REPOSITORY / "etc/integrationsd.service").read_text()
        stop = int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)[1])
        by_default = int(self.defaults["general.drain_timeout_ms"]) / 1000
        self.assertGreaterEqual(stop, by_default + CANCELLED_S + CONNECTING_S * HOSTS + SECRETS_S)

    def test_what_the_configuration_names_is_mounted(self):
        for overlay, objects in self.objects.items():
            settings = settings_of(scene.object_of(objects, "ConfigMap")["data"]["integrationsd.conf"])
            container = self.pod(overlay)["containers"][0]
            mounted = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
            self.assertEqual(container["args"], ["--config", "/etc/integrationsd/integrationsd.conf"])
            self.assertIn({"name": "INTEGRATIONSCTL_CONFIG", "value": container["args"][1]}, container["env"])
            self.assertIn("/etc/integrationsd", mounted)
            for key in ("audit.signing_key_file", "store.postgres_connection_file", "secret_provider.files.root"):
                if key in settings:
                    self.assertTrue(any(settings[key].startswith(path) for path in mounted), f"{overlay}: {key}")
            # Below the volume: what kubelet makes belongs to root and is open to the group.
            state = settings["general.state_directory"]
            self.assertIn(state.rpartition("/")[0], mounted)
            self.assertFalse(mounted[state.rpartition("/")[0]].get("readOnly"))

    def test_the_agent_of_the_sample_is_let_out_and_its_files_are_taken(self):
        objects, text = self.objects["samples/openbao-agent"], (scene.MANIFESTS / "samples/openbao-agent/agent.hcl").read_text()
        settings = settings_of(scene.object_of(objects, "ConfigMap")["data"]["integrationsd.conf"])
        agent, = self.pod("samples/openbao-agent")["initContainers"]
        self.assertEqual(json.loads(settings["secret_provider.files.owner_uids"]), [agent["securityContext"]["runAsUser"]])
        self.assertIn(f'destination = "{settings["secret_provider.files.root"]}/acme/siem/signing"', text)
        mounts = {mount["name"]: mount["mountPath"] for mount in agent["volumeMounts"]}
        # Below the volume, whose own folder the pod's group may write.
        self.assertTrue(settings["secret_provider.files.root"].startswith(mounts["rendered"] + "/"))
        self.assertEqual(agent["command"][-1], f"-config={mounts['agent']}/agent.hcl")
        port = int(re.search(r'address = "https://vault.example:(\d+)"', text)[1])
        rules = scene.object_of(objects, "NetworkPolicy")["spec"]["egress"]
        self.assertIn({"ports": [{"port": port, "protocol": "TCP"}]}, rules)

    def test_services_find_the_pods_and_their_ports(self):
        for overlay, objects in self.objects.items():
            template = scene.object_of(objects, "Deployment")["spec"]["template"]
            ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
            for service in (one for one in objects if one["kind"] == "Service"):
                self.assertLessEqual(service["spec"]["selector"].items(), template["metadata"]["labels"].items(), overlay)
                self.assertLessEqual({port["targetPort"] for port in service["spec"]["ports"]}, ports)
            policy = scene.object_of(objects, "NetworkPolicy")["spec"]
            allowed = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
            self.assertLessEqual(allowed, ports)

    def test_each_configuration_is_one_that_the_daemon_takes(self):
        for overlay, objects in self.objects.items():
            text = scene.object_of(objects, "ConfigMap")["data"]["integrationsd.conf"]
            here = self.folder / overlay.replace("/", "-")
            here.mkdir()
            (here / "connection").write_text("host=db.example dbname=integrations")
            text = re.sub(r"^postgres_connection_file=.*", f"postgres_connection_file={here}/connection", text, flags=re.M)
            text += f"[plugins]\ndirectory={scene.BUILD}/lib/plugins\n"
            (here / "conf").write_text(text)
            checked = subprocess.run([scene.BUILD / "bin/integrationsd", "--config", here / "conf", "--check-config"],
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            self.assertEqual(checked.returncode, 0, f"{overlay}: {checked.stdout}")
