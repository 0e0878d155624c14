"""opi-plugin's commands as a plugin's author has them: what they say, and with which exit code."""
import hashlib
import hmac
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL, PLUGIN, PROVIDER = sys.argv[1:4]
ENDPOINT = "https://receiver.example/in"


class Commands(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)

    def run_tool(self, *words, code=0):
        done = subprocess.run([TOOL, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              cwd=self.folder)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def write(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def case(self, **members):
        return self.write("case.json", {"endpoint": ENDPOINT, **members})


class Golden(Commands):
    def updated(self, **members):
        path = self.case(**members)
        self.run_tool("golden", PLUGIN, path, "--update")
        self.run_tool("golden", PLUGIN, path)
        return json.loads(path.read_text())

    def test_differences_are_named_by_their_place(self):
        case = self.updated(event={"payload": {"alert_id": "A-1"}}, exchanges=[{"response": {"status": 500}}])
        case["request"]["headers"]["X/More"] = "x"
        case["exchanges"][0]["verdict"]["kind"] = "delivered"
        self.write("case.json", case)
        said = self.run_tool("golden", PLUGIN, "case.json", code=1)
        self.assertIn('/request/headers/X~1More\n    expected "x"\n    actual   nothing', said)
        self.assertIn('/exchanges/0/verdict/kind\n    expected "delivered"\n    actual   "retry"', said)
        self.assertIn("1 cases, 1 differ", said)

    def test_every_argument_of_an_attempt_reaches_the_adapter(self):
        case = self.updated(event={"payload": {"alert_id": "A-1", "n": 8.50}}, step=1, carry="c", prior_ref="T-7",
                            prior_url="https://x/T-7")
        self.assertEqual(case["request"]["body"], '1|c|T-7|https://x/T-7|A-1|{"alert_id": "A-1", "n": 8.5}')
        self.assertEqual(case["request"]["headers"]["Authorization"], "Bearer <secret:token>")

    def test_a_payload_keeps_its_very_bytes(self):
        path = self.write("case.json", '{"endpoint": "%s", "event": {"payload": {"n": 8.50}}}' % ENDPOINT)
        self.run_tool("golden", PLUGIN, path, "--update")
        self.assertIn('"event": {"payload": {"n": 8.50}}', path.read_text())
        self.assertIn('|{\\"n\\": 8.50}', path.read_text())

    def test_the_key_of_a_signature_is_the_placeholder(self):
        case = self.updated(event={"payload": {"a": 1}})
        expected = hmac.new(b"<secret:token>", b'{"a": 1}', hashlib.sha256).hexdigest()
        self.assertEqual(case["request"]["headers"]["X-Signature"], expected)

    def test_a_url_that_is_a_secret_is_the_placeholder_below_the_origin(self):
        case = self.updated(config={"url_is_secret": True})
        self.assertEqual(case["request"]["url"], "https://receiver.example/<secret:hook>")

    def test_a_slot_without_a_secret_is_the_hosts_error(self):
        self.assertIn("no credential for the purpose", self.updated(slots=["hook"])["error"])

    def test_a_failure_of_render_is_compared(self):
        self.assertEqual(self.updated(step=3)["error"], "there is no such step")

    def test_a_refused_configuration_is_an_error_too(self):
        self.assertEqual(self.updated(config={"colour": 1})["error"], "config: /colour is not a known field")

    def test_verdicts_may_say_what_goes_without_saying(self):
        case = self.updated(step=1, exchanges=[{"response": {}}])
        self.assertEqual(case["exchanges"][0]["verdict"], {"kind": "continue", "carry": "after 1"})
        case["exchanges"][0]["verdict"].update(reason="", retry_after_ms=0, by_status=False)
        self.run_tool("golden", PLUGIN, self.write("case.json", case))

    def test_what_is_wrong_with_a_case_is_said_with_its_place(self):
        for text, said in [("{\n\"endpoint\":\n", "case.json:3: is not JSON"), ("{} {}", "case.json:1: is not JSON: extra data"),
                           ("[]", "case.json: is not a JSON object"), ("{}", 'case.json: "endpoint" is missing'),
                           ('{"enpoint": ""}', '"enpoint" is not a known member'),
                           ('{"endpoint": "%s", "step": 8}' % ENDPOINT, '"step" is not a whole number from 0 to 7'),
                           ('{"endpoint": "%s", "now": "soon"}' % ENDPOINT, '"now" is not a time'),
                           ('{"endpoint": "%s", "slots": ["x"]}' % ENDPOINT, '"slots" names something that is no slot'),
                           ('{"endpoint": "%s", "event": {"tenant_id": "A B"}}' % ENDPOINT, "event: tenant_id may hold"),
                           ('{"endpoint": "%s", "exchanges": [{"response": {"status": 99}}]}' % ENDPOINT,
                            'case.json: exchanges/0: "status" is not a whole number from 100 to 599')]:
            self.assertIn(said, self.run_tool("golden", PLUGIN, self.write("case.json", text), code=2))

    def test_the_size_of_a_case_has_a_limit(self):
        largest = 2 * 1024 * 1024
        start = '{"endpoint": "%s"}' % ENDPOINT
        path = self.write("case.json", start + " " * (largest - len(start)))
        self.run_tool("golden", PLUGIN, path, code=1)
        self.write("case.json", start + " " * (largest - len(start) + 1))
        self.assertIn("is larger than 2097152 bytes", self.run_tool("golden", PLUGIN, path, code=2))

    def test_a_folder_without_cases_is_no_success(self):
        self.assertIn("holds no *.json", self.run_tool("golden", PLUGIN, self.folder, code=2))

    def test_a_refused_plugin_is_told_with_its_remedy(self):
        said = self.run_tool("golden", self.write("x.so", "no plugin"), self.case(), code=2)
        self.assertIn("L201 (inspect): is too short to be an ELF file", said)
        self.assertIn("remedy: ", said)


class Preview(Commands):
    def test_a_sample_becomes_the_exact_request(self):
        said = self.run_tool("preview", PLUGIN, "--endpoint", ENDPOINT)
        self.assertTrue(said.startswith(f"POST {ENDPOINT}\nAuthorization: Bearer <secret:token>\n"), said)
        self.assertIn('\n\n0||||ALR-9|{"alert_id":"ALR-9"}\n', said)

    def test_responses_play_a_delivery_of_several_steps(self):
        ok = self.write("ok.json", {"status": 200})
        said = self.run_tool("preview", PLUGIN, *["--response", ok] * 3)
        for part in ('-> {"kind":"continue","carry":"after 0"}', "1|after 0|", "2|after 1|",
                     '-> {"kind":"delivered","external_ref":"T-1","external_url":"https://receiver.example/T-1"}'):
            self.assertIn(part, said)
        self.assertIn("the delivery ended", self.run_tool("preview", PLUGIN, *["--response", ok] * 4, code=2))

    def test_event_configuration_and_step_are_given(self):
        event = self.write("event.json", {"payload": {"alert_id": "B-2"}})
        config = self.write("config.json", {"url_is_secret": True})
        said = self.run_tool("preview", PLUGIN, "--event", event, "--config", config, "--step", 2, "--carry", "c")
        self.assertIn("/<secret:hook>\n", said)
        self.assertIn("2|c|||B-2|", said)

    def test_what_cannot_be_rendered_is_a_finding(self):
        self.assertIn("no request: there is no such step", self.run_tool("preview", PLUGIN, "--step", 3, code=1))
        self.assertIn("--sample: is not a number from 0 to 1", self.run_tool("preview", PLUGIN, "--sample", 2, code=2))
        bad = self.write("bad.json", {"status": 7})
        self.assertIn('bad.json: "status" is not', self.run_tool("preview", PLUGIN, "--response", bad, code=2))


class New(Commands):
    def test_the_template_is_renamed_everywhere(self):
        made = self.run_tool("new", "siren_2").splitlines()
        self.assertIn("siren_2/siren_2.cpp", made)
        for name in made:
            self.assertNotIn("example_plugin", (self.folder / name).read_text())
        self.assertEqual(json.loads((self.folder / "siren_2/manifest.json").read_text())["components"][0]["id"], "siren_2")

    def test_nothing_is_overwritten(self):
        self.run_tool("new", "siren", "--directory", "here")
        self.assertIn("here: is there already", self.run_tool("new", "siren", "--directory", "here", code=2))

    def test_names(self):
        self.run_tool("new", "a" * 48)
        for name in ("a" * 49, "Siren", "1st", "a-b", "a/b"):
            self.assertIn("a name is a lower-case letter", self.run_tool("new", name, code=2))


class Usage(Commands):
    def test_help_is_there_for_each(self):
        for command in ("check", "golden", "new", "preview"):
            self.assertIn(f"opi-plugin {command}", self.run_tool("--help"))
            self.assertTrue(self.run_tool(command, "--help").startswith(f"usage: opi-plugin {command} "))

    def test_what_is_wrong_with_a_command_line_is_said(self):
        for words, said in [([], "needs a command"), (["chek"], 'no command "chek"'), (["check"], "needs one FILE.so"),
                            (["check", PLUGIN, "--fast"], "--fast: there is no such option"),
                            (["check", PLUGIN, "--seed"], "--seed: needs a value"),
                            (["check", PLUGIN, "--seed", "1", "--seed=2"], "--seed: is given twice"),
                            (["check", PLUGIN, "--cases", "1000001"], "--cases: is not a number from 0 to 1000000"),
                            (["golden", PLUGIN, "x", "--update=1"], "--update: takes no value"),
                            (["check", "nowhere.so"], "nowhere.so: cannot be opened")]:
            self.assertIn(said, self.run_tool(*words, code=2))


class Check(Commands):
    def test_a_plugin_with_steps_passes(self):
        self.run_tool("check", PLUGIN, "--cases", 100)

    def test_what_is_no_plugin_fails_and_the_rest_is_skipped(self):
        report = self.folder / "report.json"
        said = self.run_tool("check", self.write("x.so", "no plugin"), "--json", report, code=1)
        self.assertIn("is too short to be an ELF file", said)
        states = {c["name"]: c["state"] for c in json.loads(report.read_text())["checks"]}
        self.assertEqual(states, {"static": "failed", "load": "failed", "contract": "skipped", "purity": "skipped",
                                  "hostile": "skipped", "fuzz": "skipped", "secrets": "skipped", "tenant": "skipped"})

    def tenant_check(self, *options, code=0):
        report = self.folder / "report.json"
        self.run_tool("check", PROVIDER, "--cases", 0, "--json", report, *options, code=code)
        return {c["name"]: c for c in json.loads(report.read_text())["checks"]}["tenant"]

    def test_without_a_secret_to_ask_for_nothing_is_said_of_tenants(self):
        found = self.tenant_check()
        self.assertEqual(found["state"], "skipped")
        self.assertIn("no secret is known that netter, filer, thinker could be asked for", found["reason"])

    def test_a_secret_that_is_named_is_asked_for_by_another_tenant(self):
        found = self.tenant_check("--reference", "think://fine/app/key", "--tenant", "acme", code=1)
        self.assertIn("thinker: tells a tenant that the secret is not for its value", found["findings"][0]["message"])

    def test_a_secret_that_is_named_must_be_there(self):
        config = self.write("config.json", {"root": str(self.folder)})
        found = self.tenant_check("--reference", "file://read/app/key", "--tenant", "acme", "--config", config, code=1)
        self.assertIn("the tenant that the secret is for does not get it: open: No such file", found["findings"][0]["message"])

    def test_a_system_call_that_was_not_declared_for_is_named_so(self):
        found = self.tenant_check("--reference", "think://open-a-socket/app/key", "--tenant", "acme", code=1)
        self.assertIn("a system call that no plugin may make", found["findings"][0]["message"])
        self.assertIn('"needs"', found["findings"][0]["remedy"])

    def test_a_reference_needs_its_tenant(self):
        said = self.run_tool("check", PROVIDER, "--reference", "think://fine/app/key", code=2)
        self.assertIn("--reference and --tenant: the one needs the other", said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
