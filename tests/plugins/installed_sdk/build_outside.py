"""Builds plugins outside of the tree against the installed SDK and has the daemon's probe try them."""
import argparse
import pathlib
import re
import shutil
import subprocess

C_PLUGIN = """
cmake_minimum_required(VERSION 3.25)
project(plain C)
find_package(opi-sdk 1.0 REQUIRED)
opi_add_plugin(plain MANIFEST manifest.json SOURCES good.c)
"""


def run(*command: object) -> str:
    print("+", *command, flush=True)
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout, flush=True)
    if done.returncode != 0:
        raise SystemExit(f"exit status {done.returncode}")
    return done.stdout


def build(cmake: str, folder: pathlib.Path, prefix: pathlib.Path) -> None:
    run(cmake, "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    run(cmake, "--build", folder / "build")


def expect_good(probe: str, plugin: pathlib.Path, component: str) -> None:
    report = run(probe, plugin, "test", "1", f"{component}=opi.component/1,opi.adapter.http/1")
    if "fault" in report or not report.rstrip().endswith("done"):
        raise SystemExit(f"the probe has something against {plugin}")
    exported = run("nm", "-D", "--defined-only", plugin).split()
    if exported[2:] != ["opi_plugin_entry_v1"]:
        raise SystemExit(f"{plugin} exports {exported}")


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("cmake", "build", "source", "work", "probe"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    source, work = pathlib.Path(options.source), pathlib.Path(options.work)
    shutil.rmtree(work, ignore_errors=True)
    prefix, hello, plain = work / "prefix", work / "hello", work / "plain"
    hello.mkdir(parents=True)
    plain.mkdir()
    run(options.cmake, "--install", options.build, "--component", "sdk", "--prefix", prefix)

    document = (source / "docs/writing-an-adapter.md").read_text()
    blocks = dict(re.findall(r"```(cmake|json|cpp)\n(.*?)```", document, re.S))
    (hello / "CMakeLists.txt").write_text(blocks["cmake"])
    (hello / "manifest.json").write_text(blocks["json"])
    (hello / "hello.cpp").write_text(blocks["cpp"])
    build(options.cmake, hello, prefix)
    expect_good(options.probe, hello / "build/hello.so", "hello")

    (plain / "CMakeLists.txt").write_text(C_PLUGIN)
    (plain / "manifest.json").write_text(blocks["json"])
    for name in ("good.c", "base.h"):
        shutil.copy(source / "tests/plugins/bad" / name, plain)
    build(options.cmake, plain, prefix)
    expect_good(options.probe, plain / "build/plain.so", "hello")

    # A manifest with a fault stops the configuration and says where.
    (hello / "manifest.json").write_text(blocks["json"].replace('"adapter"', '"adaptor"'))
    refused = subprocess.run([options.cmake, "-S", hello, "-B", hello / "refused", f"-DCMAKE_PREFIX_PATH={prefix}"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if refused.returncode == 0 or "components[0].kind" not in refused.stdout:
        raise SystemExit("a faulty manifest was not refused:\n" + refused.stdout)


if __name__ == "__main__":
    main()
