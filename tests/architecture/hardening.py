"""What the compiler and the linker did against faults, as it stands in a program or a plugin. See sdk/cmake/opi_hardening.cmake."""
import pathlib
import re
import subprocess

# In the record of a unit's switches. Which macros were set is not recorded; those show in what is called.
SWITCHES = ("-fstack-protector-strong", "-fstack-clash-protection", "-ftrivial-auto-var-init=zero",
            "-fcf-protection=full|-mbranch-protection=standard")
CALLS = {
    "__stack_chk_fail": "checks no stack frame",
    r"_ZSt21__glibcxx_assert_fail\w*": "checks no access of the standard library",
    r"__(?!stack)\w+_chk": "checks no library call",
}


def readelf(path, *options):
    return subprocess.run(["readelf", "-W", *options, path], check=True, capture_output=True, text=True).stdout


def switches(path):
    """Of each unit: its name and the switches it was compiled with, as the compiler recorded them."""
    text = readelf(path, "--debug-dump=info", "--dwarf-depth=1")
    units = re.split(r"Compilation Unit @", text)[1:]
    for unit in units:
        producer = re.search(r"DW_AT_producer.*?: (GNU C.*)", unit)
        name = re.search(r"DW_AT_name.*?: (?:\(.*?\): )?(\S+)\s*$", unit, re.M)
        if producer:
            yield name.group(1) if name else "?", producer.group(1)


def faults(path, is_program):
    found = []
    header, dynamic = readelf(path, "-hl"), readelf(path, "-d")
    symbols = set(re.findall(r"\s(\w+)(?:@\S+)?(?: \(\d+\))?$", readelf(path, "--dyn-syms"), re.M))
    if is_program and not ("Type:" in header and "DYN" in header and "PIE" in dynamic):
        found.append("is no position-independent program")
    if "BIND_NOW" not in dynamic and not re.search(r"FLAGS.*NOW", dynamic):
        found.append("binds functions at their first call")
    if "GNU_RELRO" not in header:
        found.append("leaves its tables writable")
    if not re.search(r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW\s", header):
        found.append("has an executable stack")
    if re.search(r"LOAD.* RWE ", header):
        found.append("has memory that can be written and executed")
    if "TEXTREL" in dynamic:
        found.append("writes into its code when it is loaded")
    for call, what in CALLS.items():
        if not any(re.fullmatch(call, symbol) for symbol in symbols):
            found.append(what)
    units = list(switches(path))
    if not units:
        found.append("has no record of how it was compiled")
    for unit, switches_of_it in units:
        for switch in SWITCHES:
            if not any(one in switches_of_it.split() for one in switch.split("|")):
                found.append(f"{pathlib.Path(unit).name} was compiled without {switch}")
    return found
