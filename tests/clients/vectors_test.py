"""What is written down about the libraries is of one piece: vectors, pins, the table of the documents."""
import base64
import json
import pathlib
import re
import types
import unittest

import expected
import vectors

HERE = pathlib.Path(__file__).parent
RECEIVERS = HERE.parents[1] / "docs" / "receivers"


class WrittenDown(unittest.TestCase):
    def test_the_file_of_vectors_is_what_the_script_makes(self):
        self.assertEqual(json.loads((RECEIVERS / "vectors.json").read_text()), vectors.document())

    def test_names_are_unique_and_every_dispute_has_its_row(self):
        made = vectors.vectors(vectors.NOW)
        names = [one["name"] for one in made]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual([one["name"] for one in made if one["verdict"] == "differs"], list(expected.DIFFERENCES))
        for name, marks in expected.DIFFERENCES.items():
            self.assertEqual(len(marks.replace(" ", "")), len(expected.LIBRARIES), name)

    def test_versions_are_those_that_are_pinned(self):
        for library in expected.LIBRARIES:
            self.assertIn(library.pin, (HERE / library.language / expected.PINS[library.language]).read_text())

    def test_the_document_has_the_table(self):
        self.assertIn("\n" + "\n".join(expected.table()) + "\n", (RECEIVERS / "libraries.md").read_text())

    def test_of_the_published_vectors_of_the_standard_it_makes_the_same(self):
        # https://github.com/standard-webhooks/standard-webhooks: an outside witness of the script itself.
        self.assertEqual(vectors.token(base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), 1614265330,
                                       b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                         "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")


class SampleOfTheDocument(unittest.TestCase):
    """verify() of docs/webhook.md, as it stands there."""

    @classmethod
    def setUpClass(cls):
        [text] = re.findall(r"^```python\n(.*?)^```$", (RECEIVERS.parent / "webhook.md").read_text(), re.MULTILINE | re.DOTALL)
        cls.sample = {}
        exec(compile(text, "docs/webhook.md", "exec"), cls.sample)  # pylint: disable=exec-used
        cls.sample["time"] = types.SimpleNamespace(time=lambda: vectors.NOW)

    def accepts(self, vector):
        body = vector["body"].encode() if "body" in vector else base64.b64decode(vector["body_base64"])
        try:
            self.sample["verify"](vector["secret"], dict(vector["headers"]), body)
            return True
        except (ValueError, KeyError):
            return False

    def test_it_makes_of_each_vector_what_it_says(self):
        for vector in vectors.honest(vectors.NOW):
            with self.subTest(vector["name"]):
                self.assertEqual(self.accepts(vector), vector["verdict"] == "accept")

    def test_it_reads_every_form_that_is_signed_with_and_no_other(self):
        accepted = {one["name"] for one in vectors.disputed(vectors.NOW) if self.accepts(one)}
        secrets = {name for name in expected.DIFFERENCES if name.startswith("secret")}
        self.assertEqual(accepted & secrets, {"secret's characters as key", "secret unpadded", "secret with unused bits"})


if __name__ == "__main__":
    unittest.main()
