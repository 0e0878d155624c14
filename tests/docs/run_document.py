"""Runs the sh blocks of a Markdown document, as written and in order, in one shell.

Every command must end with exit code 0, or with the one that its line says:  integrationsctl tenants show x  # exit code 66
A block below a line `<!-- not run: why -->` is left out; one below `<!-- file: name -->`, of whatever language, is written
into that file before what follows it runs. {scratch} in an argument is a fresh folder.
"""
import argparse
import base64
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

FILE = re.compile(r"<!-- file: ([\w./-]+) -->")
EXPECTED = re.compile(r"\s*#\s*exit code (\d+)\b.*$")
PROLOGUE = (
    "set -euo pipefail; "
    "unexpected() { echo \"$document:$1: exit code $2 instead of $3\" >&2; exit 1; }; "
    "expect() { [ \"$2\" = \"$3\" ] || unexpected \"$1\" \"$2\" \"$3\"; }; "
    "trap 'unexpected \"$LINENO\" \"$?\" 0' ERR"
)


def commands(lines):
    """Whole commands with the number of their first line: a line that ends with a backslash goes on."""
    held, first = [], 0
    for number, line in lines:
        if not held:
            first = number
        held.append(line)
        if not line.endswith("\\"):
            yield first, held
            held = []
    if held:
        yield first, held


def script_of(text):
    """A shell script whose line numbers are the document's."""
    source = text.splitlines()
    lines = [""] * len(source)
    blocks = 0
    inside, file, block = False, None, []
    for number, line in enumerate(source):
        if file and line.strip() == "```":
            # On one line, so that those of the script stay the document's.
            content = base64.b64encode("".join(part + "\n" for _, part in block).encode()).decode()
            lines[number] = f"mkdir -p $(dirname {file}); echo {content} | base64 -d > {file}"
            file = None
        elif file:
            block.append((number, line))
        elif inside and line.strip() == "```":
            for first, command in commands(block):
                expected = EXPECTED.search(command[-1])
                if expected:
                    command = command[:-1] + [command[-1][:expected.start()]]
                    command[0] = "if " + command[0]
                    command[-1] += (f"; then status=0; else status=$?; fi; "
                                    f"expect {first + 1} \"$status\" {expected.group(1)}")
                for offset, part in enumerate(command):
                    lines[first + offset] = part
            inside = False
        elif inside:
            block.append((number, line))
        elif line.startswith("```") and number > 0 and (named := FILE.fullmatch(source[number - 1])):
            file, block = named[1], []
        elif line.strip() == "```sh":
            block = []
            inside = number == 0 or not source[number - 1].startswith("<!-- not run:")
            blocks += inside
    if not lines or lines[0]:
        raise ValueError("a document begins with its title")
    lines[0] = PROLOGUE
    return "\n".join(lines) + "\n", blocks


class Background:
    """A program that is there while the document runs."""

    def __init__(self, command, until, folder):
        self.lines, self.ready = [], threading.Event()
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, text=True)
        threading.Thread(target=self.read, args=(until,), daemon=True).start()

    def read(self, until):
        for line in self.process.stdout:
            self.lines.append(line)
            if until in line:
                self.ready.set()
        self.ready.set()

    def wait(self, seconds):
        if not self.ready.wait(seconds) or self.process.poll() is not None:
            raise RuntimeError("the program in the background is not ready:\n" + "".join(self.lines))

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def main(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document", type=pathlib.Path)
    parser.add_argument("--replace", action="append", nargs=2, default=[], metavar=("OLD", "NEW"),
                        help="in the blocks, before they run")
    parser.add_argument("--background", metavar="COMMAND", help="runs meanwhile; words are parted at blanks")
    parser.add_argument("--until", default="", metavar="TEXT", help="what it prints when the document may begin")
    parser.add_argument("--timeout", type=int, default=240, metavar="SECONDS")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="opi-docs-") as scratch:
        fill = lambda text: text.replace("{scratch}", scratch)
        script, blocks = script_of(arguments.document.read_text())
        for old, new in arguments.replace:
            new = fill(new)
            if old not in script:
                print(f"{arguments.document}: has no {old}", file=sys.stderr)
                return 1
            script = script.replace(old, new)
        background = None
        try:
            if arguments.background:
                background = Background(fill(arguments.background).split(), arguments.until, scratch)
                background.wait(arguments.timeout)
            file = pathlib.Path(scratch) / "script"
            file.write_text(script)
            ended = subprocess.run(["bash", "--norc", str(file)], cwd=scratch, stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=arguments.timeout,
                                   env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": scratch,
                                        "document": str(arguments.document)})
        finally:
            if background:
                background.stop()
    print(ended.stdout, end="")
    if ended.returncode == 0 and blocks == 0:
        print(f"{arguments.document}: has no sh block", file=sys.stderr)
        return 1
    return 0 if ended.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
