"""Not a test: ./dev bench-inbound runs it on a release build. What one client that behaves notices of others that do not: its
answers alone, and beside each kind of them. bench.py --build FOLDER [--seconds N]"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PIPELINING = """

request = function() return string.rep(wrk.format("GET", "/api/v1/session"), 16) end
"""


class Daemon:
    """integrationsd on SQLite, with the limits of its defaults."""

    def __init__(self, programs: pathlib.Path, folder: pathlib.Path):
        configuration = folder / "conf"
        plugins = folder / "plugins"
        plugins.mkdir()
        configuration.write_text(
            f"[general]\nenvironment=test\nstate_directory={folder}\n[log]\nfile={folder}/log\n[plugins]\ndirectory={plugins}\n"
            "[api]\nport=0\nrequests_per_second=1000000\nrequest_burst=1000000\n[status]\nport=0\n")
        configuration.chmod(0o600)
        control = [programs / "integrationsctl", "--config", configuration]
        self.token = subprocess.run([*control, "token", "issue", "--role", "system_admin"], check=True, text=True,
                                    stdout=subprocess.PIPE).stdout.strip()
        self.process = subprocess.Popen([programs / "integrationsd", "--config", configuration])
        self.port = self._started(folder / "log")

    def _started(self, log: pathlib.Path) -> int:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in log.read_text().splitlines() if log.exists() else []:
                if '"daemon.started"' in line:
                    return json.loads(line)["api_port"]
            time.sleep(0.05)
        raise SystemExit("integrationsd did not start")

    def processor_seconds(self) -> float:
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(90)


def kinds(port: int, seconds: int, folder: pathlib.Path) -> dict:
    """What runs beside the client, by name."""
    pipelining = folder / "pipelining.lua"
    pipelining.write_text(PIPELINING)
    site = f"http://127.0.0.1:{port}"
    slow = ["slowhttptest", "-c", "240", "-r", "240", "-l", str(seconds), "-p", "3"]
    own = [sys.executable, str(HERE / "rude.py"), str(port), str(seconds)]
    return {
        "alone": None,
        "slow headers (slowhttptest -H)": [*slow, "-H", "-i", "2", "-u", site + "/"],
        "slow bodies (slowhttptest -B)": [*slow, "-B", "-i", "2", "-s", "8192", "-u", site + "/api/v1/session"],
        "slow readers (slowhttptest -X)": [*slow, "-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3",
                                           "-u", site + "/api/v1/openapi.json"],
        "100 that pipeline and read nothing": [*own, "deaf"],
        "8 streams of empty lines": [*own, "lines"],
        "64 that pipeline and read (wrk)": ["wrk", "-t", "1", "-c", "64", "-d", str(seconds), "-s", str(pipelining), site],
        "alone again": None,
    }


def quantile(sorted_times: list, part: float) -> float:
    return sorted_times[min(len(sorted_times) - 1, int(part * len(sorted_times)))] * 1_000


def measure(daemon: Daemon, beside: list | None, seconds: int) -> dict:
    rude = subprocess.Popen(beside, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) if beside else None
    time.sleep(1)  # they begin first
    before = daemon.processor_seconds()
    honest = [sys.executable, HERE / "honest.py", str(daemon.port), daemon.token, str(seconds - 2)]
    seen = json.loads(subprocess.run(honest, check=True, text=True, stdout=subprocess.PIPE).stdout)
    seen["processor"] = (daemon.processor_seconds() - before) / (seconds - 2)
    if rude:
        rude.terminate()
        rude.wait(30)
        time.sleep(2)
    seen["took"].sort()
    return seen


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, default=12)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="opi-inbound-") as name:
        folder = pathlib.Path(name)
        daemon = Daemon(arguments.build.resolve() / "bin", folder)
        try:
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
            print("| beside it | answers | failed | median | p99 | p99 to alone | longest | daemon's processor |")
            print("|---|---|---|---|---|---|---|---|")
            alone = None
            for what, beside in kinds(daemon.port, arguments.seconds, folder).items():
                seen = measure(daemon, beside, arguments.seconds)
                took = seen["took"]
                p99 = quantile(took, 0.99)
                alone = alone or p99
                print(f"| {what} | {len(took)} | {seen['failed']} | {quantile(took, 0.5):.1f} ms | {p99:.1f} ms | "
                      f"{p99 / alone:.1f} | {took[-1] * 1000:.0f} ms | {seen['processor']:.2f} |", flush=True)
        finally:
            daemon.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
