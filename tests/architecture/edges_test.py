import unittest

import include_edges
from source_tree import FIXTURES, ROOT

TABLE = include_edges.table_from_text(ROOT / "tests/architecture/edges.txt")


class ModuleEdges(unittest.TestCase):
    def test_every_include_of_the_host_is_on_the_table(self):
        self.assertEqual(include_edges.check(ROOT, TABLE), [])

    def test_every_module_folder_is_on_the_table(self):
        modules = {p.name for p in (ROOT / "host").iterdir() if p.is_dir()} - {"cmake", "console"} | {"tool"}
        self.assertEqual(modules - set(TABLE), set())
        self.assertEqual(set(TABLE) - modules, set())

    def test_the_table_has_no_cycle(self):
        self.assertEqual(include_edges.cycles(TABLE), [])
        self.assertEqual(include_edges.cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}), ["a", "b", "c"])

    def test_nobody_knows_the_composition_roots(self):
        for module, allowed in TABLE.items():
            self.assertFalse(allowed & {"daemon", "ctl", "tool"}, module)

    def test_the_documented_table_is_the_one_that_is_checked(self):
        document = ROOT / "docs/architecture.md"
        if not document.exists():
            self.skipTest("docs/architecture.md is not written yet")
        documented = include_edges.table_from_markdown(document.read_text())
        self.assertIsNotNone(documented, "docs/architecture.md has no table of `module` and `may include`")
        self.assertEqual(documented, TABLE)

    def test_a_documented_table_is_read(self):
        text = "| module | holds | may include |\n|---|---|---|\n| `a/` | x | nothing of ours |\n| `b/` | y | a |\n"
        self.assertEqual(include_edges.table_from_markdown(text), {"a": set(), "b": {"a"}})
        self.assertEqual(include_edges.table_from_markdown(include_edges.markdown_of(TABLE)), TABLE)
        self.assertIsNone(include_edges.table_from_markdown("| x | y |\n|---|---|\n"))


class ForbiddenEdges(unittest.TestCase):
    """The check can fail: a fixture tree holds one forbidden thing of every kind."""

    def test_each_is_named_with_its_place(self):
        found = include_edges.check(FIXTURES / "edges", TABLE)
        expected = [
            "host/api/calls_sqlite.cpp:2: api may not include sqlite (sqlite/connection.hpp)",
            "host/api/calls_sqlite.cpp:3: only postgres, sqlite may include Poco/Data/ (Poco/Data/Session.h)",
            "host/delivery/calls_api.hpp:3: delivery may not include api (api/http_server.hpp)",
            "host/delivery/calls_api.hpp:4: delivery/../api/problem.hpp leaves its folder",
            "host/delivery/calls_api.hpp:5: runtimes/x.hpp is of no module in the table of edges",
            "host/delivery/uses_asio.cpp:1: only daemon, egress, runtime may include boost/asio (boost/asio.hpp)",
            "host/delivery/uses_asio.cpp:2: only plugins may include boost/dll (boost/dll.hpp)",
            "host/delivery/uses_asio.cpp:3: only sqlite may include sqlite3.h (sqlite3.h)",
            "host/domain/uses_boost.hpp:2: domain may include the standard library only (boost/json.hpp)",
            "host/domain/uses_boost.hpp:3: domain may not include delivery (delivery/claim.hpp)",
            "host/domain/uses_boost.hpp:4: domain may include the standard library only (unistd.h)",
            "host/egress/uses_poco_net.cpp:2: only api may include Poco/Net/ (Poco/Net/Socket.h)",
            "host/postgres/uses_sqlite.cpp:1: only sqlite may include sqlite3.h (sqlite3.h)",
            "host/postgres/uses_sqlite.cpp:2: postgres may not include sqlite (sqlite/connection.hpp)",
            "host/unheard/of.hpp:1: module unheard is not in the table of edges",
            "sdk/tool/calls_api.cpp:1: tool may not include api (api/http_server.hpp)",
        ]
        self.assertEqual(sorted(found), sorted(expected))


if __name__ == "__main__":
    unittest.main()
