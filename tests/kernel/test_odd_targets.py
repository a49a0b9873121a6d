# SPDX-License-Identifier: GPL-2.0-only
"""Things that real programs do and tracers stumble over."""

import concurrent.futures
import signal

from lab import KernelTest, programs_left, run, target


class OddTargets(KernelTest):
    def test_exec_from_a_side_thread_keeps_the_account(self):
        traced = run(target("oddities"), "exec-from-side")
        self.assert_conserved(traced)
        self.assertEqual(traced.status, 0)
        self.assertEqual(len(traced.threads("sleep")), 1)
        for thread in traced.json["threads"]:
            self.assertEqual(thread["switches_voluntary"], thread["kernel"]["switches_voluntary"])

    def test_a_process_may_outlive_its_first_thread(self):
        traced = run(target("oddities"), "outlive-main")
        self.assert_conserved(traced)
        self.assertEqual(traced.status, 7)

    def test_ten_thousand_threads_are_all_seen(self):
        traced = run(target("oddities"), "threads", 10000)
        self.assertEqual(len(traced.json["threads"]), 10001)
        self.assert_conserved(traced)

    def test_a_tree_of_processes_with_its_ends(self):
        traced = run(target("oddities"), "tree")
        self.assertEqual(traced.status, 5)
        ends = {(p["status"]["exited"], p["status"]["signal"]) for p in traced.json["processes"]}
        self.assertEqual(ends, {(None, 9), (3, None), (5, None)})

    def test_a_daemon_that_stays_behind_is_not_waited_for(self):
        traced = run(target("oddities"), "daemonise", 2000)
        self.assertEqual(traced.status, 0)
        self.assertTrue(any(p["alive_at_end"] for p in traced.json["processes"]))

    def test_hostile_names_reach_no_terminal(self):
        traced = run(target("oddities"), "hostile-name")
        self.assertNotIn("\033", traced.text)
        self.assertTrue(any("<script>" in t["name"] for t in traced.json["threads"]))

    def test_the_targets_end_is_ours(self):
        self.assertEqual(run(target("oddities"), "exit", 42).status, 42)
        self.assertEqual(run(target("oddities"), "kill", 9).status, 128 + signal.SIGKILL)
        self.assertEqual(run(target("oddities"), "kill", 11).status, 128 + signal.SIGSEGV)

    def test_the_targets_output_passes_through(self):
        self.assertEqual(run("echo", "hello").output, "hello\n")

    def test_two_tracers_at_once_do_not_meet(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda _: run(target("counts"), 4, 30, 10), range(2))
        for traced in (first, second):
            self.assert_conserved(traced)
            self.assertEqual(len(traced.json["threads"]), 5)

    def test_nothing_stays_in_the_kernel(self):
        run("true")
        self.assertEqual(programs_left(), [])
