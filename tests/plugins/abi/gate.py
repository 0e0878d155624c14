"""Holds the ABI as a plugin of minor 0 sees it against the frozen one, without suppressions, and shows that this notices.

abi_1_0.xml is what abidw said of witness_1_0.c when 1.0 was released; it never changes:
  gate.py --freeze makes it anew, for the day on which a new minor is frozen beside it.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
HEADER = HERE.parents[2] / "sdk/include"
FROZEN = HERE / "abi_1_0.xml"

# What a careless change might do to the header: what it was, and what it becomes.
CHANGES = {
    "a renamed member": ("opi_str timestamp; ", "opi_str when; "),
    "a narrowed member": ("uint64_t retry_after_ms; /*", "uint32_t retry_after_ms, more; /*"),
    "a member in the middle": ("uint32_t attempt; /*", "uint32_t attempt, try_; /*"),
    "an appended member without its minor": ("uint64_t now_unix_ms;     /*", "uint64_t now_unix_ms, late; /*"),
    "another value of an enumerator": ("OPI_V_REJECT = 3", "OPI_V_REJECT = 9"),
    "an enumerator that is gone": ("OPI_E_TOO_LARGE = -10,", ""),
    "another argument of a slot": ("opi_status (*body)(void *impl, opi_bytes body)", "opi_status (*body)(void *impl, opi_str body)"),
    "another result of a slot": ("void (*destroy)(void *instance)", "int (*destroy)(void *instance)"),
    "an inserted slot": ("void (*shutdown)(void *plugin) OPI_NX;", "void (*pause)(void *plugin) OPI_NX; void (*shutdown)(void *plugin) OPI_NX;"),
}


def tool(name):
    found = shutil.which(name)
    if not found:
        sys.exit(f"{name} is missing: install the package abigail-tools")
    return found


def witness(compiler, include, folder, name="witness"):
    library = folder / f"{name}.so"
    subprocess.run([compiler, "-std=c11", "-g", "-O0", "-fPIC", "-shared", "-fvisibility=hidden", "-DOPI_TARGET_MINOR=0",
                    "-I", include, "witness_1_0.c", "-o", library], check=True, cwd=HERE)
    return library


def compare(library):
    """The exit status of abidiff, whose bit 4 is "the ABI changed", and what it says."""
    done = subprocess.run([tool("abidiff"), "--harmless", "--no-corpus-path", FROZEN, library], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    return done.returncode, done.stdout


def changed_header(old, new, folder):
    """A copy of the SDK's headers with one change, and without the assertions that would stop most of them at once."""
    copy = folder / "include"
    shutil.copytree(HEADER, copy)
    header = copy / "opi/abi.h"
    text = header.read_text()
    if text.count(old) != 1:
        sys.exit(f"{old!r} is {text.count(old)} times in opi/abi.h: correct the list of changes")
    start = text.index("#define OPI_LAYOUT")
    end = text.index("\n", text.index("\n", start) + 1)
    text = text[:start] + "#define OPI_LAYOUT(T, last, bytes) extern int opi_layout_not_checked" + text[end:]
    header.write_text(text.replace(old, new))
    return copy


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("--freeze", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        library = witness(options.compiler, HEADER, scratch)
        if options.freeze:
            return subprocess.run([tool("abidw"), "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--out-file", FROZEN,
                                   library], check=True).returncode
        status, said = compare(library)
        if status != 0:
            sys.exit(f"ABI 1.0 is not what it was (abidiff: {status}):\n{said}")
        for what, (old, new) in CHANGES.items():
            folder = scratch / what.replace(" ", "_")
            folder.mkdir()
            status, said = compare(witness(options.compiler, changed_header(old, new, folder), folder))
            if not status & 4 or status & 3:
                sys.exit(f"{what} goes unnoticed (abidiff: {status}):\n{said}")
            print(f"{what}: noticed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
