# SPDX-License-Identifier: GPL-2.0-only
"""Options do what the help says of them, whichever of their names is used; and the README speaks of
no command, option or scenario that is not there."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

from lab import BUILD, KernelTest, bench, tool

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INLINED = "inlined"


class Recorded(unittest.TestCase):
    """Of recordings that were made up: no kernel is needed."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([os.path.join(BUILD, "tests/unit/test_flame")], check=True,
                       env=dict(os.environ, WRITE_RECORDINGS=cls.folder.name))
        cls.made = os.path.join(cls.folder.name, "made.ptl")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def flame(self, *options):
        done = tool("flame", "--kind", "off-cpu", *options, self.made)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [line.rpartition(" ") for line in done.stdout.splitlines()]
        return [(stack.split(";"), int(weight)) for stack, _, weight in lines]

    def test_tids_tell_threads_of_one_name_apart(self):
        plain, told = self.flame(), self.flame("--tids")
        self.assertTrue(all(re.fullmatch(r".* \d+", stack[1]) for stack, _ in told))
        self.assertEqual(sum(w for _, w in plain), sum(w for _, w in told))

    def test_no_inline_leaves_out_what_the_compiler_put_into_others(self):
        plain, without = self.flame(), self.flame("--no-inline")
        inlined = lambda stacks: [s for s, _ in stacks if any(INLINED in frame for frame in s)]
        self.assertTrue(inlined(plain))
        self.assertFalse(inlined(without))
        self.assertEqual(sum(w for _, w in plain), sum(w for _, w in without))

    def test_states_of_some_threads_are_theirs(self):
        report = json.loads(tool("report", "--json", "-", self.made).stdout)
        def shown(*options):
            text = tool("states", *options, self.made).stdout
            return {word: int(count) for count, word in re.findall(r"(\d+) ([a-z]+)", text)}
        def counted(threads):
            return {word: sum(t["transitions"][word] for t in threads)
                    for word in ("born", "dispatched", "preempted", "blocked", "woken", "ended")}
        threads = report["threads"]
        first = threads[0]
        for options, those in (((), threads),
                               (("--thread", "forked"), [t for t in threads if t["name"] == "forked"]),
                               (("-t", "fork*"), [t for t in threads if t["name"] == "forked"]),
                               (("-t", str(first["tid"])), [first])):
            self.assertLessEqual(counted(those).items(), shown(*options).items(), options)
        done = tool("states", "-t", "no\x1bbody", self.made)
        self.assertEqual((done.returncode, done.stdout), (119, ""))
        self.assertRegex(done.stderr, r"^ptrace-lab: no thread of the recording [^\x1b]*body'\n$")

    def test_a_flame_graph_of_nothing_says_so(self):
        done = tool("flame", "-k", "off-cpu", "-t", "nobody", self.made)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("the output is empty", done.stderr)
        self.assertNotIn("empty", tool("flame", "-k", "off-cpu", self.made).stderr)

    def test_quiet_leaves_warnings_and_twice_only_errors(self):
        damaged = os.path.join(self.folder.name, "damaged.ptl")
        with open(self.made, "rb") as made, open(damaged, "wb") as out:
            data = bytearray(made.read())
            data[len(data) * 2 // 3] ^= 0xff
            out.write(data)
        for options, warned in (((), True), (("--quiet",), True), (("-qq",), False),
                                (("-q", "--quiet"), False)):
            done = tool("report", *options, damaged)
            self.assertEqual(done.returncode, 0)
            self.assertEqual("warning" in done.stderr, warned, (options, done.stderr))
        self.assertIn("cannot", tool("report", "-qq", "/no/such/file").stderr)


class Traced(KernelTest):
    def test_long_names_do_what_the_short_ones_do(self):
        process = subprocess.Popen([bench("spin"), "100000000000"])
        try:
            for names in (("-p", "-d", "-F"), ("--pid", "--duration", "--frequency")):
                with tempfile.NamedTemporaryFile(suffix=".ptl") as file:
                    begin = time.monotonic()
                    done = tool("attach", names[0], process.pid, names[1], "0.5", names[2], "999",
                                "--output", file.name)
                    took = time.monotonic() - begin
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertGreater(took, 0.5)
                    shown = tool("flame", "--kind", "on-cpu", file.name).stdout
                    self.assertIn(";main", shown)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def test_after_says_when_a_scenario_is_looked_at(self):
        for command in (("pcb", "--json"), ("memory",)):
            took = []
            for after in ("100ms", "900ms"):
                begin = time.monotonic()
                done = tool(*command, "--after", after, "process-states")
                took.append(time.monotonic() - begin)
                self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(took[1] - took[0], 0.4, command)
            self.assertGreater(took[1], 0.9)

    def test_verbose_says_what_is_passed_over_otherwise(self):
        with tempfile.TemporaryDirectory() as folder:
            bare = os.path.join(folder, "bare")
            subprocess.run(["objcopy", "--remove-section=.eh_frame",
                            "--remove-section=.eh_frame_hdr", bench("spin"), bare], check=True)
            for option, told in (("-v", True), ("--verbose", True), ("--stacks", False)):
                done = tool("run", option, "--stacks", "-F", "99", "--", bare, "100000")
                self.assertEqual("bare has no unwind table" in done.stderr, told, done.stderr)


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(ROOT, "README.md")) as file:
            cls.text = file.read()

    def test_its_table_of_scenarios_is_that_of_list(self):
        scenarios = json.loads(tool("list", "--json").stdout)["scenarios"]
        listed = {scenario["name"]: scenario["title"] for scenario in scenarios}
        told = dict(re.findall(r"^\| `(\S+)` \| (.*) \|$", self.text, re.MULTILINE))
        self.assertEqual(told, listed)

    def test_its_commands_and_options_are_those_of_help(self):
        commands = set(re.findall(r"^  ([a-z]+) ", tool("help").stdout, re.MULTILINE))
        self.assertLessEqual(set(re.findall(r"ptrace-lab ([a-z]+)\b", self.text)), commands)
        known = "".join(tool("help", name).stdout for name in commands)
        known += tool("run", "counter-race", "--help").stdout
        known += tool("run", "lock-convoy", "--help").stdout
        told = set(re.findall(r"(?<![-\w])--[a-z]+[a-z-]*", self.text))
        self.assertGreater(len(told), 10)
        for option in told:
            self.assertRegex(known, option + r"(?![a-z-])")


if __name__ == "__main__":
    unittest.main()
