import contextlib
import io
import pathlib
import tempfile
import unittest

import run_document


def run(text, *words):
    with tempfile.TemporaryDirectory() as folder:
        document = pathlib.Path(folder) / "document.md"
        document.write_text(text)
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = run_document.main([str(document), *words])
        return code, output.getvalue()


class Documents(unittest.TestCase):
    def test_blocks_run_in_one_shell(self):
        code, output = run("# T\n```sh\nname=x\n```\ntext\n```sh\necho \"<$name>\"\n```\n")
        self.assertEqual((code, output), (0, "<x>\n"))

    def test_an_unexpected_exit_code_is_named_with_its_line(self):
        code, output = run("# T\n\n```sh\ntrue\nbash -c 'exit 7'\necho after\n```\n")
        self.assertEqual(code, 1)
        self.assertIn("document.md:5: exit code 7 instead of 0", output)
        self.assertNotIn("after", output)

    def test_of_a_pipe_every_part_counts(self):
        self.assertEqual(run("# T\n```sh\nfalse | cat\n```\n")[0], 1)

    def test_an_expected_exit_code_is_expected(self):
        self.assertEqual(run("# T\n```sh\nbash -c 'exit 7' # exit code 7\n```\n")[0], 0)
        self.assertEqual(run("# T\n```sh\nbash -c \\\n  'exit 7'  # exit code 7: why\n```\n")[0], 0)
        code, output = run("# T\n```sh\nbash -c 'exit 6' # exit code 7\n```\n")
        self.assertEqual(code, 1)
        self.assertIn("document.md:3: exit code 6 instead of 7", output)
        self.assertEqual(run("# T\n```sh\ntrue # exit code 7\n```\n")[0], 1)

    def test_other_blocks_do_not_run(self):
        self.assertEqual(run("# T\n```\nfalse\n```\n```json\n{}\n```\n<!-- not run: why -->\n```sh\nfalse\n```\n```sh\ntrue\n```\n")[0], 0)

    def test_a_block_may_be_a_file(self):
        text = "# T\n<!-- file: in/it.sql -->\n```sql\nSELECT '$x';\n```\n```sh\n[ \"$(cat in/it.sql)\" = \"SELECT '\\$x';\" ]\nbash -c 'exit 7'\n```\n"
        code, output = run(text)
        self.assertEqual(code, 1)
        self.assertIn("document.md:8: exit code 7 instead of 0", output)

    def test_a_document_without_blocks_is_a_mistake(self):
        self.assertEqual(run("# T\n")[0], 1)

    def test_what_is_to_be_replaced_must_be_there(self):
        self.assertEqual(run("# T\n```sh\ntest -d /tmp/name\n```\n", "--replace", "/tmp/name", "{scratch}")[0], 0)
        self.assertEqual(run("# T\n```sh\ntrue\n```\n", "--replace", "/tmp/name", "{scratch}")[0], 1)

    def test_a_program_in_the_background_is_waited_for(self):
        text = "# T\n```sh\ntest -e made\n```\n"
        program = pathlib.Path(__file__).parent / "fixtures" / "background"
        self.assertEqual(run(text, "--background", f"bash {program}", "--until", "ready")[0], 0)


if __name__ == "__main__":
    unittest.main()
