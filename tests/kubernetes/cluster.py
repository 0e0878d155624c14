"""A real API server and its etcd on loopback, with certificates of their own."""
import base64
import http.client
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import time

import parts
import processes

ISSUER = "https://kubernetes.default.svc"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
AUTHORITY = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj /CN=test-ca -days 2
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj "$2"
  printf '%s\\n' "$3" > $1.ext
  openssl x509 -req -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out $1.crt -extfile $1.ext
}
certificate server /CN=kube-apiserver 'subjectAltName=IP:127.0.0.1
extendedKeyUsage=serverAuth'
certificate admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
openssl genrsa -out account.key 2048
openssl rsa -in account.key -pubout -out account.pub
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def encoded(value: bytes | str) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()


class Cluster:
    def __init__(self, folder: pathlib.Path, *flags: str):
        self.folder, self.flags, self.programs = folder, flags, parts.kubernetes()
        folder.mkdir()
        subprocess.run(["sh", "-e", "-c", AUTHORITY], cwd=folder, check=True, stderr=subprocess.DEVNULL)
        self.port, self.etcd_port, self.peer_port = free_port(), free_port(), free_port()
        self.etcd = self.server = None
        self._start_etcd()
        self.start()

    def _start_etcd(self) -> None:
        client, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{self.peer_port}"
        with open(self.folder / "etcd.log", "ab") as log:
            self.etcd = processes.start(
                [self.programs / "etcd", "--data-dir", self.folder / "etcd", "--listen-client-urls", client,
                 "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                 "--initial-cluster", f"default={peer}", "--unsafe-no-fsync"], log)

    def start(self) -> None:
        with open(self.folder / "apiserver.log", "ab") as log:
            self.server = processes.start(
                [self.programs / "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self.etcd_port}",
                 "--bind-address=127.0.0.1", f"--secure-port={self.port}", "--advertise-address=127.0.0.1",
                 f"--tls-cert-file={self.folder}/server.crt", f"--tls-private-key-file={self.folder}/server.key",
                 f"--client-ca-file={self.folder}/ca.crt", f"--service-account-key-file={self.folder}/account.pub",
                 f"--service-account-signing-key-file={self.folder}/account.key", f"--service-account-issuer={ISSUER}",
                 "--service-cluster-ip-range=10.96.0.0/24", "--authorization-mode=RBAC", "--endpoint-reconciler-type=none",
                 *self.flags], log)
        processes.eventually(self._ready, "the API server is ready", 180)

    def _ready(self) -> bool:
        if self.server.poll() is not None:
            raise AssertionError((self.folder / "apiserver.log").read_text()[-3000:])
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def stop(self) -> None:
        self.server.terminate()
        self.server.wait(60)

    def end(self) -> None:
        for process in (self.server, self.etcd):
            if process and process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait(30)

    # --- asking it, as its administrator or with a token

    def ask(self, method: str, path: str, body=None, token: str | None = None, content_type="application/json"):
        """Status and body: an object, or text if it is none."""
        trust = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        if token is None:
            trust.load_cert_chain(self.folder / "admin.crt", self.folder / "admin.key")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=trust, timeout=90)  # beyond its own 60 s
        headers = {"Content-Type": content_type} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text.decode(errors="replace")

    def must(self, method: str, path: str, body=None, content_type="application/json"):
        status, answer = self.ask(method, path, body, content_type=content_type)
        if status not in (200, 201, 202):
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer

    def apply(self, manifest: dict, expected=True):
        """Server-side, as `kubectl apply --server-side` does."""
        version, kind = manifest["apiVersion"], manifest["kind"]
        base = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        found = next(one for one in self._resources(base) if one["kind"] == kind and "/" not in one["name"])
        space = f"/namespaces/{manifest['metadata']['namespace']}" if found["namespaced"] else ""
        path = f"{base}{space}/{found['name']}/{manifest['metadata']['name']}?fieldManager=test&force=true&fieldValidation=Strict"
        return self.must("PATCH", path, manifest, "application/apply-patch+yaml")

    def _resources(self, base: str) -> list:
        return processes.eventually(lambda: self.ask("GET", base)[0] == 200 and self.ask("GET", base)[1]["resources"],
                                    f"{base} is served")

    # --- what the tests need of it

    def namespace(self, name: str) -> None:
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def secret(self, namespace: str, name: str, tenant: str | None, **data) -> dict:
        labels = {"integrations.oneprotect.io/tenant": tenant} if tenant else {}
        return {"apiVersion": "v1", "kind": "Secret",
                "metadata": {"name": name, "namespace": namespace, "labels": labels},
                "data": {key: encoded(value) for key, value in data.items()}}

    def put_secret(self, namespace: str, name: str, tenant: str | None, **data) -> dict:
        return self.apply(self.secret(namespace, name, tenant, **data))

    def token(self, namespace: str, account: str, seconds: int = 3600) -> str:
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": seconds}}
        return self.must("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token", asked)["status"]["token"]

    def short_token(self, namespace: str, account: str, lives: int) -> str:
        """As the API server signs them; it issues none for less than ten minutes itself."""
        found = self.must("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}")
        now = int(time.time())
        claims = {"aud": [ISSUER], "exp": now + lives, "iat": now - 60, "nbf": now - 60, "iss": ISSUER,
                  "sub": f"system:serviceaccount:{namespace}:{account}",
                  "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account, "uid": found["metadata"]["uid"]}}}
        known = json.loads(base64.urlsafe_b64decode(self.token(namespace, account).split(".")[0] + "=="))
        text = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (known, claims))
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.folder / "account.key"], input=text.encode(),
                                stdout=subprocess.PIPE, check=True).stdout
        return text + "." + base64.urlsafe_b64encode(signed).rstrip(b"=").decode()
