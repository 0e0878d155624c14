"""Whether the run has seen everything that the document promises. Comes last."""
import pathlib
import re

from api_test import ApiTest

# How problems get their codes in the sources.
CODE = re.compile(r'(?:make\(\d{3}|conflict\(|\.code =|[{(]\s*\d{3})\s*,?\s*"([a-z-]+)"')


# What only a test that cuts the database's answers off can provoke, and where it is.
ELSEWHERE = {"commit-in-doubt": ("tests/system/failover_test.cpp", "TEST(InDoubt, ProducersAreTold")}


class CoverageTest(ApiTest):
    repository: pathlib.Path  # set by run.py

    def test_every_documented_status_of_every_operation_was_seen(self):
        unseen = {operation.id: sorted(missing) for operation in self.operations
                  if (missing := operation.documented - self.world.observed.statuses[operation.id])}
        self.assertEqual(unseen, {})

    def test_every_documented_code_was_seen(self):
        self.assertEqual(self.world.observed.codes, self.world.document.problem_codes - ELSEWHERE.keys())

    def test_what_is_seen_elsewhere_is_seen_there(self):
        for file, test in ELSEWHERE.values():
            self.assertIn(test, (self.repository / file).read_text())

    def test_the_document_knows_every_code_of_the_sources(self):
        sources = "".join(file.read_text() for file in (self.repository / "host" / "api").glob("*.cpp"))
        self.assertEqual(set(CODE.findall(sources)), self.world.document.problem_codes)

    def test_the_guide_knows_every_code(self):
        guide = (self.repository / "docs" / "console-api.md").read_text()
        missing = {code for code in self.world.document.problem_codes if f"`{code}`" not in guide}
        self.assertEqual(missing, set())
