"""Not a test: ./dev bench neighbours runs it on a release build. What a healthy tenant notices of its neighbours: how long its deliveries
take until they are answered, at a modest steady rate, and how many a second it gets of a backlog; alone, and beside each neighbour, in turns. Neighbours on daemons of their own, on the same machine, show what of it is the machine's.
bench.py --build FOLDER [--daemon PATH]... [--store sqlite|postgres] [--daemons 1|2] [--seconds N] [--rounds N] [--only NAME]..."""
import argparse
import contextlib
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import kinds
import surroundings as place

BACKLOG = 20_000
FLOOD_PER_SECOND = 8_000  # of a measurement: more than is delivered in it
SETTLING = 2  # seconds for a neighbour to bite
PATIENCE = 10  # seconds for the last deliveries to arrive; those that do not count as having taken so long
GOAL = 1.10


class Visit:
    """The healthy tenant on daemons of its own, alone until the neighbours move in, or move into other daemons."""

    def __init__(self, arguments, program: pathlib.Path, folder: pathlib.Path, postgres, names: list, apart: bool = False):
        self._arguments = arguments
        self._stack = contextlib.ExitStack()
        self._numbers = itertools.count()
        self.unanswered = 0
        self._receivers = place.Receivers(arguments.build / "bin")
        self._stack.callback(self._receivers.stop)
        known = kinds.Kinds(self._receivers)
        self._stack.callback(known.close)
        every = known.neighbours(int(FLOOD_PER_SECOND * arguments.seconds))
        self._neighbours = [every[name] for name in names]
        self._healthy = known.healthy()
        plugin = arguments.build / "lib/bench-plugins/bench_neighbour.so"
        self._daemons = place.Daemons(program, plugin, folder, postgres, arguments.daemons)
        self._stack.callback(self._daemons.close)
        self._others = self._daemons
        if apart:
            self._others = place.Daemons(program, plugin, folder.with_name(folder.name + "-others"), postgres, arguments.daemons)
            self._stack.callback(self._others.close)
        healthy = [kinds.document("healthy", self._healthy)]
        theirs = [kinds.document(one.tenant, one.destinations) for one in self._neighbours]
        self._daemons.apply(healthy if apart else healthy + theirs)
        if apart:
            self._others.apply(theirs)
        self._tokens = {"healthy": self._daemons.control("token", "issue", "--tenant", "healthy", "--role", "producer")}
        for one in self._neighbours:
            self._tokens[one.tenant] = self._others.control("token", "issue", "--tenant", one.tenant, "--role", "producer")
        self._administrators = {daemons: daemons.control("token", "issue", "--role", "system_admin")
                                for daemons in {self._daemons, self._others}}
        for daemons in self._administrators:
            daemons.start()
        self.latencies(1)  # the first requests are not what is measured

    def close(self) -> None:
        self._stack.close()

    def latencies(self, seconds: float) -> tuple:
        """Of each event, seconds from the moment it was handed in until its delivery was answered, and until its 202; sorted.
        The receiver may have it before its producer has read the 202, so that the latter is no beginning of a time."""
        prefix = f"steady{next(self._numbers)}"
        words = [self._tokens["healthy"], self._arguments.rate, seconds, prefix, *self._daemons.ports]
        output = subprocess.run([sys.executable, place.HERE / "producer.py", *map(str, words)], check=True, text=True,
                                stdout=subprocess.PIPE).stdout
        given, answered = json.loads(output), {}
        end = time.monotonic() + PATIENCE
        while len(answered) < len(given) and time.monotonic() < end:
            answered.update({event: at for event, at in self._receivers.steady.ask("/times").items() if event in given})
            time.sleep(0.1)
        self.unanswered = len(given) - len(answered)
        return (sorted(answered.get(event, handed_in + seconds + PATIENCE) - handed_in for event, (handed_in, _) in given.items()),
                sorted(accepted - handed_in for handed_in, accepted in given.values()))

    def throughput(self, neighbours_go=lambda: None) -> float:
        """Of a backlog that may go when the clock starts, deliveries a second, until it is gone or the time is up."""
        bulk, receiver = self._healthy[1], self._receivers.bulk
        self._limit(bulk, "healthy", kinds.GATED, self._daemons)
        self._daemons.publish("healthy", self._tokens["healthy"], "bulk.item", BACKLOG, f"bulk{next(self._numbers)}")
        neighbours_go()
        before = receiver.bench_requests()
        self._limit(bulk, "healthy", 0, self._daemons)
        start, seen = time.monotonic(), 0
        while seen < BACKLOG * 0.95 and time.monotonic() < start + self._arguments.seconds:
            time.sleep(0.02)
            seen = receiver.bench_requests() - before
        return seen / (time.monotonic() - start)

    def neighbours_arrive(self) -> None:
        for one in self._neighbours:
            self._others.publish(one.tenant, self._tokens[one.tenant], "bad.event", one.events, "bad")
        time.sleep(SETTLING)

    def open_gates(self) -> None:
        for one in self._neighbours:
            if one.gated:
                for destination in one.destinations:
                    self._limit(destination, one.tenant, 0, self._others)

    def _limit(self, destination: dict, tenant: str, per_second: float, daemons: place.Daemons) -> None:
        daemons.limit_rate(destination, self._administrators[daemons], tenant, per_second)


