"""Holds every #include below host/ and sdk/tool/ against the table of module edges and the list of library bans."""
import re
import sys

from source_tree import CPP, ROOT, files, without_comments

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)

# A header whose name begins so may be included by these modules alone; the first line that matches decides.
LIBRARY_BANS = [
    ("Poco/Data/PostgreSQL/", {"postgres"}),
    ("Poco/Data/SQLite/", {"sqlite"}),
    ("Poco/Data/", {"postgres", "sqlite"}),
    ("Poco/Net/", {"api"}),
    ("Poco/Util/", {"daemon", "ctl"}),
    ("libpq-fe.h", {"postgres"}),
    ("libpq/", {"postgres"}),
    ("postgresql/", {"postgres"}),
    ("sqlite3.h", {"sqlite"}),
    ("boost/dll", {"plugins"}),
    ("boost/asio", {"egress", "runtime", "daemon"}),
    ("boost/beast", {"egress", "runtime", "daemon"}),
    ("boost/program_options", {"configuration", "daemon", "ctl"}),
    ("systemd/", {"runtime"}),
    ("prometheus/", {"telemetry"}),
    ("re2/", {"filtering"}),
    ("opi/", {"plugins"}),
]
PURE_MODULES = {"domain"}  # the standard library and nothing else
FOREIGN = re.compile(r"^(Poco|boost|openssl|sqlite3|libpq|postgresql|prometheus|systemd|opi)\b|^(sys|unistd|fcntl)")


def table_from_text(path):
    table = {}
    for line in path.read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            module, _, allowed = line.partition(":")
            table[module.strip()] = set(allowed.split())
    return table


def table_from_markdown(text):
    """The table whose header row is `| module | … | may include |`; None if there is none."""
    rows = [[cell.strip().replace("`", "") for cell in line.strip().strip("|").split("|")]
            for line in text.splitlines() if line.lstrip().startswith("|")]
    for at, row in enumerate(rows):
        lowered = [cell.lower() for cell in row]
        if "module" in lowered and "may include" in lowered:
            name, allowed = lowered.index("module"), lowered.index("may include")
            table = {}
            for cells in rows[at + 2:]:
                if len(cells) != len(row):
                    break
                words = set(re.findall(r"[a-z]+", cells[allowed])) - {"nothing", "of", "ours"}
                for module in re.findall(r"[a-z]+", cells[name]):
                    table[module] = words
            return table
    return None


def sources(root):
    """Every source with its module: a folder of host/, or the SDK's tool."""
    for path in files(root, ["host"], CPP):
        yield path, path.relative_to(root / "host").parts[0]
    for path in files(root, ["sdk/tool"], CPP):
        yield path, "tool"


def check(root, table):
    """Faults as "path:line: what"."""
    faults = []
    for path, module in sources(root):
        where = path.relative_to(root)
        if module not in table:
            faults.append(f"{where}:1: module {module} is not in the table of edges")
            continue
        text = without_comments(path.read_text(errors="replace"))
        for match in INCLUDE.finditer(text):
            place = f"{where}:{text.count(chr(10), 0, match.start()) + 1}"
            quote, name = match.groups()
            first = name.split("/")[0]
            if ".." in name.split("/"):
                faults.append(f"{place}: {name} leaves its folder")
            if first in table and "/" in name:
                if first != module and first not in table[module]:
                    faults.append(f"{place}: {module} may not include {first} ({name})")
                continue
            own = module == "tool" and (root / "sdk/tool" / name).exists()
            if quote == '"' and "/" in name and not own:
                faults.append(f"{place}: {name} is of no module in the table of edges")
            if module in PURE_MODULES and FOREIGN.match(name):
                faults.append(f"{place}: {module} may include the standard library only ({name})")
                continue
            for prefix, allowed in LIBRARY_BANS:
                if name.startswith(prefix):
                    if module not in allowed:
                        faults.append(f"{place}: only {', '.join(sorted(allowed))} may include {prefix} ({name})")
                    break
    return faults


def cycles(table):
    """Modules that reach themselves."""
    def reach(module, seen):
        for other in table.get(module, ()):
            if other not in seen:
                seen.add(other)
                reach(other, seen)
        return seen
    return sorted(module for module in table if module in reach(module, set()))


def markdown_of(table):
    rows = "".join(f"| `{module}` | {' '.join(sorted(allowed)) or 'nothing of ours'} |\n" for module, allowed in table.items())
    return "| module | may include |\n|---|---|\n" + rows


if __name__ == "__main__":
    if "--markdown" in sys.argv:  # the table for docs/architecture.md
        sys.exit(print(markdown_of(table_from_text(ROOT / "tests/architecture/edges.txt")), end=""))
    found = check(ROOT, table_from_text(ROOT / "tests/architecture/edges.txt"))
    print("\n".join(found))
    sys.exit(1 if found else 0)
