# SPDX-License-Identifier: GPL-2.0-only
"""Stacks: right to the last frame, whole, and honest where they are not."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import lab

ORACLE = os.path.join(lab.BUILD, "tests/oracle/stacks")
PLUGIN = lab.target("plugin.so")
ROOT = "0"
DEPTH = "2"

# Threads that fight for the interpreter's lock, through its own frames and those of C functions.
PYTHON = """
import sys, threading, time
def leaf(n): return sorted(range(n), key=lambda x: -x)
class Job(threading.Thread):
    def run(self):
        end = time.time() + float(sys.argv[1])
        while time.time() < end: leaf(3000); time.sleep(0.0002)
jobs = [Job() for _ in range(3)]
[j.start() for j in jobs]; [j.join() for j in jobs]
"""


def oracle(what, *command):
    done = subprocess.run([ORACLE, what, *map(str, command)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(f"status {done.returncode}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


class StackTest(lab.KernelTest):
    def assert_right(self, what, *command, whole=0.99, stacks=100):
        """As libdwfl says, frame by frame; how many were not whole."""
        found, words = oracle(what, *command)
        self.assertGreaterEqual(found["stacks"], stacks, found)
        self.assertLessEqual(found["differ"], found["stacks"] * 0.001, f"{found}\n{words}")
        judged = found["same"] + found["differ"] + found["beyond"]
        self.assertGreaterEqual(judged, found["stacks"] * 0.5, found)
        self.assertGreaterEqual(found["stops"].get(ROOT, 0), found["stacks"] * whole, found)
        return found


class Oracle(StackTest):
    def test_blocked_stacks_are_libdwfls_in_every_kind_of_frame(self):
        for kind in ("recursion", "aligned", "sorted", "signalled", "vforked", "loaded",
                     "contended", "switched", "signalled-elsewhere"):
            with self.subTest(kind):
                self.assert_right("blocked", lab.target("stacks"), kind, 1, PLUGIN)

    def test_the_same_in_code_that_was_optimised_further(self):
        for kind in ("recursion", "signalled", "contended"):
            with self.subTest(kind):
                self.assert_right("blocked", lab.target("stacks-O3"), kind, 1)

    def test_samples_are_libdwfls_wherever_they_strike(self):
        self.assert_right("samples", lab.target("stacks"), "signalled", 2, stacks=20)

    def test_exceptions_in_flight(self):
        self.assert_right("blocked", lab.target("throws"), 2)
        self.assert_right("samples", lab.target("throws"), 2, stacks=20)

    def test_an_interpreter_without_symbols(self):
        if not os.path.exists("/usr/bin/python3"):
            self.skipTest("there is no /usr/bin/python3")
        self.assert_right("blocked", "/usr/bin/python3", "-c", PYTHON, 1)
        self.assert_right("samples", "/usr/bin/python3", "-c", PYTHON, 1)

    def test_recursion_without_end_is_cut_and_says_so(self):
        found = self.assert_right("blocked", lab.target("stacks"), "too-deep", 1, whole=0)
        self.assertGreaterEqual(found["stops"].get(DEPTH, 0), found["stacks"] * 0.9)


if __name__ == "__main__":
    unittest.main()
