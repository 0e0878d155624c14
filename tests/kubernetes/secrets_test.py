"""The daemon in production, signing from Secrets of a real API server with the rights that `kubernetes rbac` printed."""
import itertools
import json
import secrets
import threading
import base64

import processes
import scene
import yaml
from node import Node, ServiceAccountFolder, destination
from receiver import Receiver

NS = "acme-hooks"


def fresh() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class ClusterNode(scene.WithCluster):
    """A node whose provider is `kubernetes`, in a pod as far as it can tell."""

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.cluster.namespace("integrationsd")
        cls.cluster.namespace(NS)
        account = {"apiVersion": "v1", "kind": "ServiceAccount",
                   "metadata": {"name": "integrationsd", "namespace": "integrationsd"}}
        cls.cluster.apply(account)
        cls.account = ServiceAccountFolder(cls.folder / "account", cls.cluster.folder / "ca.crt", "integrationsd",
                                           cls.cluster.token("integrationsd", "integrationsd"))
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.end)
        cls.numbers, cls.destinations, cls.events = itertools.count(1), {}, itertools.count(1)
        cls.node = Node(scene.BUILD, cls.folder / "node",
                        {"secret_provider.kubernetes.access": "in_cluster", "secret_provider.kubernetes.ttl_seconds": "1",
                         "secret_provider.kubernetes.service_account_directory": str(cls.account.folder)},
                        cls.address())
        cls.node.provision([])
        cls.node.start()
        cls.addClassCleanup(cls.node.end)

    @classmethod
    def address(cls) -> dict:
        return {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(cls.cluster.port)}

    @classmethod
    def grant(cls) -> None:
        """By the operator's own steps: what `kubernetes rbac` prints is applied."""
        for one in yaml.safe_load_all(cls.node.control("kubernetes", "rbac")):
            cls.cluster.apply(one)

    def destination(self, name: str, granted: bool = True, key: str = "signing") -> str:
        """A new one that signs with this Secret; the type of its events."""
        number = next(self.numbers)
        kind = f"case.n{number}"
        self.destinations[number] = destination(number, self.receiver.url, f"k8s://{NS}/{name}/{key}", event_types=[kind])
        self.node.provision(list(self.destinations.values()))
        if granted:
            self.grant()
        return kind

    def send(self, kind: str, count: int = 1) -> list[str]:
        events = [f"event-{next(self.events)}" for _ in range(count)]
        self.node.publish(*events, kind=kind)
        return events

    def signed(self, event: str) -> set:
        return {by for one, by in self.receiver.requests() if one == event and by}

    def arrives(self, kind: str, secret: str, seconds: float = 60) -> None:
        """Of events that are sent one after the other, one is signed with the secret before long; then none is under way,
        which what the receiver knows next would meet."""
        sent = []

        def look():
            if not sent or self.signed(sent[-1]):
                sent.extend(self.send(kind))
            return any(secret in self.signed(event) for event in sent)
        processes.eventually(look, "an event is signed with the secret", seconds)
        processes.eventually(lambda: all(self.signed(event) for event in sent), "all of them arrived", seconds)

    def posture(self, name: str, key: str = "signing") -> dict:
        done = self.node.control_ended("secrets", "check", f"k8s://{NS}/{name}/{key}", "--tenant", "acme", "--json")
        return json.loads(done.stdout or done.stderr)

    def nothing_is_lost(self, count: int) -> None:
        """So many of them were delivered, and none was given up."""
        def settled():
            states = self.node.states()
            if states["dead_lettered"] + states["failed"] > 0:
                ended = [one for one in self.node.logged("delivery.attempt") if one["state"] in ("dead_lettered", "failed")]
                self.fail(f"{states}: " + "; ".join(
                    json.dumps(one) for one in self.node.logged("delivery.attempt")
                    if one["delivery"] in {end["delivery"] for end in ended}))
            return states["pending"] + states["retry_scheduled"] + states["delivering"] == 0 and states["delivered"] >= count
        processes.eventually(settled, "every delivery is delivered", 120)


