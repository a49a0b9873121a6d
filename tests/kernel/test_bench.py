# SPDX-License-Identifier: GPL-2.0-only
"""`make bench` works, whatever is installed; what it measures is looked at elsewhere."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from types import SimpleNamespace

from lab import BUILD, KernelTest

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bench")
sys.path.insert(0, FOLDER)
import measure


def run(folder, *options, **more):
    """The text and the results of a short benchmark of one workload."""
    path = os.path.join(folder, "result.json")
    done = subprocess.run([sys.executable, os.path.join(FOLDER, "run"), BUILD, "--quick",
                           "--rounds", "1", "--workload", "pipe", "--json", path, *options],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, **more)
    if done.returncode:
        raise AssertionError(done.stdout)
    with open(path) as file:
        return done.stdout, json.load(file)


class Bench(KernelTest):
    def test_quick_bench_of_ours_makes_a_table_and_json(self):
        with tempfile.TemporaryDirectory() as folder:
            text, result = run(folder, "--ours")
            self.look_at(text, result)
            self.into_a_readme(folder, result)

    def look_at(self, text, result):
        self.assertLessEqual(max(map(len, text.splitlines())), 100, text)
        for tool in ("ptrace-lab", "ptrace-lab --stacks", "the floor"):
            cell = result["slow_down"]["pipe"][tool]
            self.assertEqual(cell["pairs"], 1, cell)
            self.assertGreater(cell["median"], 0.1)
            self.assertGreater(result["tools"][tool]["ready_ms"], 1)
        told = result["tools"]["ptrace-lab"]
        self.assertEqual(told["lost"], 0)
        self.assertEqual(told["switches_seen"], 1, "as the kernel counts them")
        self.assertLess(told["bytes_per_event"], 8)
        self.assertEqual({goal["what"].strip() for goal in result["goals"]} & {
            "pipe ping-pong", "bytes per event", "memory"},
            {"pipe ping-pong", "bytes per event", "memory"})

    def into_a_readme(self, folder, result):
        path = os.path.join(folder, "README.md")
        with open(path, "w") as file:
            file.write("before\n<!-- bench: begin -->old<!-- bench: end -->\nafter\n")
        subprocess.run([os.path.join(FOLDER, "readme"), os.path.join(folder, "result.json"), path],
                       check=True)
        with open(path) as file:
            text = file.read()
        self.assertTrue(text.startswith("before\n") and text.endswith("after\n"), text)
        self.assertNotIn("old", text)
        self.assertIn("| ptrace-lab --stacks |", text)
        self.assertIn("median of the pairs (1 of ours and of the floor), ±", text)

    def test_ours_are_measured_closely_and_peers_in_the_time_that_is_left(self):
        one, two, peer = (SimpleNamespace(name=name, closely=name != "peer")
                          for name in ("one", "two", "peer"))
        self.assertEqual(list(measure.rounds_of([one, peer, two], 3)),
                         [[one, peer, two], [one, two], [one, two], [peer], [peer]])

    def test_only_names_tools_or_workloads_and_nothing_else(self):
        words = [sys.executable, os.path.join(FOLDER, "run"), BUILD, "--quick", "--ours"]
        done = subprocess.run([*words, "--only", "nonsense"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=20)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, "^tests/bench/run: --only nonsense: no tool and no workload "
                                      "has this in its name; there are ptrace-lab, [^\n]*\n$")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.json")
            # The second one is not among those that are quick.
            for word in ("pipe", "no switch"):
                subprocess.run([*words, "--only", word, "--only", "floor", "--rounds", "1",
                                "--seconds", "1", "--json", path], check=True, timeout=60,
                               stdout=subprocess.DEVNULL)
                with open(path) as file:
                    told = json.load(file)["slow_down"]
                self.assertEqual({load: list(cells) for load, cells in told.items()},
                                 {word: ["the floor"]})
                self.assertEqual(told[word]["the floor"]["pairs"], 1)

    def test_a_peer_that_is_not_there_or_fails_is_named_and_does_no_harm(self):
        with tempfile.TemporaryDirectory() as folder:
            programs = os.path.join(folder, "bin")
            os.mkdir(programs)
            for name in ("unshare", "sh", "mount", "cat", "bpftool", "sleep"):
                if shutil.which(name):
                    os.symlink(shutil.which(name), os.path.join(programs, name))
            broken = os.path.join(programs, "strace")
            with open(broken, "w") as file:
                file.write("#!/bin/sh\necho 'strace: cannot do that here' >&2; exit 1\n")
            os.chmod(broken, 0o755)
            text, result = run(folder, "--only", "trace", env=dict(os.environ, PATH=programs))
        self.assertIn("failed: strace -f -c on pipe: strace: cannot do that here", text)
        self.assertIn("left out: trace-cmd (trace-cmd), not installed", text)
        self.assertIn("median", result["slow_down"]["pipe"]["ptrace-lab"])
        # The small tables are made all the same, first of all that of a process that goes on.
        self.assertIn("attached to a ping-pong that goes on, and off again", text)
        self.assertGreater(result["values"]["futex ptrace-lab --stacks"], 1)
