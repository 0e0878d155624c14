import re
import unittest

from source_tree import ROOT

DOCUMENT = ROOT / "docs/security.md"
PROMISE = re.compile(r"^\| (?P<promise>[^|]+) \| `(?P<code>[^`|]+)` \| `(?P<test>[^`|]+)` \|$")


def promises(text):
    """The rows of the tables of promises: promise, code, test. A row of another form is a fault of its own."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("|") and not re.match(r"\|(-+\|)+$|\| promise \| code \| test \|$", line):
            yield number, PROMISE.match(line)


class Tests:
    """All tests of the tree, by the names that documents call them."""

    def __init__(self, root):
        self.names = set()
        for path in root.glob("tests/**/*.cpp"):
            for suite, name in re.findall(r"^(?:TEST|TEST_F|TEST_P|TYPED_TEST)\(\s*(\w+),\s*(\w+)\)", path.read_text(), re.M):
                self.names.add(f"{suite}.{name}")
        for path in root.glob("tests/**/*.py"):
            for name in re.findall(r"^    def (test_\w+)\(", path.read_text(), re.M):
                self.names.add(f"{path.name}::{name}")


def faults(text, root, tests):
    found = []
    for number, row in promises(text):
        if not row:
            found.append(f"line {number} is no promise with its code and its test")
            continue
        if not (root / row["code"]).is_file():
            found.append(f"line {number}: there is no file {row['code']}")
        if row["test"] not in tests.names:
            found.append(f"line {number}: there is no test {row['test']}")
    return found


class Promises(unittest.TestCase):
    def test_each_names_code_and_test_that_exist(self):
        text = DOCUMENT.read_text()
        self.assertEqual(faults(text, ROOT, Tests(ROOT)), [])
        self.assertGreater(len(list(promises(text))), 30)

    def test_what_is_missing_is_named(self):
        table = "| promise | code | test |\n|---|---|---|\n"
        self.assertEqual(
            faults(table + "| a | `host/nowhere.cpp` | `No.Test` |\n| b | c | d |\n", ROOT, Tests(ROOT)),
            ["line 3: there is no file host/nowhere.cpp", "line 3: there is no test No.Test",
             "line 4 is no promise with its code and its test"])


if __name__ == "__main__":
    unittest.main()
