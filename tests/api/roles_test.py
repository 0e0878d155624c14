"""Every operation by everybody: the permission table, cell by cell, at the real server."""
from api_test import ApiTest
from http_api import Caller
from world import OWNER, ROLES


class RolesTest(ApiTest):
    def columns(self) -> dict[str, tuple[str | None, Caller]]:
        """Who -> the role, and how it comes."""
        world = self.world
        columns = {role: (role, world.caller(OWNER, role)) for role in ROLES}
        columns["system_admin with a tenant"] = ("system_admin", Caller(world.system_token, OWNER))
        columns["system_admin without one"] = ("system_admin", Caller(world.system_token))
        columns["nobody"] = (None, Caller())
        columns["a revoked token"] = (None, Caller(world.issue(OWNER, "tenant_admin")))
        return columns

    @staticmethod
    def expected(operation, role, caller) -> tuple[int, str | None]:
        """Status and code by the table that the document carries and a unit test holds against the daemon's."""
        if operation.is_open and operation.id != "signIn":
            return operation.success, None
        if role is None:
            return 401, "unauthenticated"
        if role not in operation.roles:
            return 403, "forbidden"
        if operation.of_a_tenant and role == "system_admin" and caller.tenant is None:
            return 400, "bad-request"
        return operation.success, None

    def test_everybody_may_do_exactly_what_the_table_says(self):
        columns = self.columns()
        revoked = columns["a revoked token"][1]
        session_of_the_revoked = self.world.session(revoked)
        self.world.succeed("revokeToken", OWNER, path={"prefix": revoked.token[:12]})
        for number, operation in enumerate(self.operations):
            refused_call = self.valid.of(operation.id, OWNER)
            for name, (role, caller) in columns.items():
                expected, code = self.expected(operation, role, caller)
                with self.subTest(operation=operation.id, who=name):
                    call = self.valid.of(operation.id, OWNER) if code is None else refused_call
                    if caller is revoked:
                        # Each from another address, or the failures would be too many.
                        comes = Caller(revoked.token, address=f"127.0.1.{number}")
                        if operation.id == "signOut":
                            comes = session_of_the_revoked
                    else:
                        comes = self.valid.as_sent_by(operation.id, caller)
                    self.expect(self.ask(operation.id, call, comes), expected, code)

    def test_whoever_is_signed_in_changes_things_with_the_csrf_token_alone(self):
        for operation in self.operations:
            if not operation.takes("header", "X-CSRF-Token"):
                continue
            with self.subTest(operation=operation.id):
                session = self.world.session(self.allowed(operation.id))
                call = self.valid.of(operation.id, OWNER)
                for csrf in (None, "A" * 43):
                    forged = Caller(cookie=session.cookie, csrf=csrf, tenant=session.tenant)
                    self.expect(self.ask(operation.id, call, forged), 403, "csrf")
                self.expect(self.ask(operation.id, call, session), operation.success)

    def test_whoever_is_signed_in_reads_with_the_cookie_alone(self):
        session = self.world.session(self.world.caller(OWNER, "auditor"))
        reader = Caller(cookie=session.cookie)
        for operation in self.operations:
            if operation.method == "GET" and "auditor" in operation.roles:
                with self.subTest(operation=operation.id):
                    self.expect(self.ask(operation.id, self.valid.of(operation.id, OWNER), reader), 200)

    def test_tokens_of_tenants_and_of_the_installation_do_not_mix(self):
        for tenant, role in ((OWNER, "system_admin"), ("_system", "auditor")):
            call = self.valid.of("issueToken", OWNER).having(body={"role": role})
            answer = self.ask("issueToken", call, Caller(self.world.system_token, tenant))
            self.expect(answer, 403, "forbidden", "role")
        call = call.having(body={"role": "system_admin"})
        self.expect(self.ask("issueToken", call, Caller(self.world.system_token, "_system")), 201)
