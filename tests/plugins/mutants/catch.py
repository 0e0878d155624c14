"""Has opi-plugin check judge plugins with one thing wrong: each must be caught by the check it is named after, alone."""
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

CHECKS = ["static", "load", "contract", "purity", "hostile", "fuzz", "secrets", "tenant"]
# What a finding must name besides.
WORDS = {
    "static_binds_lazily": "RELRO",
    "load_dies_at_exit": "died of signal 6",
    "contract_throws_for_wrong_config": "what is this?",
    "contract_reads_beyond_a_view": "died of signal 11",
    "contract_refuses_when_isolated": "takes it, but in a process of its own refuses it: where are the programs?",
    "purity_counts": "do not always give the same result",
    "purity_reads_the_clock": "clock_gettime",
    "purity_reads_the_environment": "getenv",
    "purity_opens_a_file": "openat",
    "purity_opens_a_socket": "socket",
    "hostile_trusts_retry_after": "OPI_E_EXCEPTION",
    "hostile_descends_without_end": "64 KiB of '['",
    "fuzz_dies_of_a_rare_status": "status 451",
    "secrets_logs_the_endpoint": "the log holds the endpoint's token",
    "secrets_quotes_the_endpoint": "the detail of a verdict holds the endpoint's token",
    "secrets_keeps_the_endpoint": "writable memory",
    "tenant_gives_to_anybody": "its value, before it was asked for",
    "tenant_remembers_for_all": "its value, after it was given to the tenant that it is for",
}
# In a process of its own a mutant dies where another check would have found it; these are wrong there alone, and then
# all that they are asked to do there differs.
ISOLATED = {"right": [], "right_provider": [], "tenant_gives_to_anybody": ["tenant"],
            "contract_refuses_when_isolated": ["contract", "hostile", "fuzz"]}


def check(program, plugin, scratch):
    """The exit code, the report, and the same from JUnit's file."""
    report, junit = scratch / "report.json", scratch / "junit.xml"
    cases = "2000" if plugin.stem.startswith("fuzz") else "100"
    isolation = "both" if plugin.stem in ISOLATED else "in_process"
    done = subprocess.run([program, "check", plugin, "--json", report, "--junit", junit, "--cases", cases, "--isolation", isolation],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{plugin}: exit code {done.returncode}: {done.stdout}")
    return done.returncode, json.loads(report.read_text())["checks"], xml.etree.ElementTree.parse(junit).getroot()


def judge(program, plugin, expected, word, scratch):
    code, checks, junit = check(program, plugin, scratch)
    failed = [c["name"] for c in checks if c["state"] == "failed"]
    faults = []
    if [c["name"] for c in checks] != CHECKS:
        faults.append(f"ran {checks}")
    if failed != expected or code != (1 if expected else 0):
        faults.append(f"exit code {code}, failed {failed} instead of {expected}")
    found = json.dumps([c["findings"] for c in checks])
    if word not in found:
        faults.append(f"no finding says {word!r}")
    if any(not f["remedy"] for c in checks for f in c["findings"]):
        faults.append("a finding has no remedy")
    if [case.get("name") for case in junit if case.find("failure") is not None] != expected:
        faults.append("JUnit's file says something else")
    return [f"{plugin.name}: {fault}: {found}" for fault in faults]


def main():
    program, folder = (pathlib.Path(a) for a in sys.argv[1:])
    built = {path.stem for path in folder.glob("*.so")}
    rights = {"right", "right_provider"}
    if built != set(WORDS) | rights:
        sys.exit(f"there are other mutants than this test knows: {built ^ (set(WORDS) | rights)}")
    missing = set(CHECKS) - {name.split("_")[0] for name in WORDS}
    if missing:
        sys.exit(f"no mutant shows that these checks can fail: {missing}")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        faults = [fault for name in sorted(rights) for fault in judge(program, folder / f"{name}.so", [], "", scratch)]
        for name, word in WORDS.items():
            faults += judge(program, folder / f"{name}.so", ISOLATED.get(name, [name.split("_")[0]]), word, scratch)
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()
