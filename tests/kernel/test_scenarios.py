# SPDX-License-Identifier: GPL-2.0-only
"""Each scenario shows its phenomenon: every claim is held on a recording of its own run."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time

from lab import (ASKING, TOOL, KernelTest, no_terminals, programs_left, scenario, scenario_text,
                 tool)

# A claim in whose condition one of these stands is about how long something took, and a shared
# machine may take a CPU away in the middle of it.
TIMES = re.compile(r"_ns|\.(running|ready|blocked|life|begin|end)\b|overlap|parallelism|wall\b|"
                   r"lock\.wait\b|switches|voluntary|fact\.(met|found_taken)|lock\.waits|locks")


def conditions(name):
    """By the sentence of each claim of a scenario: its condition."""
    found, sentence = {}, None
    for line in scenario_text(name).splitlines():
        key, _, value = line.strip().partition(": ")
        if key == "claim":
            sentence = value
        elif key == "holds":
            found[sentence] = value
    return found


class WholeSet(KernelTest):
    def run_all(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "set.json")
            begin = time.monotonic()
            done = tool("run", "--all", "--json", path, *options, timeout=180)
            self.elapsed = time.monotonic() - begin
            with open(path) as file:
                return done, json.load(file)

    def shortcomings(self, name):
        return [c for c in scenario(name).json["claims"] if c["verdict"] == "not held"]

    def test_every_claim_of_every_scenario_holds(self):
        done, result = self.run_all()
        names = tool("list", "--names").stdout.split()
        self.assertEqual([s["name"] for s in result["scenarios"]], names)
        self.assertEqual(done.returncode, 118 if result["not_held"] or result["failed"] else 0)
        # Beside others it takes its share longer; by itself it makes a load of less than 3.
        self.assertLess(self.elapsed, 60 * max(1, os.getloadavg()[0] / 3))
        for one in result["scenarios"]:
            with self.subTest(one["name"]):
                if one["name"] in ASKING and no_terminals():
                    self.skipTest(no_terminals())
                self.assertEqual(one["wait_status"], 0)
                self.assertTrue(one["claims"])
                self.assertEqual(one["lost_records"], 0)
                self.assertIn(one["name"], done.stdout)
                for claim in one["claims"]:
                    if claim["verdict"] == "undecided":
                        self.assertTrue(claim["because"], claim)
                        self.assertNotIn("understood", claim["because"])
                        self.assertIn(claim["text"].split()[0], done.stdout)
                bad = [c for c in one["claims"] if c["verdict"] == "not held"]
                condition = conditions(one["name"])
                for claim in bad:
                    self.assertRegex(condition[claim["text"]], TIMES, claim)
                for _ in range(2):
                    if bad:
                        bad = self.shortcomings(one["name"])
                self.assertFalse(bad)

    def test_an_interrupt_ends_the_set_and_shows_what_there_is(self):
        process = subprocess.Popen([TOOL, "run", "--all"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 128 + signal.SIGINT, error)
        self.assertIn("counter-single", output)
        self.assertIn("Interrupted", output)
        self.assertEqual(programs_left(), [])

    def test_what_makes_no_sense_with_all_is_refused(self):
        for words in (["counter-race"], ["--", "true"], ["-o", "x.ptl"], ["-d", "1"],
                      ["--stacks"], ["--ring", "1s"], ["--locks", "all"], ["--watch", "x"],
                      ["--no-watch"], ["--mark", "a:b"], ["--faults"], ["-F", "99"]):
            with self.subTest(words):
                done = tool("run", "--all", *words, timeout=5)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertRegex(done.stderr, "^ptrace-lab: --all [^\n]*\n$")


class Scenarios(KernelTest):
    def test_each_thread_and_process_is_accounted_for(self):
        for name in ("counter-lock", "thread-daemon", "process-escape", "ipc-queue", "sum-gil"):
            with self.subTest(name):
                self.assert_conserved(scenario(name))

    def test_the_racy_ones_lose_updates_and_the_safe_ones_do_not(self):
        for name in ("counter-race", "counter-split"):
            facts = scenario(name).json["facts"]
            self.assertLess(int(facts["actual"]), int(facts["expected"]))
        for name in ("counter-lock", "counter-lock-fine", "counter-atomic", "counter-single"):
            facts = scenario(name).json["facts"]
            self.assertEqual(facts["actual"], facts["expected"])

    def test_each_wait_has_the_right_word(self):
        for name, words in {
                "process-join": {"process-join": "child", "child": "sleep"},
                "thread-input": {"asks": "terminal", "typist": "sleep"},
                "ipc-pipe": {"consumer": "pipe"},
                "pool-serial": {"pool-serial": "socket", "server": "poll"},
                "sum-gil": {"adder-1": "gil", "adder-2": "gil", "sum-gil": "join"},
                "process-states": {"stopped": "stop", "blocked": "pipe"},
        }.items():
            if name in ASKING and no_terminals():
                continue
            threads = {t["name"]: t for t in scenario(name).json["threads"]}
            for thread, word in words.items():
                with self.subTest(name, thread=thread):
                    self.assertEqual(threads[thread]["reasons"][0]["reason"], word)

    def test_no_report_names_a_descriptor_as_the_program(self):
        self.assertNotIn("/dev/fd", scenario("process-spawn").text)

    def test_who_may_not_see_page_frames_is_told_so(self):
        done = tool("run", "--json", "-", "process-isolation",
                    env=dict(os.environ, SUDO_UID="65534", SUDO_GID="65534",
                             SUDO_USER="nobody"))
        self.assertEqual(done.returncode, 0, done.stderr)
        # The target's own lines come first.
        claims = json.loads(done.stdout[done.stdout.index("{"):])["claims"]
        verdicts = [c["verdict"] for c in claims]
        self.assertEqual(verdicts[:-1], ["held"] * 5)
        self.assertEqual(verdicts[-1], "undecided")
        self.assertIn("--as-root", claims[-1]["because"])

    def compare(self, *names):
        done = tool("compare", "--json", *names, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["runs"]

    def test_the_published_ratios_are_reproduced_and_explained(self):
        names = ("sum-single", "sum-gil", "sum-threads", "sum-procs")
        single, gil, threads, procs = self.compare("--repeat", "3", *names)
        self.assertIn("one thread did it", single["cause"])
        self.assertRegex(gil["cause"], "one at a time: .* mostly at global_lock")
        for run in (threads, procs):
            self.assertRegex(run["cause"], "at once|one after another")
        for run in (single, gil, threads, procs):
            if min(s["others_ns"] / s["wall_ns"] for s in run["samples"]) > 0.05:
                self.skipTest("other programs keep the CPUs busy")
        best = [min(s["elapsed_ns"] for s in run["samples"])
                for run in (single, gil, threads, procs)]
        self.assertLess(abs(best[1] / best[0] - 1), 0.15)
        self.assertLess(best[2] / best[0], 0.75)
        self.assertLess(best[3] / best[0], 0.75)

    def test_a_scenario_is_compared_with_itself_under_other_options(self):
        convoy, twin = self.compare("lock-convoy", "lock-convoy --own-locks")
        self.assertEqual(twin["name"], "lock-convoy --own-locks")
        self.assertIn("mostly at convoy_lock", convoy["cause"])
        self.assertEqual(twin["lock_waits"], 0)
        for words, status in (("lock-convoy --no-such", 118), ("no-such --own-locks", 119),
                              ("", 2), ("counter-single" + " --count 5" * 20, 2)):
            done = tool("compare", "counter-single", words)
            self.assertEqual(done.returncode, status, words)

    def test_compare_shows_what_each_has_measured(self):
        done = tool("compare", "spawn-cost", "switch-cost", timeout=120)
        self.assertRegex(done.stdout, r"made and joined +how many")
        self.assertRegex(done.stdout, r"processes / threads +[0-9.]+ +[0-9.]+")

    def test_compare_shows_them_in_one_table(self):
        done = tool("compare", "counter-single", "counter-lock", "counter-atomic")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("counter-single", "counter-lock", "counter-atomic"):
            self.assertIn(name, done.stdout)
