"""A person at a terminal, who may use sudo: types one command of a document and answers what it asks with what is usual."""
import os
import pty
import re
import select
import signal
import time

QUESTION = re.compile(rb"(\[Y/n\] |\[[^\]\r\n]*\]: )$")  # apt's, and those of integrationsctl init
PATIENCE = 120.0  # seconds


class Typed:
    def __init__(self, told: str, questions: int):
        self.told, self.questions = told, questions


def type_in(command: str, folder: str = "integrations") -> Typed:
    """As the user `ops` in that folder of his home. Throws unless the command ends well."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvp("runuser", ["runuser", "--login", "ops", "--command", f"set -o pipefail; cd {folder} && {command}"])
    told, answered, questions, end = b"", 0, 0, time.monotonic() + PATIENCE
    while True:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            raise AssertionError(f"{command}: does not end\n{told.decode()}")
        try:
            told += os.read(terminal, 65536)
        except OSError:  # how a terminal tells that nobody has it any more
            break
        if QUESTION.search(told, answered):
            os.write(terminal, b"\n")
            answered, questions = len(told), questions + 1
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    text = told.decode().replace("\r", "")
    assert os.waitstatus_to_exitcode(status) == 0, f"{command}: {os.waitstatus_to_exitcode(status)}\n{text}"
    return Typed(text, questions)
