"""Small rules of style that a compiler does not know. See CONTRIBUTING.md."""
import re
import sys

from source_tree import CPP, ROOT, files

SOURCES = ("host", "sdk", "plugins", "secret-providers")
TEXTS = CPP | {".cmake", ".txt", ".sql", ".conf", ".md", ".json", ".py", ".sh", ".js", ".css", ".html", ".map", ".in"}
MAX_LINES = 400
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# Absolute paths of somebody's machine, and folders above the repository.
OUTSIDE = re.compile(r"(?<![\w/.-])/(?:work(?!\w)|home/\w|root/|Users/)|PROJECT_SOURCE_DIR\}/\.\.")
# The thread-safety analysis does not know the standard library's.
PLAIN_MUTEX = re.compile(r"std::(?:\w*mutex|lock_guard|unique_lock|shared_lock|scoped_lock|condition_variable)\b")
UNFIT_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc)(_|$)")


def check_file(root, path):
    name = path.relative_to(root)
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as failure:
        return [f"{name}:1: is not UTF-8 ({failure.reason})"]
    lines = text.split("\n")
    faults = []
    if path.suffix in CPP and len(lines) - 1 > MAX_LINES and name.parts[0] in SOURCES:
        faults.append(f"{name}:{len(lines) - 1}: has more than {MAX_LINES} lines")
    if path.suffix in {".hpp"} and "#pragma once" not in lines:
        faults.append(f"{name}:1: lacks #pragma once")
    if path.suffix == ".h" and "#pragma once" not in lines and not re.search(r"^#ifndef \w+_H\w*$", text, re.M):
        faults.append(f"{name}:1: lacks an include guard")
    if UNFIT_NAMES.search(path.stem) and name.parts[0] in SOURCES:
        faults.append(f"{name}:1: is named by nothing in particular")
    if text and not text.endswith("\n"):
        faults.append(f"{name}:{len(lines)}: does not end with a newline")
    for number, line in enumerate(lines, 1):
        place = f"{name}:{number}"
        if PLAIN_MUTEX.search(line) and name.parts[0] in ("host", "sdk") and name.parts[1] != "foundation":
            faults.append(f"{place}: has a lock that clang does not check; see foundation/mutex.hpp")
        if "\t" in line:
            faults.append(f"{place}: holds a tab")
        if line != line.rstrip(" \r"):
            faults.append(f"{place}: ends with blanks")
        if LEFTOVER.search(line):
            faults.append(f"{place}: holds a {LEFTOVER.search(line).group(1)}")
        if OUTSIDE.search(line):
            faults.append(f"{place}: names a path outside the repository")
    return faults


def dead_links(root):
    """Relative links of the documents that lead nowhere or out of the repository."""
    faults = []
    documents = list(files(root, ["docs"], {".md"})) + [p for p in sorted(root.glob("*.md"))]
    for path in documents:
        text = re.sub(r"```.*?```", lambda m: "\n" * m.group(0).count("\n"), path.read_text(), flags=re.S)
        for match in re.finditer(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", text):
            target = match.group(1)
            if re.match(r"[a-z]+:", target):
                continue
            place = f"{path.relative_to(root)}:{text.count(chr(10), 0, match.start()) + 1}"
            full = (path.parent / target).resolve()
            if root.resolve() not in [full, *full.parents]:
                faults.append(f"{place}: links out of the repository ({target})")
            elif not full.exists():
                faults.append(f"{place}: links to {target}, which is not there")
    return faults


def check(root):
    faults = []
    for path in files(root, (*SOURCES, "tests", "docs", "etc"), TEXTS):
        if path.resolve() != (ROOT / "tests/architecture/tidy.py"):  # it names what it looks for
            faults += check_file(root, path)
    return faults + dead_links(root)


if __name__ == "__main__":
    found = check(ROOT)
    print("\n".join(found))
    sys.exit(1 if found else 0)