class Secrets(ClusterNode):
    def secret(self, name: str, value: str, **more) -> str:
        self.receiver.accept(*self.receiver.accepted, value)
        self.cluster.put_secret(NS, name, "acme", signing=value, **more)
        return value

    def path(self, name: str) -> str:
        return f"/api/v1/namespaces/{NS}/secrets/{name}"

    def test_allowed(self):
        value = self.secret("allowed", fresh())
        self.arrives(self.destination("allowed"), value)

    def test_denied_without_a_role_and_delivered_once_it_is_there(self):
        value = self.secret("ungranted", fresh())
        kind = self.destination("ungranted", granted=False)
        event, = self.send(kind)
        processes.eventually(lambda: self.posture("ungranted")["posture"] == "denied", "it is told as denied")
        self.assertEqual(self.signed(event), set())
        self.grant()
        processes.eventually(lambda: value in self.signed(event), "it is delivered", 120)
        self.assertEqual({by for one, by in self.receiver.requests() if one == event}, {value}, "nothing went unsigned")

    def test_denied_for_whom_the_label_does_not_name(self):
        self.cluster.put_secret(NS, "foreign", "initech", signing=fresh())
        self.cluster.put_secret(NS, "unlabelled", None, signing=fresh())
        for name in ("foreign", "unlabelled"):
            self.destination(name)
            processes.eventually(lambda: self.posture(name)["posture"] == "denied", f"{name} is denied")

    def test_rotated(self):
        old = self.secret("rotated", fresh())
        kind = self.destination("rotated")
        self.arrives(kind, old)
        new = fresh()
        self.secret("rotated", new)
        self.arrives(kind, new)

    def test_a_receiver_that_knows_the_new_one_alone_costs_no_delivery(self):
        old = self.secret("at-once", fresh())
        kind = self.destination("at-once")
        self.arrives(kind, old)
        new = fresh()
        self.receiver.accept(*(self.receiver.accepted - {old}), new)
        self.cluster.put_secret(NS, "at-once", "acme", signing=new)
        events = self.send(kind, 20)
        processes.eventually(lambda: all(self.signed(event) == {new} for event in events), "each is signed with the new one")

    def test_two_keys_are_of_one_version(self):
        first = self.secret("pair", fresh())
        self.arrives(self.destination("pair"), first)
        self.assertEqual(self.posture("pair", "absent")["posture"], "missing")

    def test_deleted_and_made_again(self):
        old = self.secret("deleted", fresh())
        kind = self.destination("deleted")
        self.arrives(kind, old)
        self.cluster.must("DELETE", self.path("deleted"))
        # Not as missing: whether it is there is nothing that another tenant may be told.
        processes.eventually(lambda: self.posture("deleted")["posture"] == "denied", "it is told as denied")
        new = self.secret("deleted", fresh())
        self.arrives(kind, new, 120)

    def test_being_deleted_it_still_signs(self):
        value = fresh()
        held = self.cluster.secret(NS, "held", "acme", signing=value)
        held["metadata"]["finalizers"] = ["integrations.test/hold"]
        self.cluster.apply(held)
        self.receiver.accept(*self.receiver.accepted, value)
        kind = self.destination("held")
        self.arrives(kind, value)
        self.cluster.must("DELETE", self.path("held"))
        self.assertIn("deletionTimestamp", self.cluster.must("GET", self.path("held"))["metadata"])
        self.arrives(kind, value)
        self.assertEqual(self.posture("held")["posture"], "resolved")
        self.cluster.must("PATCH", self.path("held"), {"metadata": {"finalizers": None}}, "application/merge-patch+json")
        processes.eventually(lambda: self.posture("held")["posture"] == "denied", "it is gone")

    def test_an_immutable_one_is_replaced(self):
        old, new = fresh(), fresh()
        self.receiver.accept(*self.receiver.accepted, old, new)
        self.cluster.apply(self.cluster.secret(NS, "immutable", "acme", signing=old) | {"immutable": True})
        kind = self.destination("immutable")
        self.arrives(kind, old)
        self.cluster.must("DELETE", self.path("immutable"))
        self.cluster.apply(self.cluster.secret(NS, "immutable", "acme", signing=new) | {"immutable": True})
        self.arrives(kind, new, 120)

    def test_one_mebibyte(self):
        value = fresh()
        room = 1024 * 1024 - len(value)
        self.cluster.must("POST", f"/api/v1/namespaces/{NS}/secrets",
                          self.cluster.secret(NS, "large", "acme", signing=value, filler="x" * room))
        self.receiver.accept(*self.receiver.accepted, value)
        self.arrives(self.destination("large"), value)
        self.assertEqual(self.posture("large")["posture"], "resolved")
        self.assertNotEqual(self.posture("large", "filler")["posture"], "resolved")

    def test_an_old_value_is_replaced_under_load(self):
        old = fresh()
        self.secret("loaded", old)
        kind = self.destination("loaded")
        self.arrives(kind, old)
        sent, going = [], threading.Event()

        def load():
            while not going.wait(0.02):
                sent.extend(self.send(kind, 5))
        sender = threading.Thread(target=load)
        sender.start()
        for _ in range(5):
            new = fresh()
            self.secret("loaded", new)
            self.arrives(kind, new)
        going.set()
        sender.join()
        # From here on only the newest is accepted: what still comes with an older one is refused, and tried again.
        self.receiver.accept(*[one for one in self.receiver.accepted if one != old])
        self.arrives(kind, new)
        processes.eventually(lambda: all(self.signed(event) for event in sent), "every event arrives signed", 120)
        self.assertGreater(len(sent), 100)

    def test_zz_at_the_end_nothing_is_lost(self):
        self.nothing_is_lost(20)
        log = self.node.log.read_text() + (self.node.folder / "output").read_text()
        for value in self.receiver.accepted:
            self.assertNotIn(value.removeprefix("whsec_"), log)
