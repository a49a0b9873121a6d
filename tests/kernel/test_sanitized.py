# SPDX-License-Identifier: GPL-2.0-only
"""The whole tool once more, built with AddressSanitizer and UndefinedBehaviorSanitizer."""

import os
import random
import subprocess
import tempfile

from lab import BUILD, KernelTest, target

SANITIZED = os.path.join(BUILD, "asan/ptrace-lab")


class Sanitized(KernelTest):
    def assert_clean(self, statuses, *arguments):
        done = subprocess.run([SANITIZED, *map(str, arguments)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors="replace", timeout=120)
        self.assertNotIn("Sanitizer", done.stderr)
        self.assertNotIn("runtime error", done.stderr)
        self.assertIn(done.returncode, statuses, done.stderr)

    def test_traces_and_reports(self):
        self.assert_clean([0], "run", "counter-lock")
        self.assert_clean([5], "run", "--json", "-", "--", target("oddities"), "tree")
        self.assert_clean([0], "run", "--", target("oddities"), "threads", 300)
        self.assert_clean([0], "record", "-a", "-d", "100ms")
        self.assert_clean([0], "compare", "counter-single", "counter-atomic")

    def test_refusals(self):
        self.assert_clean([127], "run", "--", "/no/such/command")
        self.assert_clean([119], "run", "no-such-scenario")
        self.assert_clean([2], "run", "--no-such-option")
        self.assert_clean([0], "doctor")

    def test_damaged_recordings(self):
        with tempfile.TemporaryDirectory() as folder:
            whole, damaged = os.path.join(folder, "whole.ptl"), os.path.join(folder, "x.ptl")
            self.assert_clean([0], "run", "-o", whole, "--", target("counts"), 4, 20, 5)
            with open(whole, "rb") as file:
                content = bytearray(file.read())
            chosen = random.Random(3)
            for _ in range(40):
                broken = bytearray(content)
                for _ in range(chosen.randrange(1, 4)):
                    broken[chosen.randrange(len(broken))] = chosen.randrange(256)
                with open(damaged, "wb") as file:
                    file.write(broken[:chosen.randrange(1, len(broken) + 1)])
                self.assert_clean([0, 122], "report", damaged)
