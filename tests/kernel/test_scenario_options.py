# SPDX-License-Identifier: GPL-2.0-only
"""What the scenarios of chapters 6 to 8 promise about their options, and about their ends."""

import os
import re
import signal
import subprocess
import time
import unittest

from lab import KernelTest, in_session, program_of, scenario

WITH_CHILDREN = ("pool-serial", "pool-queue", "list-private", "process-states", "switch-cost")


def start(name, *arguments):
    """In a session of its own, by which its descendants are found."""
    return subprocess.Popen([program_of(name), *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, start_new_session=True)


def left_after(session, patience=3):
    end = time.monotonic() + patience
    while (left := in_session(session)) and time.monotonic() < end:
        time.sleep(0.02)
    return left


class Ends(unittest.TestCase):
    def test_children_do_not_outlive_a_killed_scenario(self):
        for name in WITH_CHILDREN:
            for delay in (0.003, 0.03, 0.15):
                with self.subTest(name, delay=delay):
                    started = start(name)
                    time.sleep(delay)
                    started.kill()
                    started.communicate()
                    self.assertFalse(left_after(started.pid))

    def test_the_server_hangs_up_when_the_pool_is_done(self):
        started = start("pool-queue", "--delay", "1ms")
        started.communicate(timeout=30)
        self.assertEqual(started.returncode, 0)
        self.assertFalse(left_after(started.pid))

    def test_parked_processes_are_let_go_early_on_sigusr1(self):
        started = start("process-states", "--hold", "60s")
        for line in started.stdout:
            if "keeps them" in line:
                break
        begin = time.monotonic()
        parent = int(re.search(r"pid (\d+)", line)[1])
        self.assertEqual(parent, started.pid)
        os.kill(parent, signal.SIGUSR1)
        started.communicate(timeout=30)
        self.assertEqual(started.returncode, 0)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertFalse(left_after(started.pid))


class Options(KernelTest):
    def claims(self, traced):
        self.assertEqual(traced.status, 0, traced.error)
        return {claim["text"]: claim for claim in traced.json["claims"]}

    def none_fails(self, traced):
        claims = self.claims(traced)
        self.assertEqual([], [c for c in claims.values() if c["verdict"] == "not held"])
        return claims

    def test_seven_workers_take_a_seventh_of_the_delays(self):
        traced = scenario("pool-queue", "--workers", "7")
        self.none_fails(traced)
        facts = {name: value for name, value in traced.json["facts"].items()}
        self.assertEqual(int(facts["rounds"]), 3)
        self.assertEqual(sum(int(facts[f"worker_{i}_jobs"]) for i in range(1, 8)), 21)
        self.assertEqual(len([t for t in traced.json["threads"]
                              if t["name"].startswith("worker-")]), 7)

    def test_with_one_carrier_many_to_many_claims_nothing_about_the_others(self):
        traced = scenario("model-many-to-many", "--carriers", "1")
        claims = self.none_fails(traced)
        self.assertEqual(claims["one carrier was blocked, and the others went on"]["verdict"],
                         "undecided")
        self.assertEqual(traced.json["facts"]["steps_during"], "0")

    def test_many_user_threads_are_one_thread_for_the_kernel(self):
        traced = scenario("model-many-to-one", "--uthreads", "100", "--steps", "8",
                          "--additions", "10000", "--block", "20ms")
        self.none_fails(traced)
        self.assertEqual(len(traced.json["threads"]), 1)
        self.assertEqual(traced.json["facts"]["actual"], "800")

    def test_a_list_of_two_items_claims_no_more_than_it_shows(self):
        for name in ("list-race", "list-safe", "list-private"):
            with self.subTest(name):
                self.none_fails(scenario(name, "--items", "2"))

    def test_one_thread_alone_has_its_cpu_to_itself(self):
        self.none_fails(scenario("sched-round-robin", "--threads", "1", "--run", "100ms"))

    def test_the_costs_are_counted_also_for_a_few(self):
        self.none_fails(scenario("spawn-cost", "--threads", "5", "--processes", "3"))
        self.none_fails(scenario("switch-cost", "--messages", "100", "--touch", "64KiB"))

    def test_a_server_without_delay_answers_all(self):
        for name in ("pool-serial", "pool-queue"):
            with self.subTest(name):
                self.none_fails(scenario(name, "--delay", "0", "--jobs", "200"))
