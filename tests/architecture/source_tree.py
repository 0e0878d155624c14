"""Finds and reads the project's sources, for the checks of this folder."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
CPP = {".cpp", ".hpp", ".h", ".c"}

COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s"]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)


def files(root, folders, suffixes):
    """Every file below root/<folder> with one of the suffixes, sorted; fixtures and builds are left out."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root).parts
            if path.is_file() and path.suffix in suffixes and "fixtures" not in inside and "build" not in inside:
                yield path


def without_comments_and_strings(text):
    """The same text, lines kept, with comments blanked and literals emptied."""
    def blank(match):
        found = match.group(0)
        kept = "\n" * found.count("\n")
        return kept if found.startswith("/") else '""' + kept
    return COMMENT_OR_STRING.sub(blank, text)


def without_comments(text):
    """The same text, lines kept, with comments blanked; strings stay."""
    return COMMENT_OR_STRING.sub(
        lambda m: "\n" * m.group(0).count("\n") if m.group(0).startswith("/") else m.group(0), text)
