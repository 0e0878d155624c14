"""What the suites share: the build, manifests as they are applied, and test cases with folders and a cluster."""
import pathlib
import subprocess
import tempfile
import unittest

import parts
import yaml

BUILD: pathlib.Path = pathlib.Path()
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MANIFESTS = REPOSITORY / "etc/kubernetes"


def built(folder: str) -> list[dict]:
    """The objects of a folder below etc/kubernetes, as `kubectl apply -k` would send them."""
    text = subprocess.run([parts.kustomize(), "build", "--load-restrictor", "LoadRestrictionsNone", MANIFESTS / folder],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    return list(yaml.safe_load_all(text))


def object_of(objects: list[dict], kind: str, name: str = "integrationsd") -> dict:
    found = [one for one in objects if one["kind"] == kind and one["metadata"]["name"].startswith(name)]
    assert found, f"there is no {kind} {name}"
    return found[0]


def memory_folder():
    """A folder in memory, as the kubelet's volumes of Secrets are: there, files may be readable by everybody in the pod."""
    return tempfile.TemporaryDirectory(prefix="opi-volumes-", dir="/dev/shm")


class WithFolder(unittest.TestCase):
    """A fresh folder for the class; whatever it started is ended in the order of its undoing."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="opi-kubernetes-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        cls.folder.chmod(0o755)
        try:
            cls.prepare()
        except parts.Unavailable as reason:
            cls.doClassCleanups()
            raise unittest.SkipTest(str(reason)) from None

    @classmethod
    def prepare(cls):
        pass


class WithCluster(WithFolder):
    """A cluster of the class's own."""
    flags = ()

    @classmethod
    def prepare(cls):
        from cluster import Cluster
        cls.cluster = Cluster(cls.folder / "cluster", *cls.flags)
        cls.addClassCleanup(cls.cluster.end)
