import unittest

import co_await_lint
from source_tree import FIXTURES, ROOT


class CoAwaitStatements(unittest.TestCase):
    def test_the_tree_has_none_that_the_compiler_breaks(self):
        self.assertEqual(co_await_lint.check(ROOT), [])

    def test_every_bad_form_is_found_at_its_line(self):
        found = co_await_lint.faults_of((FIXTURES / "co_await/bad.cpp").read_text())
        braced = "a braced initialiser in a co_await statement"
        self.assertEqual(found, [
            (2, braced), (3, braced), (4, braced), (5, braced),
            (8, "a lambda in a co_await statement"),
            (9, "a lambda in a co_spawn statement"),
            (12, "a lambda in a co_spawn statement"),
            (15, "a conditional operator in a co_await statement"),
            (16, "a conditional operator in a co_await statement"),
            (17, braced),
            (19, "a braced default argument of a coroutine"),
            (20, "a braced default argument of a coroutine"),
        ])

    def test_the_good_forms_are_left_alone(self):
        self.assertEqual(co_await_lint.faults_of((FIXTURES / "co_await/good.cpp").read_text()), [])


if __name__ == "__main__":
    unittest.main()
