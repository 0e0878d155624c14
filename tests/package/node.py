"""What the stories share inside of the booted Debian: commands, what is waited for, and the state a package leaves."""
import pathlib
import pwd
import re
import subprocess
import time

CONFIGURATION = pathlib.Path("/etc/integrationsd.conf")
STATE = pathlib.Path("/var/lib/integrationsd")
done = []  # the steps, for the report


def step(name: str) -> None:
    done.append(name)
    print(name, flush=True)


def run(*command, expect=0, **more) -> str:
    told = subprocess.run(command, text=True, capture_output=True, **more)
    assert told.returncode == expect, f"{command}: {told.returncode}\n{told.stdout}\n{told.stderr}"
    return told.stdout


def ctl(*words, **more) -> str:
    return run("integrationsctl", *words, **more)


def until(what, condition, patience=60.0) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what}")


def version() -> str:
    return run("dpkg-query", "-W", "-f", "${Version}", "integrationsd")


def active() -> str:
    return subprocess.run(["systemctl", "is-active", "integrationsd"], text=True, capture_output=True).stdout.strip()


def sound(told: str, warnings: bool = False) -> None:
    """What doctor said, or init by its words: no error, and no warning unless some are meant."""
    verdict = "0 errors, [0-9]+ warnings" if warnings else "0 errors, 0 warnings"
    assert re.search(f"^{verdict}$", told, re.MULTILINE), told


def is_installed() -> None:
    """As a first installation leaves the node: all is there, and nothing runs."""
    assert active() == "inactive", active()
    assert run("systemctl", "is-enabled", "integrationsd").strip() == "enabled"
    assert not CONFIGURATION.exists()
    user = pwd.getpwnam("integrationsd")
    state = STATE.stat()
    assert (state.st_uid, state.st_mode & 0o777) == (user.pw_uid, 0o700), state
    for page in ("man1/integrationsctl.1.gz", "man8/integrationsd.8.gz", "man5/integrationsd.conf.5.gz"):
        assert pathlib.Path("/usr/share/man", page).exists(), page


def starts_without_configuration() -> None:
    """Started too early it says what is missing, and does not fail: `init` comes first."""
    run("systemctl", "start", "integrationsd")
    assert active() == "inactive", active()
