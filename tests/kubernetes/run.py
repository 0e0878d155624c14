"""Runs one of the cluster's suites: run.py --build FOLDER SUITE [NAME...]; the suites are the files *_test.py beside this."""
import argparse
import importlib
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path[:0] = [str(HERE), str(REPOSITORY / "tests/api")]

import parts  # noqa: E402 - by the path above

SKIPPED = 77  # for CTest: nothing of it ran


def in_environment() -> None:
    """Goes on as the Python that has the packages."""
    python = parts.python() / "bin/python"
    if pathlib.Path(sys.executable) != python:
        os.execv(python, [str(python), "-B", *sys.argv])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("suite")
    parser.add_argument("names", nargs="*", help="only tests whose name contains one of these")
    arguments = parser.parse_args()
    try:
        in_environment()
    except parts.Unavailable as reason:
        print(f"{arguments.suite}: skipped: {reason}")
        return SKIPPED
    suite = importlib.import_module(f"{arguments.suite}_test")
    import scene  # noqa: PLC0415 - in the environment alone
    scene.BUILD = arguments.build.resolve()
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in arguments.names] or None
    result = unittest.TextTestRunner(verbosity=2).run(loader.loadTestsFromModule(suite))
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    if not result.wasSuccessful():
        return 1
    return SKIPPED if result.testsRun == len(result.skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
