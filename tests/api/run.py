"""Runs the API's suites against the real daemon: run.py --store sqlite|postgres --build FOLDER [NAME...]"""
import argparse
import pathlib
import sys
import tempfile
import unittest

from api_test import ApiTest
from coverage_test import CoverageTest
from document import Document
from edges_test import EdgesTest
from faults_test import FaultsTest, PublishingTest
from http_api import Observed
from isolation_test import IsolationTest
from limits_test import FailedSignInsTest, MethodsTest, OutageTest, StrictDaemonTest
from roles_test import RolesTest
from sent_test import SentTest
from success_test import SuccessTest
from surroundings import Surroundings
from texts_test import TextsTest
from valid_calls import ValidCalls
from wire_test import WireTest
from world import World

# In this order: the last but one takes the store away, the last looks back at the run.
SUITES = [SuccessTest, SentTest, RolesTest, FaultsTest, PublishingTest, EdgesTest, TextsTest, WireTest,
          IsolationTest, MethodsTest, FailedSignInsTest, StrictDaemonTest, OutageTest, CoverageTest]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--store", choices=["sqlite", "postgres"], required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="*", help="only tests whose name contains one of these")
    arguments = parser.parse_args()
    repository = pathlib.Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory(prefix="opi-api-") as folder:
        surroundings = Surroundings(arguments.store, arguments.build.resolve(), pathlib.Path(folder))
        try:
            ApiTest.world = World(surroundings, Document(repository / "host" / "api" / "openapi.json"), Observed())
            ApiTest.valid = ValidCalls(ApiTest.world)
            CoverageTest.repository = repository
            loader = unittest.TestLoader()
            loader.testNamePatterns = [f"*{name}*" for name in arguments.names] or None
            suites = unittest.TestSuite(loader.loadTestsFromTestCase(suite) for suite in SUITES)
            result = unittest.TextTestRunner(verbosity=2).run(suites)
            clean = ApiTest.world.daemon.stop() == 0
            if not clean:
                print("integrationsd ended badly:", (surroundings.folder / "daemon" / "output").read_text())
        finally:
            surroundings.end()
    return 0 if result.wasSuccessful() and clean else 1


if __name__ == "__main__":
    sys.exit(main())
