"""What is written down about the libraries is of one piece: vectors, pins, the table of the documents."""
import base64
import json
import pathlib
import re
import types
import unittest

import ed25519
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

    def test_of_the_vectors_of_the_rfc_it_makes_the_same_signatures(self):
        # RFC 8032, section 7.1, test 2.
        seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
        self.assertEqual(ed25519.public_key(seed).hex(),
                         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        self.assertEqual(ed25519.sign(seed, b"r").hex(),
                         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")


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
