# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios as ordinary programs: killed half-way they leave nothing behind."""

import concurrent.futures
import glob
import os
import random
import signal
import subprocess
import time
import unittest

from lab import program_of, tool

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def names():
    return tool("list", "--names").stdout.split()


def members(session):
    """Processes of a session that have not ended."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(path.split("/")[2]))
    return found


class Killed(unittest.TestCase):
    def kill_half_way(self, name, number, delay):
        """What is left of the scenario after its first process was sent the signal; None: in
        time, nothing."""
        process = subprocess.Popen([program_of(name)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        time.sleep(delay)
        process.send_signal(number)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return f"{name} went on after {number.name}"
        for _ in range(100):
            left = members(process.pid)
            if not left:
                return None
            time.sleep(0.05)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return f"{name} left {len(left)} processes behind after {number.name}"

    def test_a_killed_scenario_leaves_no_process_and_no_shared_memory(self):
        before = set(os.listdir("/dev/shm"))
        chosen = random.Random(5)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            ends = [pool.submit(self.kill_half_way, name, number, chosen.uniform(0, 0.15))
                    for name in names() for number in SIGNALS]
            bad = [end.result() for end in ends if end.result()]
        self.assertFalse(bad)
        self.assertFalse({name for name in set(os.listdir("/dev/shm")) - before
                          if name.startswith(("ptrace", "scenario"))})


if __name__ == "__main__":
    unittest.main()
