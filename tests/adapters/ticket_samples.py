"""Every sample configuration is played by golden cases, <sample>_*.json, that have exactly it."""
import json
import pathlib
import sys

plugin = pathlib.Path(sys.argv[1])
samples = sorted((plugin / "samples").glob("*.json"))
if len(samples) < 2:
    raise SystemExit("there are fewer than two samples")
for sample in samples:
    cases = sorted((plugin / "golden").glob(f"{sample.stem}_*.json"))
    config = json.loads(sample.read_text())
    different = [case.name for case in cases if json.loads(case.read_text())["config"] != config]
    if not cases or different:
        raise SystemExit(f"{sample.name}: {len(cases)} cases, with another configuration: {different}")
    print(f"{sample.name}: {len(cases)} cases")
