# SPDX-License-Identifier: GPL-2.0-only
"""Each allocation and each call to the kernel fails once: what is said, and what is left behind."""

import os
import random
import subprocess
import tempfile

import lab

FAILING = os.path.join(lab.BUILD, "tests/targets/failing.so")
RECORDING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../golden/counter-race.ptl")


class FaultsTest(lab.KernelTest):
    def tool(self, arguments, what, at, folder):
        """(what it printed and how it ended, how many there were that could have failed)"""
        counted = os.path.join(folder, "count")
        environment = dict(os.environ, LD_PRELOAD=FAILING, FAIL_WHAT=what, FAIL_AT=str(at),
                           FAIL_COUNT=counted)
        done = lab.tool(*arguments, env=environment)
        count = 0
        if os.path.exists(counted):
            with open(counted, encoding="ascii") as file:
                count = int(file.read())
            os.unlink(counted)
        return done, count

    def assert_honest(self, done, at, right, expected):
        """Either all is right, or it says in a sentence what is not."""
        where = f"failure {at}: status {done.returncode}\n{done.stderr}\n{done.stdout[-500:]}"
        self.assertGreaterEqual(done.returncode, 0, where)
        self.assertNotIn("libbpf:", done.stderr, where)
        if done.returncode != expected:
            self.assertRegex(done.stderr, r"(?m)^ptrace-lab: .{10,}", where)
        elif not right(done):
            self.assertRegex(done.stderr + done.stdout, r"(?m)^(ptrace-lab: |! )", where)

    def each(self, arguments, what, right, most, expected=0):
        """Tries all, or `most` of them by lot, those at the begin and at the end among them."""
        with tempfile.TemporaryDirectory() as folder:
            arguments = [a.replace("FOLDER", folder) for a in arguments]
            done, count = self.tool(arguments, what, 0, folder)
            self.assertEqual(done.returncode, expected, done.stderr)
            self.assertTrue(right(done), done.stdout)
            self.assertGreater(count, 5)
            places = range(1, count + 1)
            if count > most:
                places = sorted(random.Random(count).sample(places, most))
            for at in places:
                with self.subTest(what=what, at=at, of=count):
                    done, _ = self.tool(arguments, what, at, folder)
                    self.assert_honest(done, at, right, expected)


class Report(FaultsTest):
    def test_a_report_is_right_or_refused(self):
        whole = lab.tool("report", RECORDING).stdout
        for what in ("memory", "calls"):
            self.each(["report", RECORDING], what, lambda done: done.stdout == whole, 150)


class Run(FaultsTest):
    """What the target does, it does in any case, or not at all."""

    def run_each(self, what, most, options=(), target=("sh", "-c", "echo it ran; exit 7")):
        def right(done):
            return done.stdout.startswith("it ran\n") and "0 lost" in done.stdout

        self.each(["run", *options, "--", *target], what, right, most, expected=7)
        self.assertEqual(lab.programs_left(), [])
        left = subprocess.run(["pgrep", "-f", "echo it ran; exit"], stdout=subprocess.PIPE,
                              check=False)
        self.assertEqual(left.stdout, b"", "a target was left behind")

    def test_calls_that_fail(self):
        self.run_each("calls", 80)

    def test_memory_that_runs_out(self):
        self.run_each("memory", 60)

    def test_stacks_and_files_that_fail(self):
        options = ("--stacks", "-o", "FOLDER/x.ptl", "--json", "FOLDER/x.json")
        self.run_each("calls", 60, options)
        self.run_each("memory", 40, options)


class Control(FaultsTest):
    def test_control_blocks(self):
        for what in ("memory", "calls"):
            self.each(["pcb", "--full", str(os.getpid())], what, lambda done: "identity" in done.stdout, 40)
