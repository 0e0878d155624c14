"""Runs a program under a filter of system calls, as a container's runtime does: confined.py CALLS PROGRAM [ARGUMENT...]

CALLS is a file with the names of the calls that are allowed; all others fail with EPERM, clone3 with ENOSYS. For Debian's
own Python, which has libseccomp."""
import ctypes
import errno
import os
import sys

import seccomp

PR_SET_NO_NEW_PRIVS = 38


def main() -> None:
    calls, program = sys.argv[1], sys.argv[2:]
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    with open(calls) as names:
        for name in names.read().split():
            try:
                rules.add_rule(seccomp.ALLOW, name)
            except (RuntimeError, OSError):
                pass  # of another architecture, or newer than this libseccomp
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    rules.load()
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
