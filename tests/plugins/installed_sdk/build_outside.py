"""Builds plugins outside of the tree against the installed SDK, in C++, C and Rust, and has its opi-plugin prove them."""
import argparse
import pathlib
import re
import shutil
import subprocess


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


def expect_good(prefix: pathlib.Path, plugin: pathlib.Path) -> None:
    run(prefix / "bin/opi-plugin", "check", plugin, "--cases", "200")


def in_rust(folder: pathlib.Path, prefix: pathlib.Path) -> None:
    rustc = shutil.which("rustc")
    if not rustc:
        print("no rustc: the plugin in Rust is left out", flush=True)
        return
    plugin = folder / "rusty.so"
    run(rustc, "--edition", "2021", "--crate-type", "cdylib", "-O", folder / "rusty.rs", "-o", plugin)
    plugin.chmod(0o755)
    expect_good(prefix, plugin)


def from_template(folder: pathlib.Path, prefix: pathlib.Path) -> None:
    """What `opi-plugin new` makes, by the commands of its own file for CI."""
    run(prefix / "bin/opi-plugin", "new", "siren", "--directory", folder)
    commands = re.findall(r"^    - (.*)$", (folder / ".gitlab-ci.yml").read_text(), re.M)
    if not any(command.startswith("ctest ") for command in commands):
        raise SystemExit(f"the file for CI runs no tests: {commands}")
    for command in commands:
        run("env", f"CMAKE_PREFIX_PATH={prefix}", "sh", "-c", f"cd '{folder}' && {command}")


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("cmake", "build", "source", "work"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    source, work = pathlib.Path(options.source), pathlib.Path(options.work)
    shutil.rmtree(work, ignore_errors=True)
    prefix, hello, plain, rust = work / "prefix", work / "hello", work / "plain_c", work / "rust"
    hello.mkdir(parents=True)
    for folder in (plain, rust):
        shutil.copytree(source / "tests/plugins/installed_sdk" / folder.name, folder)
    run(options.cmake, "--install", options.build, "--component", "sdk", "--prefix", prefix)

    document = (source / "docs/writing-an-adapter.md").read_text()
    blocks = dict(re.findall(r"<!-- file: hello/(\S+) -->\n```[a-z]+\n(.*?)```", document, re.S))
    (hello / "CMakeLists.txt").write_text(blocks["CMakeLists.txt"])
    (hello / "manifest.json").write_text(blocks["manifest.json"])
    (hello / "hello.cpp").write_text(blocks["hello.cpp"])
    build(options.cmake, hello, prefix)
    expect_good(prefix, hello / "build/hello.so")
    build(options.cmake, plain, prefix)
    expect_good(prefix, plain / "build/plain.so")
    in_rust(rust, prefix)
    from_template(work / "siren", prefix)

    # A manifest with a fault stops the configuration and says where.
    (hello / "manifest.json").write_text(blocks["manifest.json"].replace('"adapter"', '"adaptor"'))
    refused = subprocess.run([options.cmake, "-S", hello, "-B", hello / "refused", f"-DCMAKE_PREFIX_PATH={prefix}"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if refused.returncode == 0 or "components[0].kind" not in refused.stdout:
        raise SystemExit("a faulty manifest was not refused:\n" + refused.stdout)


if __name__ == "__main__":
    main()
