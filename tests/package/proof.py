"""Runs as a service of the booted Debian: tells the story in story.py, and leaves /out/report.json: which steps were done, and
the first thing that failed."""
import json
import pathlib
import subprocess
import traceback

import node
import story


def last_words() -> str:
    log = subprocess.run(["journalctl", "--no-pager", "-n", "60", "-u", "integrationsd"], text=True, capture_output=True)
    status = subprocess.run(["systemctl", "status", "--no-pager", "integrationsd"], text=True, capture_output=True)
    return log.stdout + status.stdout


def main():
    failure, log = None, ""
    try:
        story.tell()
    except Exception:
        failure = traceback.format_exc()
        log = failure + last_words()
    report = pathlib.Path("/out/report.json.part")
    report.write_text(json.dumps({"done": node.done, "failure": failure, "log": log}))
    report.rename("/out/report.json")


main()
