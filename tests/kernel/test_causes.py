# SPDX-License-Identifier: GPL-2.0-only
"""What made a run as long as it was: the critical path of real runs."""

from lab import MS, KernelTest, bench, run, scenario, target


def path_ns(traced, what=None, name=None, reason=None):
    """The time of the parts of the path that are so."""
    threads = traced.json["threads"]
    return sum(part["total_ns"] for part in traced.json["critical_path"]["parts"]
               if what in (None, part["what"]) and reason in (None, part["reason"])
               and (name is None or (part["thread"] is not None
                                     and threads[part["thread"]]["name"] == name)))


def assert_path_adds_up(test, report):
    path = report["critical_path"]
    total = path["before_ns"] + path["after_ns"] + sum(p["total_ns"] for p in path["parts"])
    test.assertEqual(total, report["time"]["wall_ns"])
    at = path["before_ns"]
    for segment in path["segments"]:
        test.assertEqual(segment["begin_ns"], at)
        at = segment["end_ns"]
    test.assertEqual(at + path["after_ns"], report["time"]["wall_ns"])


class CriticalPath(KernelTest):
    def test_it_is_as_long_as_the_run(self):
        for traced in (run("sh", "-c", "sleep 0.05 | cat; sleep 0.02"), scenario("counter-lock"),
                       run(bench("pingpong"), "futex", 50000),
                       run(bench("threads"), "create", 2000)):
            assert_path_adds_up(self, traced.json)

    def test_a_sleep_in_a_child_is_on_the_path_as_the_childs(self):
        traced = run("sh", "-c", "sleep 0.2 | cat")
        self.assertAlmostEqual(path_ns(traced, "waiting", "sleep", "sleep") / (200 * MS), 1,
                               delta=0.02)
        # The shell waited for it, and cat did, which is not what the run waited for.
        self.assertEqual(path_ns(traced, "waiting", "cat"), 0)
        self.assertEqual(path_ns(traced, "waiting", "sh", "child"), 0)

    def test_a_wait_for_a_lock_is_its_holders_time(self):
        traced = run(target("waits"), "mutex", 80)
        # The holder sleeps while it holds the lock.
        self.assertGreater(path_ns(traced, "waiting", "waits", "sleep"), 60 * MS)
        self.assertEqual(path_ns(traced, "waiting", reason="lock"), 0)

    def test_a_long_run_is_summed_up_and_told_as_a_picture(self):
        traced = run(bench("pingpong"), "pipe", 50000)
        path = traced.json["critical_path"]
        # Where a woken thread preempts its waker, neither waits for the other: not each turn is a
        # hand-over.
        self.assertGreater(path["handovers"], 500)
        self.assertFalse(path["segments_exact"])
        self.assertLessEqual(len(path["segments"]), 512)
        # Each waker was known to run when it woke.
        self.assertEqual(path["forgotten"], 0)

    def test_it_reaches_from_the_first_moment_to_the_last_through_ten_thousand_threads(self):
        traced = scenario("spawn-cost")
        path = traced.json["critical_path"]
        wall = traced.json["time"]["wall_ns"]
        assert_path_adds_up(self, traced.json)
        self.assertLess(path["before_ns"], 0.01 * wall)
        # Who made the threads lies on it all the way through them.
        made = traced.thread("thread-maker")["life_ns"]
        self.assertGreater(path_ns(traced, name="thread-maker"), 0.1 * made)
        # The many are named by their kind, and who came late but is the only one as itself.
        several = [part for part in path["parts"] if part["thread"] is None]
        self.assertLessEqual({part["named_like"] for part in several}, {"thread", "process"})
        self.assertGreater(path_ns(traced, name="process-maker"), 0)
        self.assertIn("many × process", traced.text)

    def test_a_wait_for_a_child_that_a_signal_ended_is_what_the_child_did(self):
        traced = scenario("process-escape")
        # It slept, reached outside, and died of it: by its own doing, not from outside.
        self.assertEqual(path_ns(traced, "waiting", "process-escape"), 0)
        self.assertEqual(path_ns(traced, "waiting", "family"), 0)
        self.assertGreater(path_ns(traced, "waiting", "alone", "sleep"), 45 * MS)
        self.assertGreater(path_ns(traced, "waiting", "culprit", "sleep"), 45 * MS)
        kinds = {(w["kind"], traced.json["threads"][w["to"]]["name"])
                 for w in traced.json["wakes"]}
        self.assertIn(("exit", "process-escape"), kinds)
        self.assertNotIn(("interrupt", "process-escape"), kinds)
        self.assertNotIn(("timer", "bystander-1"), kinds)
