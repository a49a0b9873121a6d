# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios as ordinary programs: killed half-way they leave nothing behind, and those that claim
to be right have no data race."""

import concurrent.futures
import glob
import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from lab import BUILD, in_session, program_of, scenario_text, tool

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
# Smaller than by custom: what is looked at does not depend on the size.
SMALLER = {"counter-storm-race": ["--threads", "200"], "counter-storm-lock": ["--threads", "200"],
           "process-copy": ["--size", "16MiB"], "sum-single": ["--count", "2000000"],
           "sum-threads": ["--count", "2000000"], "sum-gil": ["--count", "2000000"],
           "sum-procs": ["--count", "2000000"],
           "spawn-cost": ["--threads", "200", "--processes", "50"]}


def names():
    return tool("list", "--names").stdout.split()


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
            left = in_session(process.pid)
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


class Races(unittest.TestCase):
    def setUp(self):
        if not glob.glob(os.path.join(BUILD, "tsan/*/counter-race")):
            self.skipTest("the scenarios are not built for ThreadSanitizer: make tsan-programs")
        # It cannot lay out its memory where addresses are too random.
        self.prefix = ["setarch", "-R"] if shutil.which("setarch") else []
        done = self.run_one("counter-single")
        if done.returncode:
            self.skipTest("ThreadSanitizer does not run here")

    def run_one(self, name):
        program = glob.glob(os.path.join(BUILD, "tsan/*", name))[0]
        process = subprocess.Popen(
            [*self.prefix, program, *SMALLER.get(name, [])], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            start_new_session=True,
            env=dict(os.environ, TSAN_OPTIONS="exitcode=66 die_after_fork=0"))
        try:
            output, _ = process.communicate(timeout=8)
        except subprocess.TimeoutExpired:
            for pid in in_session(process.pid):
                os.kill(pid, signal.SIGKILL)
            output, _ = process.communicate()
        return subprocess.CompletedProcess(program, process.returncode, output)

    def test_the_racy_ones_are_found_and_the_others_are_clean(self):
        unfinished = []
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, done in zip(names(), pool.map(self.run_one, names())):
                with self.subTest(name):
                    racy = "\nracy: yes\n" in scenario_text(name)
                    found = "WARNING: ThreadSanitizer: data race" in done.stdout
                    self.assertEqual(found, racy, done.stdout[:2000])
                    if done.returncode == -signal.SIGKILL:
                        unfinished.append(name)
        # It waits for ever for a main thread that has left by pthread_exit().
        self.assertLessEqual(set(unfinished), {"thread-named", "thread-input", "list-race"})


if __name__ == "__main__":
    unittest.main()
