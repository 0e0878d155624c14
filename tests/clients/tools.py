"""Compilers and package managers of other languages. What they download stays in the folder that they are given."""
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).parent


class Missing(Exception):
    """A tool that this machine does not have; the text says which."""


def need(tool):
    found = shutil.which(tool)
    if found is None:
        raise Missing(f"there is no {tool} on this machine")
    return found


def need_version(tool, question, least):
    """A tool whose answer to `question` names a version of at least `least`, such as (1, 21)."""
    found = need(tool)
    version = re.search(r"(\d+)\.(\d+)", run([found, question], HERE))
    if version is None or tuple(map(int, version.groups())) < least:
        raise Missing(f"{tool} {version and version.group()} is older than {'.'.join(map(str, least))}")
    return found


def run(command, folder):
    ended = subprocess.run([str(word) for word in command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, check=False)
    if ended.returncode != 0:
        raise RuntimeError(f"{command} ended with {ended.returncode}:\n{ended.stdout}")
    return ended.stdout


def copy(source, folder):
    shutil.copytree(source, folder, dirs_exist_ok=True)


def npm(folder):
    """What package-lock.json names, in `folder`: once, for that takes a while."""
    tool = need("npm")
    lock = (HERE / "js" / "package-lock.json").read_text()
    installed = folder / "installed-lock.json"
    if not installed.exists() or installed.read_text() != lock:
        copy(HERE / "js", folder)
        run([tool, "ci", "--no-audit", "--no-fund"], folder)
        installed.write_text(lock)


def node(folder):
    """The Node that is pinned: Debian's is older than node:sqlite and than what svix 2 asks for."""
    npm(folder)
    return str(folder / "node_modules" / ".bin" / "node")


def prepare(language, folder, program="oracle"):
    """What starts the oracle of a language, or another program beside it in Python or JavaScript."""
    if language == "python":
        interpreter = folder / "venv" / "bin" / "python"
        if not interpreter.exists():
            run([need("python3"), "-m", "venv", folder / "venv"], folder)
        run([interpreter, "-m", "pip", "install", "-q", "-r", HERE / "python" / "requirements.txt"], folder)
        return [str(interpreter), str(HERE / "python" / f"{program}.py")]
    if language == "js":
        return [node(folder), str(folder / f"{program}.mjs")]
    copy(HERE / language, folder)
    if language == "go":
        run([need_version("go", "version", (1, 21)), "build", "-o", "oracle", "."], folder)
        return [str(folder / "oracle")]
    if language == "rust":
        run([need_version("cargo", "--version", (1, 88)), "build", "--locked", "--quiet"], folder)
        return [str(folder / "target" / "debug" / "oracle")]
    if language == "java":
        maven, compiler, machine = need("mvn"), need("javac"), need("java")
        run([maven, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], folder)
        run([compiler, "-cp", "lib/*", "Oracle.java"], folder)
        return [machine, "-cp", "lib/*:.", "Oracle"]
    raise ValueError(language)
