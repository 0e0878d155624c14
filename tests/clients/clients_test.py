"""The public libraries of one language against the vectors:  clients_test.py LANGUAGE FOLDER

FOLDER keeps what is downloaded and built. Ends with 77 where the language's tools are not there.
"""
import pathlib
import sys
import unittest

import expected
import tools
import vectors
from oracle import Oracle


class Clients(unittest.TestCase):
    language = ""
    command = []
    folder = pathlib.Path()

    def test_each_library_makes_of_each_vector_what_is_written_down(self):
        with Oracle(self.command, self.folder) as oracle:
            for library in (one for one in expected.LIBRARIES if one.language == self.language):
                for vector in vectors.vectors(vectors.NOW):
                    answer = oracle.judge(library.name, vector["name"])
                    with self.subTest(f"{library.title} {library.version}: {vector['name']}"):
                        self.assertEqual(answer["accepted"], expected.accepts(library, vector), answer["said"])
                        if vector["name"] == "good":
                            self.assertEqual(answer["said"], library.gives)


if __name__ == "__main__":
    Clients.language, Clients.folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    Clients.folder.mkdir(parents=True, exist_ok=True)
    try:
        Clients.command = tools.prepare(Clients.language, Clients.folder)
    except tools.Missing as missing:
        print(f"skipped: {missing}")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]])
