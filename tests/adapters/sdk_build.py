"""Builds plugins as outsiders do: from a copy of their folder alone, against an installed SDK."""
import pathlib
import shutil
import subprocess


def run(*command) -> None:
    words = [*map(str, command)]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}")


def install_sdk(cmake: str, build: pathlib.Path, prefix: pathlib.Path) -> None:
    run(cmake, "--install", build, "--component", "sdk", "--prefix", prefix)


def build_plugin(cmake: str, folder: pathlib.Path, prefix: pathlib.Path, work: pathlib.Path) -> pathlib.Path:
    """The plugin's file. Whatever of the repository it needs beside its folder and the SDK is missing there."""
    alone, build = work / "source" / folder.name, work / "build" / folder.name
    shutil.copytree(folder, alone, ignore=shutil.ignore_patterns("golden"))
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    run(cmake, "-S", alone, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCMAKE_UNITY_BUILD=ON", *launcher)
    run(cmake, "--build", build, "--parallel", "2")
    return build / f"{folder.name}.so"