def quantile(sorted_values: list, part: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(part * len(sorted_values)))] * 1_000


def summary(latencies: tuple) -> list:
    """p50, p95 and p99 until answered, p95 until accepted."""
    answered, accepted = latencies
    return [*(quantile(answered, part) for part in (0.5, 0.95, 0.99)), quantile(accepted, 0.95)]


class Measurements:
    """What the rounds saw, by build and neighbour."""

    def __init__(self, arguments, folder: pathlib.Path, postgres):
        self._arguments, self._folder, self._postgres = arguments, folder, postgres
        self.latencies: dict = {}
        self.rates: dict = {}
        self._visits = itertools.count()

    @contextlib.contextmanager
    def _visit(self, program: pathlib.Path, names: list, apart: bool = False):
        visit = Visit(self._arguments, program, self._folder / f"visit{next(self._visits)}", self._postgres, names, apart)
        try:
            yield visit
        finally:
            visit.close()

    def steady(self, program: pathlib.Path, label: str, names: list) -> None:
        with self._visit(program, names) as visit:
            alone = summary(visit.latencies(self._arguments.seconds))
            visit.neighbours_arrive()
            visit.open_gates()
            beside = summary(visit.latencies(self._arguments.seconds))
            unanswered = visit.unanswered
        apart = self._apart(program, names) if names and self._arguments.apart else None
        self.latencies.setdefault((program, label), []).append((alone, beside, unanswered, apart))
        self._tell(program, label, "p50, p95, p99, p95 until 202 ms", alone, beside, *([apart] if apart else []))

    def _apart(self, program: pathlib.Path, names: list) -> list:
        with self._visit(program, names, apart=True) as visit:
            visit.neighbours_arrive()
            visit.open_gates()
            return summary(visit.latencies(self._arguments.seconds))

    def saturated(self, program: pathlib.Path, label: str, names: list) -> None:
        with self._visit(program, names) as visit:
            alone = visit.throughput()
            visit.neighbours_arrive()
            beside = visit.throughput(visit.open_gates)
            self.rates.setdefault((program, label), []).append((alone, beside, alone / (1 + len(names))))
        self._tell(program, label, "deliveries/s", [alone], [beside])

    def _tell(self, program, label, what, *seen: list) -> None:
        told = "; ".join(f"{how} " + ", ".join(f"{value:.1f}" for value in values)
                         for how, values in zip(("alone", "beside", "on other daemons"), seen))
        print(f"{time.strftime('%H:%M:%S')} load {os.getloadavg()[0]:.1f} {program} {label}: {what}: {told}",
              file=sys.stderr, flush=True)


