import os
import pathlib
import subprocess
import tempfile
import unittest

import hardening

BUILD = pathlib.Path(os.environ.get("OPI_BUILD", "."))
PROGRAMS = ("integrationsd", "integrationsctl", "opi-plugin", "opi-plugin-host", "opi-plugin-probe")
# So small that they make no library call whose sizes are not known when they are compiled.
WITHOUT_CHECKED_CALLS = ("opi-plugin-host", "opi-plugin-probe")


class Binaries(unittest.TestCase):
    def test_programs(self):
        for name in PROGRAMS:
            with self.subTest(name):
                found = hardening.faults(BUILD / "bin" / name, True)
                if name in WITHOUT_CHECKED_CALLS:
                    found = [fault for fault in found if fault != "checks no library call"]
                self.assertEqual(found, [])

    def test_plugins(self):
        plugins = sorted((BUILD / "lib/plugins").glob("*.so"))
        self.assertGreaterEqual(len(plugins), 10)
        for plugin in plugins:
            with self.subTest(plugin.name):
                self.assertEqual(hardening.faults(plugin, False), [])


class WithoutHardening(unittest.TestCase):
    """The check can fail: a program that has nothing of it, and one that has all."""

    SOURCE = """
    #include <cstring>
    #include <vector>
    int main(int n, char** words) {
      char text[64];
      std::strcpy(text, words[0]);
      std::vector<int> numbers(8, n);
      return text[n] + numbers[static_cast<unsigned>(n)];
    }
    """
    HARDENED = ["-fstack-protector-strong", "-fstack-clash-protection", "-ftrivial-auto-var-init=zero", "-U_FORTIFY_SOURCE",
                "-D_FORTIFY_SOURCE=3", "-D_GLIBCXX_ASSERTIONS", "-pie", "-fPIE", "-Wl,-z,now,-z,relro,-z,noexecstack"]

    def test_one_without_records_is_not_taken_for_good(self):
        self.assertIn("has no record of how it was compiled", self.faults([*self.HARDENED, "MACHINE", "-s"]))

    def faults(self, options):
        machine = "-fcf-protection=full" if os.uname().machine == "x86_64" else "-mbranch-protection=standard"
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "program.cpp"
            source.write_text(self.SOURCE)
            subprocess.run(["g++", "-O2", "-g1", "-Wno-stringop-overflow", *[machine if o == "MACHINE" else o for o in options],
                            source, "-o", source.with_suffix("")], check=True)
            return hardening.faults(source.with_suffix(""), True)

    def test_a_program_with_all(self):
        self.assertEqual(self.faults([*self.HARDENED, "MACHINE"]), [])

    def test_a_program_with_nothing(self):
        found = self.faults(["-fno-stack-protector", "-no-pie", "-fno-pie", "-U_FORTIFY_SOURCE", "-Wl,-z,lazy,-z,norelro,-z,execstack"])
        for fault in ("is no position-independent program", "binds functions at their first call", "leaves its tables writable",
                      "has an executable stack", "checks no stack frame", "checks no access of the standard library",
                      "checks no library call", "program.cpp was compiled without -fstack-protector-strong",
                      "program.cpp was compiled without -ftrivial-auto-var-init=zero"):
            self.assertIn(fault, found)

    def test_each_is_missed(self):
        for left_out in ("-fstack-protector-strong", "-fstack-clash-protection", "-ftrivial-auto-var-init=zero", "-D_FORTIFY_SOURCE=3",
                         "-D_GLIBCXX_ASSERTIONS", "MACHINE"):
            with self.subTest(left_out):
                self.assertNotEqual(self.faults([o for o in [*self.HARDENED, "MACHINE"] if o != left_out]), [])


if __name__ == "__main__":
    unittest.main()
