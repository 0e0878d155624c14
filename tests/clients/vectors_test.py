"""What is written down about the libraries is of one piece: vectors, pins, the table of the documents."""
import base64
import json
import pathlib
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


if __name__ == "__main__":
    unittest.main()
