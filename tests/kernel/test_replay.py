# SPDX-License-Identifier: GPL-2.0-only
"""Reading a long recording: the figures stay right, and memory does not grow with the events."""

import json
import os
import subprocess
import tempfile
import unittest

from lab import TOOL, bench

# What another length of the file may cost: its list of blocks, and chance.
GROWTH_KIB = 3 * 1024
LIMIT_KIB = 64 * 1024


def peak_kib(*arguments):
    """The most memory that ptrace-lab had while it did that."""
    code = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
            "stdout=subprocess.DEVNULL); "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run(["python3", "-c", code, TOOL, *arguments], check=True,
                          stdout=subprocess.PIPE, text=True)
    return int(done.stdout)


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.short, _ = cls.make_up(500_000)
        cls.long, cls.truth = cls.make_up(2_000_000)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def make_up(cls, events):
        """A recording of so many events, and what its maker says of it."""
        path = os.path.join(cls.folder.name, f"{events}.ptl")
        done = subprocess.run([bench("stream"), path, str(events)], check=True,
                              stdout=subprocess.PIPE, text=True)
        return path, json.loads(done.stdout)

    def assert_bounded(self, *arguments):
        short, long = (peak_kib(*arguments, path) for path in (self.short, self.long))
        self.assertLess(long, short + GROWTH_KIB, f"{arguments}: {short} KiB, then {long} KiB")
        self.assertLess(long, LIMIT_KIB, arguments)

    def test_the_memory_of_a_report_does_not_grow_with_the_events(self):
        self.assert_bounded("report")

    def test_nor_does_that_of_its_json(self):
        self.assert_bounded("report", "--json", "-")

    def test_nor_does_that_of_a_flame_graph(self):
        self.assert_bounded("flame", "--format", "svg")

    def test_nor_does_that_of_a_moment_in_it(self):
        self.assert_bounded("report", "--at", "5s")

    def test_the_figures_are_those_that_were_put_in(self):
        done = subprocess.run([TOOL, "report", "--json", "-", self.long], check=True,
                              stdout=subprocess.PIPE, text=True)
        report, truth = json.loads(done.stdout), self.truth
        summary = report["summary"]
        self.assertEqual(report["recording"]["records"], truth["records"])
        self.assertEqual(report["time"]["wall_ns"], truth["wall_ns"])
        for name in ("switches", "wakeups", "running_ns", "ready_ns", "blocked_ns"):
            self.assertEqual(summary[name], truth[name], name)


if __name__ == "__main__":
    unittest.main()
