"""What the suites have in common: one world, whose every answer is held against the document."""
import unittest

from http_api import Answer, Call, Caller
from valid_calls import ValidCalls
from world import OWNER, World


class ApiTest(unittest.TestCase):
    world: World  # set by run.py
    valid: ValidCalls

    @property
    def operations(self):
        return self.world.document.operations.values()

    def with_bodies(self):
        return (operation for operation in self.operations if operation.bodies)

    def ask(self, operation: str, call: Call, caller: Caller | None = None, **more) -> Answer:
        return self.world.api.ask(operation, call, caller or self.allowed(operation), **more)

    def allowed(self, operation_id: str, tenant: str = OWNER) -> Caller:
        """One who may do it."""
        operation = self.world.document.operations[operation_id]
        if operation.is_open:
            return Caller()
        if "tenant_admin" in operation.roles:
            return self.world.caller(tenant)
        return self.world.caller(tenant if operation.of_a_tenant else None, "system_admin")

    def expect(self, answer: Answer, status: int, code: str | None = None, field: str | None = None) -> None:
        told = answer.body.decode(errors="replace")[:500]
        self.assertEqual(answer.status, status, told)
        self.assertEqual(answer.code, code, told)
        if field is not None:
            self.assertIn(field, answer.fields, told)
