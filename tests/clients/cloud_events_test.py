"""The SDK of CloudEvents of one language reads what the webhook adapter sends:

    cloud_events_test.py LANGUAGE FOLDER OPI_PLUGIN WEBHOOK

FOLDER keeps what is downloaded; OPI_PLUGIN previews the requests of the plugin WEBHOOK. Ends with 77 where the
language's tools are not there.
"""
import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from datetime import datetime
from urllib.parse import unquote

import tools

# Those that leave the percent-encoding of "ce-" headers as it is, against the binding.
DO_NOT_DECODE = {"js"}
MODES = ("cloudevents", "cloudevents-binary")
EVENT = {"event_id": "EVT-7", "event_type": "alert.created", "schema_version": "1.0", "tenant_id": "acme-bank",
         "source": "oneprotect.detection", "timestamp": "2026-11-28T08:00:00Z",
         "payload": {"alert_id": "ALR-1001", "score": 8.5, "text": "Größe 測試 🔑 100 %", "none": None}}
ODD = {**EVENT, "source": "acme detection: höher", "timestamp": "2026-11-28t08:00:00.123456789+02:00",
       "correlation_id": 'corr ü % %20 "x"', "causation_id": "cause-1"}


class Read(unittest.TestCase):
    command = []
    language = folder = preview = None

    def sent(self, event, mode):
        """Headers and body of the request."""
        with tempfile.TemporaryDirectory() as scratch:
            files = {name: pathlib.Path(scratch, name) for name in ("config", "event")}
            files["config"].write_text(json.dumps({"body": mode}))
            files["event"].write_text(json.dumps(event))
            shown = tools.run([*self.preview, "--config", files["config"], "--event", files["event"]], scratch)
        head, _, body = shown.partition("\n\n")
        return [line.split(": ", 1) for line in head.splitlines()[1:]], body.rstrip("\n").encode()

    def read(self, event, mode):
        headers, body = self.sent(event, mode)
        question = json.dumps({"headers": headers, "body": base64.b64encode(body).decode()})
        done = subprocess.run(self.command, cwd=self.folder, input=question + "\n", stdout=subprocess.PIPE, text=True,
                              check=True)
        answer = json.loads(done.stdout)
        self.assertNotIn("refused", answer)
        return answer["read"], answer["data"]

    def test_every_attribute_and_the_data_as_they_were(self):
        for mode in MODES:
            with self.subTest(mode):
                read, data = self.read(EVENT, mode)
                self.assertEqual(datetime.fromisoformat(read.pop("time").replace("Z", "+00:00")).timestamp(), 1795852800)
                self.assertEqual(read, {"specversion": "1.0", "id": "EVT-7", "source": "oneprotect.detection",
                                        "type": "alert.created", "datacontenttype": "application/json",
                                        "tenantid": "acme-bank", "schemaversion": "1.0"})
                self.assertEqual(data, EVENT["payload"])

    def test_texts_that_no_header_and_no_uri_may_hold(self):
        for mode in MODES:
            with self.subTest(mode):
                read, data = self.read(ODD, mode)
                if mode == "cloudevents-binary" and self.language in DO_NOT_DECODE:
                    read |= {name: unquote(read[name]) for name in ("source", "correlationid")}
                self.assertEqual(read["source"], "acme%20detection%3A%20h%C3%B6her")
                self.assertEqual(read["correlationid"], ODD["correlation_id"])
                self.assertEqual(read["causationid"], "cause-1")
                self.assertEqual(datetime.fromisoformat(read["time"].replace("Z", "+00:00")).timestamp(), 1795845600)
                self.assertEqual(data, EVENT["payload"])


if __name__ == "__main__":
    language, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    Read.language, Read.folder, Read.preview = language, folder, [sys.argv[3], "preview", sys.argv[4]]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        Read.command = tools.prepare(language, folder, "cloud_events")
    except tools.Missing as missing:
        print(f"skipped: {missing}")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0]])
