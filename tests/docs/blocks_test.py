import unittest

import blocks


class Blocks(unittest.TestCase):
    def test_each_is_held_by_something(self):
        seen = 0
        for path in blocks.documents():
            document = str(path.relative_to(blocks.ROOT))
            for language, mark, text in blocks.blocks(path.read_text()):
                with self.subTest(f"{document}: {language} {text.splitlines()[0] if text else ''}"):
                    self.assertIsNone(blocks.fault(document, language, mark, text))
                seen += 1
        self.assertGreater(seen, 60)

    def test_a_language_that_nothing_checks_is_a_fault(self):
        [(language, mark, text)] = blocks.blocks("# T\n```ruby\nputs 1\n```\n")
        self.assertEqual(blocks.fault("docs/jira.md", language, mark, text), "nothing checks ruby")
        self.assertIsNotNone(blocks.fault("docs/jira.md", "python", "", "1"))
        self.assertIsNotNone(blocks.fault("docs/jira.md", "sh", "", "true"), "nothing runs this document")
        self.assertIsNone(blocks.fault("docs/jira.md", "sh", "not run: why", "true"))

    def test_json_that_the_api_would_not_take_is_a_fault(self):
        good = ('{"name": "A", "adapter": "webhook", "endpoint": "https://a.example/", "event_types": ["*"], '
                '"config": {"method": "POST"}}')
        self.assertIsNone(blocks.fault("docs/jira.md", "json", "", good))
        for old, new in (('"A"', "1"), ("POST", "GET"), ('"method"', '"methods"'), ('"webhook"', '"none"'), ("}}", "}")):
            self.assertIsNotNone(blocks.fault("docs/jira.md", "json", "", good.replace(old, new)), new)
        self.assertIsNotNone(blocks.fault("docs/jira.md", "json", "", '{"scheme": "none"}'))

    def test_what_holds_a_block_elsewhere_names_its_document(self):
        for (document, _), test in blocks.HELD_ELSEWHERE.items():
            self.assertIn(document.split("/")[1], (blocks.ROOT / test).read_text())

    def test_a_configuration_of_unknown_keys_is_a_fault(self):
        good = "[secret_provider.files]\nroot=/x\n[api]\nport=1\n"
        self.assertIsNone(blocks.fault("docs/jira.md", "ini", "", good))
        for old, new in (("root", "rot"), ("files", "flies"), ("port", "prot"), ("[api]", "api")):
            self.assertIsNotNone(blocks.fault("docs/jira.md", "ini", "", good.replace(old, new)), new)


if __name__ == "__main__":
    unittest.main()


if __name__ == "__main__":
    unittest.main()
