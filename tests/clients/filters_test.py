"""Our filters against public implementations of RFC 9535:  filters_test.py ORACLE FOLDER

FOLDER keeps what is downloaded. Ends with 77 where the tools for it are not there.
"""
import pathlib
import subprocess
import sys

import tools

FILTERS = tools.HERE / "filters"


def main(oracle, folder):
    folder.mkdir(parents=True, exist_ok=True)
    interpreter = folder / "venv" / "bin" / "python"
    if not interpreter.exists():
        tools.run([tools.need("python3"), "-m", "venv", folder / "venv"], folder)
    tools.run([interpreter, "-m", "pip", "install", "-q", "-r", FILTERS / "requirements.txt"], folder)
    return subprocess.run([interpreter, "-B", FILTERS / "differential.py", oracle], check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()))
    except tools.Missing as missing:
        print(f"skipped: {missing}")
        sys.exit(77)
