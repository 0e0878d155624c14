"""side_by_side.py COUNT PROGRAM: the tests of a GoogleTest program, dealt out to so many processes at the same time.

For tests that wait more than they compute. Lines are shown as they come, behind the number of the process.
"""

import os
import subprocess
import sys
import threading


def show(number, output):
    for line in output:
        sys.stdout.write(f"{number}| {line}")
        sys.stdout.flush()


def main(count, program):
    processes = []
    for number in range(count):
        shard = {"GTEST_TOTAL_SHARDS": str(count), "GTEST_SHARD_INDEX": str(number)}
        processes.append(subprocess.Popen(program, env=os.environ | shard, text=True, errors="replace",
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
    readers = [threading.Thread(target=show, args=(number, one.stdout)) for number, one in enumerate(processes)]
    for one in readers:
        one.start()
    for one in readers:
        one.join()
    codes = [one.wait() for one in processes]
    for number, code in enumerate(codes):
        if code != 0:
            print(f"{number}| ended with {code}")
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
