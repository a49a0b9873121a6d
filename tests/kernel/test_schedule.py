# SPDX-License-Identifier: GPL-2.0-only
"""Slices, priorities and preemptions, against the kernel's own counts."""

from lab import KernelTest, run, target


class Slices(KernelTest):
    def test_slices_and_preemptions_are_the_kernels_switches(self):
        traced = run(target("slices"), 150, 0, 5, 10)
        self.assert_conserved(traced)
        threads = {t["tid"]: t for t in traced.json["threads"]}
        for line in traced.output.splitlines():
            pid, nice, _, voluntary, involuntary = map(int, line.split())
            thread = threads[pid]
            schedule = thread["schedule"]
            kernel = thread["kernel"]
            self.assertEqual(schedule["priority"]["nice"], nice)
            self.assertEqual(schedule["priority_first"]["nice"], 0)
            self.assertEqual(schedule["priority"]["policy"], "normal")
            # Every slice ends in one switch, and a preempted one in one that is not voluntary.
            self.assertEqual(schedule["slices"],
                             kernel["switches_voluntary"] + kernel["switches_involuntary"])
            self.assertEqual(schedule["preemptions"], kernel["switches_involuntary"])
            self.assertGreaterEqual(schedule["preemptions"], involuntary)
            self.assertGreaterEqual(schedule["slice_max_ns"], schedule["slice_median_ns"])
            self.assertAlmostEqual(schedule["slice_mean_ns"] * schedule["slices"],
                                   thread["running_ns"], delta=schedule["slices"])

    def test_who_took_the_cpu_adds_up(self):
        traced = run(target("slices"), 200, 0, 1)
        pairs = traced.json["preemptions"]
        for index, thread in enumerate(traced.json["threads"]):
            mine = [p for p in pairs if p["thread"] == index]
            self.assertEqual(sum(p["count"] for p in mine), thread["schedule"]["preemptions"])
            self.assertEqual(sum(p["ready_ns"] for p in mine), thread["ready_preempted_ns"])
        one, other = (traced.json["threads"].index(traced.thread(n)) for n in ("burn0", "burn1"))
        # These two share one CPU, unless others were there to take it.
        takers = {p["by"] for p in pairs if p["thread"] in (one, other)}
        self.assertTrue(takers & {one, other, None}, pairs)

    def test_shares_follow_the_weights(self):
        traced = run(target("slices"), 400, 0, 10)
        zero, ten = traced.thread("burn0"), traced.thread("burn10")
        weights = [t["schedule"]["priority"]["weight"] for t in (zero, ten)]
        self.assertEqual(weights, [1024, 110])
        ratio = zero["running_ns"] / ten["running_ns"]
        # With others on the CPU and slices of some ms in 400 ms, a factor of two is good.
        self.assertGreater(ratio, 4)
        self.assertIn("slices of", traced.text)

    def test_a_real_time_thread_is_known_by_its_class(self):
        traced = run("chrt", "-f", "7", "sleep", "0.05")
        if traced.status:
            self.skipTest("real-time classes are not permitted here")
        priority = traced.thread("sleep")["schedule"]["priority"]
        self.assertEqual((priority["policy"], priority["rt_priority"]), ("fifo", 7))
