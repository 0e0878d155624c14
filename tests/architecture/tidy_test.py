import pathlib
import tempfile
import unittest

import tidy
from source_tree import ROOT


class Tidiness(unittest.TestCase):
    def test_the_tree_keeps_the_rules(self):
        self.assertEqual(tidy.check(ROOT), [])


class UntidyFiles(unittest.TestCase):
    """The check can fail: each rule against a file that breaks it, and at its edge."""

    def faults(self, name, content):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            path = root / name
            path.parent.mkdir(parents=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            return tidy.check(root)

    def test_long_files(self):
        self.assertEqual(self.faults("host/x/a.cpp", "\n" * 400), [])
        self.assertEqual(self.faults("host/x/a.cpp", "\n" * 401), ["host/x/a.cpp:401: has more than 400 lines"])
        self.assertEqual(self.faults("tests/x/a.cpp", "\n" * 401), [])

    def test_headers_without_a_guard(self):
        self.assertEqual(self.faults("host/x/a.hpp", "int x;\n"), ["host/x/a.hpp:1: lacks #pragma once"])
        self.assertEqual(self.faults("sdk/x/a.h", "int x;\n"), ["sdk/x/a.h:1: lacks an include guard"])
        self.assertEqual(self.faults("sdk/x/a.h", "#ifndef OPI_ABI_H\n#endif\n"), [])

    def test_lines(self):
        found = self.faults("plugins/x/a.cpp", "int x;\t\nint y; \nint z;\r\n// TO" + "DO later\n")
        self.assertEqual(found, ["plugins/x/a.cpp:1: holds a tab", "plugins/x/a.cpp:2: ends with blanks",
                                 "plugins/x/a.cpp:3: ends with blanks", "plugins/x/a.cpp:4: holds a TO" + "DO"])

    def test_the_end_of_a_file(self):
        self.assertEqual(self.faults("etc/x/a.conf", "a"), ["etc/x/a.conf:1: does not end with a newline"])

    def test_paths_of_somebodys_machine(self):
        for path in ("/wo" + "rk/x", "/ho" + "me/jo/x", "${PROJECT_SOURCE_" + "DIR}/../x"):
            self.assertEqual(self.faults("host/x/a.cpp", f"f({path});\n"),
                             ["host/x/a.cpp:1: names a path outside the repository"])
        self.assertEqual(self.faults("host/x/a.cpp", "// see docs/wo" + "rk/x and https://h/ho" + "me/x\n"), [])

    def test_bytes_that_are_not_text(self):
        self.assertEqual(self.faults("host/x/a.cpp", b"\xff\n"), ["host/x/a.cpp:1: is not UTF-8 (invalid start byte)"])

    def test_names_that_say_nothing(self):
        self.assertEqual(self.faults("host/x/json_utils.cpp", ""),
                         ["host/x/json_utils.cpp:1: is named by nothing in particular"])
        self.assertEqual(self.faults("host/x/uncommon.cpp", ""), [])

    def test_locks(self):
        self.assertEqual(self.faults("host/x/a.hpp", "#pragma once\nstd::mutex m;\n"),
                         ["host/x/a.hpp:2: has a lock that clang does not check; see foundation/mutex.hpp"])
        self.assertEqual(self.faults("host/foundation/a.cpp", "std::shared_mutex m;\n"), [])
        self.assertEqual(self.faults("tests/x/a.cpp", "std::unique_lock lock(m);\n"), [])

    def test_links(self):
        self.assertEqual(self.faults("docs/x/a.md", "[a](a.md) [b](https://b/c)\n[c](c.md#d) [e](../../../e)\n"),
                         ["docs/x/a.md:2: links to c.md, which is not there",
                          "docs/x/a.md:2: links out of the repository (../../../e)"])


if __name__ == "__main__":
    unittest.main()
