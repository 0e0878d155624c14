"""`integrationsctl kubernetes rbac` and the manifests at a real API server."""
import json

import parts
import processes
import scene
import yaml
from cluster import RBAC
from node import Node, destination

REFERENCES = ["k8s://acme-hooks/siem/signing", "k8s://acme-hooks/123/key", "k8s://initech/null/key"]


class Access(scene.WithCluster):
    @classmethod
    def prepare(cls):
        super().prepare()
        for name in ("integrationsd", "acme-hooks", "initech"):
            cls.cluster.namespace(name)
        cls.node = Node(scene.BUILD, cls.folder / "node", {})
        cls.node.provision([destination(number, "https://receiver.example/hook", reference)
                            for number, reference in enumerate(REFERENCES, 1)])

    def apply_printed(self) -> list[dict]:
        objects = list(yaml.safe_load_all(self.node.control("kubernetes", "rbac")))
        for one in objects:
            self.cluster.apply(one)
        return objects

    def review(self, namespace: str, verb: str, name: str | None, resource: str = "secrets") -> bool:
        asked = {"namespace": namespace, "verb": verb, "resource": resource} | ({"name": name} if name else {})
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                "spec": {"user": "system:serviceaccount:integrationsd:integrationsd", "resourceAttributes": asked,
                         "groups": ["system:serviceaccounts", "system:serviceaccounts:integrationsd", "system:authenticated"]}}
        return self.cluster.must("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body)["status"]["allowed"]

    def listed(self) -> str:
        """As `kubectl get roles,rolebindings,clusterroles,clusterrolebindings -A -o json` does."""
        items = []
        for plural, kind in (("roles", "Role"), ("rolebindings", "RoleBinding"), ("clusterroles", "ClusterRole"),
                             ("clusterrolebindings", "ClusterRoleBinding")):
            items += [one | {"kind": kind} for one in self.cluster.must("GET", f"{RBAC}/{plural}")["items"]]
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})

    def check(self) -> tuple[int, dict]:
        done = self.node.control_ended("kubernetes", "rbac", "--check", "-", "--json", given=self.listed())
        return done.returncode, json.loads(done.stdout)

    def test_what_is_printed_allows_exactly_the_secrets_of_the_store(self):
        objects = self.apply_printed()
        self.assertEqual(objects, json.loads(self.node.control("kubernetes", "rbac", "--json"))["items"])
        processes.eventually(lambda: self.review("acme-hooks", "get", "siem"), "the Role is known")
        for namespace, name in (("acme-hooks", "siem"), ("acme-hooks", "123"), ("initech", "null")):
            self.assertTrue(self.review(namespace, "get", name))
            for verb in ("list", "watch", "update", "patch", "delete", "create"):
                self.assertFalse(self.review(namespace, verb, name), verb)
            self.assertFalse(self.review(namespace, "get", name, "configmaps"))
        for namespace, name in (("acme-hooks", "null"), ("acme-hooks", None), ("initech", "siem"),
                                ("integrationsd", "siem"), ("kube-system", "siem")):
            self.assertFalse(self.review(namespace, "get", name), (namespace, name))

    def test_the_check_tells_what_the_cluster_has_otherwise(self):
        self.apply_printed()
        self.assertEqual(self.check(), (0, {"holds": True, "missing": [], "beyond": []}))
        role = f"{RBAC}/namespaces/initech/roles/integrationsd-secrets"
        before = self.cluster.must("GET", role)
        wider = before | {"rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["other"], "verbs": ["get"]}]}
        self.cluster.must("PUT", role, wider | {"metadata": {"name": before["metadata"]["name"], "namespace": "initech"}})
        code, found = self.check()
        self.assertEqual((code, found["missing"]), (1, ["initech/null"]))
        self.assertEqual(found["beyond"], ["get of Secret initech/other, by Role initech/integrationsd-secrets"])
        self.apply_printed()

    def test_a_role_of_as_many_names_as_it_may_have_is_taken(self):
        names = [f"{number:04}" + "n" * 249 for number in range(4000)]
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
                "metadata": {"name": "largest", "namespace": "initech"},
                "rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": names, "verbs": ["get"]}]}
        self.cluster.must("POST", f"{RBAC}/namespaces/initech/roles", role)
        self.cluster.must("DELETE", f"{RBAC}/namespaces/initech/roles/largest")

    def test_the_api_server_takes_every_manifest(self):
        for source in ("external-secrets", "prometheus-operator"):
            try:
                for path in parts.crd(source):
                    self.cluster.apply(yaml.safe_load(path.read_text()))
            except parts.Unavailable as reason:
                self.skipTest(str(reason))
        objects = [one for folder in ("overlays/sqlite", "overlays/postgres", "samples/openbao-agent") for one in scene.built(folder)]
        objects.append(yaml.safe_load((scene.MANIFESTS / "components/service-monitor/service-monitor.yaml").read_text()))
        for file in ("secret/secret.yaml", "external-secrets/secret-store.yaml", "external-secrets/external-secret.yaml"):
            objects.append(yaml.safe_load((scene.MANIFESTS / "samples" / file).read_text()))
        for one in objects:
            with self.subTest(kind=one["kind"], name=one["metadata"]["name"]):
                self.cluster.apply(one)

    def test_the_pods_are_such_as_the_namespace_admits(self):
        for overlay in ("overlays/sqlite", "overlays/postgres", "samples/openbao-agent"):
            objects = scene.built(overlay)
            for kind in ("Namespace", "ServiceAccount"):
                self.cluster.apply(scene.object_of(objects, kind))
            template = scene.object_of(objects, "Deployment")["spec"]["template"]
            pod = {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
                   "metadata": {"name": "probe", "namespace": "integrationsd", "labels": template["metadata"]["labels"]}}
            create = "/api/v1/namespaces/integrationsd/pods?dryRun=All"
            self.cluster.must("POST", create, pod)
            # The namespace's rule is in force: as root it would be refused.
            pod["spec"]["containers"][0]["securityContext"] |= {"runAsUser": 0, "runAsNonRoot": False}
            status, answer = self.cluster.ask("POST", create, pod)
            self.assertEqual(status, 403, answer)

    def test_the_printed_account_is_the_one_of_the_base(self):
        """The base's ServiceAccount and the printed one are the same, so that either may be applied first."""
        shipped = scene.object_of(scene.built("overlays/sqlite"), "ServiceAccount")
        self.cluster.apply(shipped)
        printed = self.apply_printed()[0]
        for one in (printed, shipped):
            del one["metadata"]["labels"]
        self.assertEqual(printed, shipped)
        there = self.cluster.must("GET", "/api/v1/namespaces/integrationsd/serviceaccounts/integrationsd")
        self.assertIs(there["automountServiceAccountToken"], False)
