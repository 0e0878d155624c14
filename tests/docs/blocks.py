"""The fenced blocks of the documents, and what holds each: a block of a language that nothing checks is a fault."""
import configparser
import json
import pathlib
import re

import jsonschema

ROOT = pathlib.Path(__file__).parents[2]
FENCE = re.compile(r"^(<!-- (?P<mark>.*?) -->\n)?```(?P<language>[a-z]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
# Blocks that a test of their own takes out of the document: it is named here.
HELD_ELSEWHERE = {
    ("docs/webhook.md", "python"): "tests/clients/vectors_test.py",
    ("docs/operations.md", "sql"): "tests/docs/postgres_node.py",
    ("docs/kubernetes.md", "yaml"): "tests/kubernetes/manifests_test.py",
    ("docs/kubernetes.md", "sh"): "tests/kubernetes/document_test.py",
    ("docs/secret-stores.md", "sh"): "tests/kubernetes/document_test.py",
}


def documents():
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text):
    for found in FENCE.finditer(text):
        yield found["language"], found["mark"] or "", found["text"]


def section(text, heading):
    """From that heading to the next one of its level."""
    after = text.split(f"\n{heading}\n", 1)[1]
    return re.split(f"^{heading.split()[0]} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def run_documents():
    """Those that tests/docs/CMakeLists.txt has run."""
    lists = (ROOT / "tests" / "docs" / "CMakeLists.txt").read_text()
    return set(re.findall(r"^opi_document_test\(\w+ (\S+)", lists, re.MULTILINE))


def schema(name):
    api = json.loads((ROOT / "host" / "api" / "openapi.json").read_text())
    return {"$ref": f"#/components/schemas/{name}", "components": api["components"]}


def judge_destination(sample):
    """Throws unless API and adapter would take it. What only a provisioning document has goes before."""
    sample = dict(sample)
    for own in ("credentials", "destination_id", "policy"):
        sample.pop(own, None)
    jsonschema.validate(sample, schema("DestinationCreation"))
    manifest = json.loads((ROOT / "plugins" / sample["adapter"] / "manifest.json").read_text())
    adapter = next(one for one in manifest["components"] if one["id"] == sample["adapter"])
    jsonschema.validate(sample.get("config", {}), adapter["config_schema"])


def judge_json(text):
    """Throws unless it is JSON, and what it describes is as the API has it."""
    value = json.loads(text)
    for tenant in value.get("tenants", []):
        jsonschema.validate(tenant["policy"], schema("PolicyOverride"))
        for destination in tenant["destinations"]:
            jsonschema.validate(destination.get("policy", {}), schema("PolicyOverride"))
            judge_destination(destination)
    if "adapter" in value:
        judge_destination(value)
    if "scheme" in value:
        jsonschema.validate(value, schema("AuthorizationSetting"))


def known_keys():
    """Of the shipped configuration, which a test holds against the program: by section, those in comments as well."""
    keys, section = {}, ""
    for line in (ROOT / "etc" / "integrationsd.conf").read_text().splitlines():
        if found := re.match(r"\[(.+)\]$", line):
            section = found[1]
        elif found := re.match(r"#?([a-z_0-9]+)=", line):
            keys.setdefault(section, set()).add(found[1])
    return keys


def judge_ini(text):
    """Throws unless it is a configuration of known sections and keys."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.read_string(text)
    for section in parser.sections():
        for key in parser[section]:
            if key not in known_keys()[section]:
                raise KeyError(f"{section}.{key}")


JUDGES = {"json": judge_json, "ini": judge_ini}


def fault(document, language, mark, text):
    """Why nothing holds this block, or what is wrong with it; None if all is well."""
    runs = document in run_documents() or (document, "sh") in HELD_ELSEWHERE
    if mark.startswith("file: ") or language == "sh":
        return None if runs or mark.startswith("not run: ") else "no test runs this document"
    if language == "" or (document, language) in HELD_ELSEWHERE:
        return None
    if language not in JUDGES:
        return f"nothing checks {language}"
    try:
        JUDGES[language](text)
    except (ValueError, jsonschema.ValidationError, OSError, StopIteration, KeyError, configparser.Error) as error:
        return str(error).splitlines()[0]
    return None
