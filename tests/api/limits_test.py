"""What the server refuses whatever is asked: methods, heads, slow and many requests; and when its store is away."""
import contextlib
import re
import socket
import time

from api_test import ApiTest
from http_api import Answer, Api, Caller, request
from surroundings import Daemon
from world import OWNER


class MethodsTest(ApiTest):
    problem = {"$ref": "#/components/schemas/Problem"}

    def test_other_methods_are_told_which_ones_there_are(self):
        there = {}
        for operation in self.operations:
            there.setdefault(operation.base + operation.path, set()).add(operation.method)
        token = {"Authorization": f"Bearer {self.world.system_token}"}
        for path, methods in there.items():
            # What answers GET answers HEAD.
            known = methods | ({"HEAD"} if "GET" in methods else set())
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"} - known:
                with self.subTest(method=method, path=path):
                    target = re.sub(r"{\w+}", "1", path)
                    answer = request(self.world.api.port, method, target, token, None)
                    self.assertEqual(answer.status, 405)
                    self.assertEqual(sorted(answer.headers["allow"].split(", ")), sorted(methods))
                    if method != "HEAD":
                        self.assertEqual(answer.code, "method-not-allowed")
                        self.assertEqual(self.world.document.schema_faults(self.problem, answer.json), [])
                        self.world.observed.note(None, answer, None)

    def test_head_is_get_without_its_body(self):
        token = {"Authorization": f"Bearer {self.world.system_token}"}
        target = self.world.document.base + "/tenants"
        shown, head = (request(self.world.api.port, method, target, token, None) for method in ("GET", "HEAD"))
        self.assertEqual(head.status, 200)
        self.assertEqual(head.headers["content-type"], shown.headers["content-type"])
        self.assertEqual(head.body, b"")

    def test_other_paths_are_not_found(self):
        for path in ("/api/v1", "/api/v1/", "/api/v2/tenants", "/api/v1/destinations/1:explode", "/metrics"):
            answer = request(self.world.api.port, "GET", path, {}, None)
            self.expect(answer, 404, "not-found")

    def test_large_heads(self):
        answer = self.ask("getSession", self.valid.of("getSession", OWNER).having(headers={"X-Padding": "x" * 9000}))
        self.expect(answer, 431, "head-too-large")

    def test_who_signs_in_says_how_long_the_body_is(self):
        call = self.valid.of("signIn", OWNER).having(headers={"Transfer-Encoding": "chunked"})
        self.expect(self.ask("signIn", call), 411, "length-required")


class FailedSignInsTest(ApiTest):
    def test_who_guesses_is_told_to_wait(self):
        caller = Caller("opi_" + "A" * 43, address="127.0.2.1")
        codes = {self.ask("getSession", self.valid.of("getSession", OWNER), caller).code for _ in range(20)}
        self.assertEqual(codes, {"unauthenticated", "too-many-requests"})
        neighbour = Caller(self.world.tokens[OWNER, "auditor"], address="127.0.2.1")
        self.expect(self.ask("getSession", self.valid.of("getSession", OWNER), neighbour), 200)


class StrictDaemonTest(ApiTest):
    """A daemon beside the other one that allows next to nothing."""
    connections = 2
    daemon: Daemon

    @classmethod
    def setUpClass(cls):
        surroundings = cls.world.surroundings
        own_store = {} if surroundings.cluster else {"store__sqlite_path": surroundings.folder / "strict.sqlite"}
        cls.daemon = surroundings.daemon("strict", api__requests_per_second="1", api__request_burst="1",
                                         api__max_connections=str(cls.connections), api__head_timeout_ms="1000",
                                         api__body_timeout_ms="1000", **own_store)
        cls.api = Api(cls.world.document, cls.world.observed, cls.daemon.port)
        cls.token = surroundings.system_token(**own_store)
        cls.calls = {operation: cls.valid.of(operation, OWNER) for operation in cls.world.document.operations}

    @classmethod
    def tearDownClass(cls):
        assert cls.daemon.stop() == 0

    def strictly(self, operation: str, **more) -> Answer:
        return self.api.ask(operation, self.calls[operation], Caller(self.token), **more)

    def test_more_requests_than_allowed(self):
        for operation in self.operations:
            if 429 in operation.documented:
                with self.subTest(operation=operation.id):
                    codes = {self.strictly(operation.id).code for _ in range(3)}
                    self.assertIn("too-many-requests", codes)

    def beside_idle_connections(self, operation: str) -> Answer:
        # Which ones the daemon counts is its business: it ends those that idle for too long, and learns late of closed
        # ones.
        for _ in range(10):
            with contextlib.ExitStack() as idle:
                for _ in range(self.connections):
                    idle.enter_context(socket.create_connection(("127.0.0.1", self.daemon.port)))
                answer = self.strictly(operation)
            if answer.status == 503:
                break
        return answer

    def test_more_connections_than_allowed(self):
        for operation in self.operations:
            with self.subTest(operation=operation.id):
                self.expect(self.beside_idle_connections(operation.id), 503, "unavailable")

    def test_bodies_that_do_not_come(self):
        time.sleep(1.1)  # until one request is allowed again
        self.expect(self.strictly("createTenant", announced=100_000), 408, "request-timeout")


class OutageTest(ApiTest):
    def test_a_store_that_makes_no_sense(self):
        self.world.surroundings.sql("ALTER TABLE integration_delivery_rollup RENAME TO somewhere_else")
        try:
            self.expect(self.ask("getDeliveryHealth", self.valid.of("getDeliveryHealth", OWNER)), 500, "internal")
        finally:
            self.world.surroundings.sql("ALTER TABLE somewhere_else RENAME TO integration_delivery_rollup")
        self.expect(self.ask("getDeliveryHealth", self.valid.of("getDeliveryHealth", OWNER)), 200)

    def test_a_store_that_is_away(self):
        cluster = self.world.surroundings.cluster
        if cluster is None:
            return  # SQLite is never away
        calls = {operation.id: self.valid.of(operation.id, OWNER) for operation in self.operations}
        cluster.stop()
        time.sleep(5.1)  # for so long a token is believed without a look
        for operation in self.operations:
            with self.subTest(operation=operation.id):
                answer = self.ask(operation.id, calls[operation.id])
                self.expect(answer, *((200, None) if operation.id == "getOpenApi" else (503, "unavailable")))
        cluster.start()
        for operation in ("listDestinations", "listDeliveries", "listTokens"):
            with self.subTest(operation=operation):
                self.expect(self.ask(operation, calls[operation]), 200)
