import pathlib
import subprocess
import unittest

from source_tree import ROOT

FIXTURES = pathlib.Path(__file__).parent / "fixtures/thread_safety"


class ThreadSafety(unittest.TestCase):
    """The analysis that the preset tidy runs sees through the host's own mutexes."""

    def complaints(self, name):
        return subprocess.run(
            ["clang++", "-std=c++20", "-fsyntax-only", "-Wthread-safety", f"-I{ROOT / 'host'}", FIXTURES / name],
            capture_output=True, text=True).stderr

    def test_what_holds_its_lock(self):
        self.assertEqual(self.complaints("locked.cpp"), "")

    def test_what_does_not(self):
        found = self.complaints("unlocked.cpp")
        for function in ("read", "write", "call", "after_unlock", "shared_write"):
            line = next(n for n, text in enumerate((FIXTURES / "unlocked.cpp").read_text().split("\n"), 1) if f"// {function}" in text)
            self.assertIn(f"unlocked.cpp:{line}:", found, function)

    def test_the_tidy_preset_makes_it_an_error(self):
        self.assertIn("-Wthread-safety -Werror=thread-safety", (ROOT / "CMakePresets.json").read_text())


if __name__ == "__main__":
    unittest.main()