def median(values) -> float:
    return statistics.median(values)


def show(measurements: Measurements, arguments, labels: list) -> None:
    for program in arguments.daemon:
        print(f"\n{program}: {arguments.store}, {arguments.daemons} daemon(s), {arguments.rounds} round(s) of {arguments.seconds} s, "
              f"{arguments.rate:g} events/s; medians of the rounds. Goal: p95 within {GOAL:.2f} of alone, at least the fair share\n")
        print("| beside | alone: p50, p95, p99 ms | beside: p50, p95, p99 ms | on other daemons | p95 to alone | to on other daemons "
              "| p95 until 202: alone, beside | unanswered | alone /s | beside /s | to fair share | goal |")
        print("|---|---|---|---|---|---|---|---|---|---|---|---|")
        for label in labels:
            rounds, rates = measurements.latencies.get((program, label), []), measurements.rates.get((program, label), [])
            alone, beside, apart = (
                ", ".join(f"{median(one[column][i] for one in rounds):.1f}" for i in range(3)) if rounds and rounds[0][column] else "-"
                for column in (0, 1, 3))
            until_202 = ", ".join(f"{median(one[side][3] for one in rounds):.1f}" for side in (0, 1)) if rounds else "-"
            ratio = median(one[1][1] / max(one[0][1], 0.001) for one in rounds) if rounds else None
            to_apart = f"{median(one[1][1] / max(one[3][1], 0.001) for one in rounds):.2f}" if rounds and rounds[0][3] else "-"
            share = median(one[1] / max(one[2], 0.001) for one in rates) if rates else None
            met = (ratio is None or ratio <= GOAL) and (share is None or share >= 1)
            print(f"| {label} | {alone} | {beside} | {apart} | {'-' if ratio is None else f'{ratio:.2f}'} | {to_apart} | {until_202} | {sum(one[2] for one in rounds)} | "
                  + (f"{median(one[0] for one in rates):.0f} | {median(one[1] for one in rates):.0f} | {share:.2f}" if rates else "- | - | -")
                  + f" | {'met' if met else 'missed'} |", flush=True)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--daemon", type=pathlib.Path, action="append", help="integrationsd of another build; may be repeated")
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--daemons", type=int, choices=[1, 2], default=1)
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    parser.add_argument("--rate", type=float, default=100, help="events a second of the healthy tenant")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", help="a neighbour, or 'nobody', or 'all'; may be repeated")
    parser.add_argument("--apart", action="store_true", help="also with the neighbours on daemons of their own on this machine")
    parser.add_argument("--what", help="is measured", choices=["both", "latency", "throughput"], default="both")
    arguments = parser.parse_args()
    if arguments.daemons == 2 and arguments.store == "sqlite":
        parser.error("two daemons share a PostgreSQL, no SQLite file")
    arguments.build = arguments.build.resolve()
    arguments.daemon = [path.resolve() for path in arguments.daemon or [arguments.build / "bin/integrationsd"]]
    return arguments


NAMES = ["slow", "refusing", "silent", "flooding", "throttling", "spinning plugin", "hanging secrets", "shared origin"]


def main() -> int:
    arguments = parsed()
    cases = {"nobody": [], **{name: [name] for name in NAMES}, "all": NAMES}
    if arguments.only:
        cases = {label: names for label, names in cases.items() if label in arguments.only}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="opi-neighbours-", dir="/var/tmp") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # the database server is another user
        postgres = None
        if arguments.store == "postgres":
            postgres = place.Postgres(folder / "postgres")
            stack.callback(postgres.stop)
        measurements = Measurements(arguments, folder, postgres)
        try:
            for _ in range(arguments.rounds):
                for label, names in cases.items():
                    for program in arguments.daemon:
                        if arguments.what != "throughput":
                            measurements.steady(program, label, names)
                        if arguments.what != "latency":
                            measurements.saturated(program, label, names)
        finally:
            show(measurements, arguments, list(cases))
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")
    return 0


if __name__ == "__main__":
    sys.exit(main())
