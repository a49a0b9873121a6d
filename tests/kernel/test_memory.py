# SPDX-License-Identifier: GPL-2.0-only
"""Page faults and resident sizes, against getrusage and /proc."""

import os
import subprocess
import time

from lab import KernelTest, Traced, run, target

PAGE = 4096
# The kernel counts pages for each CPU apart and adds them up in batches (percpu_counter_batch).
LAG = 3 * PAGE * os.cpu_count() * max(32, 2 * os.cpu_count())


class Memory(KernelTest):
    def traced(self, kind, pages):
        traced = run(target("memory"), kind, pages, options=["--faults"])
        self.assert_conserved(traced)
        said = [tuple(map(int, line.split())) for line in traced.output.splitlines()]
        return traced, said

    def thread(self, traced, tid):
        return next(t for t in traced.json["threads"] if t["tid"] == tid)

    def process(self, traced, pid):
        return next(p for p in traced.json["processes"] if p["pid"] == pid)

    def assert_at_end(self, size, expected, delta):
        """Kernels before 6.16 tell that a process ends when its memory is gone."""
        version = tuple(map(int, os.uname().release.split("-")[0].split(".")[:2]))
        if size is None and version < (6, 16):
            return
        self.assertAlmostEqual(size, expected, delta=delta)

    def test_faults_are_those_that_getrusage_counts(self):
        traced, said = self.traced("touch", 5000)
        pid, tid, minor, major, peak = said[0]
        memory, kernel = self.process(traced, pid)["memory"], self.thread(traced, tid)["kernel"]
        # Its rusage has what went before its exec, too, and misses what it did after it asked.
        self.assertGreaterEqual(kernel["minor_faults"], 5000)
        self.assertAlmostEqual(kernel["minor_faults"], minor, delta=300)
        self.assertEqual(memory["minor_faults"], kernel["minor_faults"])
        self.assertEqual(memory["major_faults"], major)
        self.assertGreaterEqual(memory["peak_bytes"], 5000 * PAGE - LAG)
        self.assert_at_end(memory["end_bytes"], 5000 * PAGE, LAG + (8 << 20))
        self.assertAlmostEqual(memory["peak_bytes"], peak, delta=LAG + (1 << 20))

    def test_a_thread_shares_what_a_process_pays_for(self):
        for kind, copies in (("thread", 0), ("process", 4000)):
            with self.subTest(kind):
                traced, said = self.traced(kind, 4000)
                _, tid, minor, _, _ = said[0]
                toucher = self.thread(traced, tid)
                self.assertEqual(toucher["name"], "toucher")
                self.assertAlmostEqual(toucher["cow_faults"], copies, delta=60)
                self.assertAlmostEqual(toucher["kernel"]["minor_faults"], minor, delta=40)
                self.assertAlmostEqual(toucher["kernel"]["minor_faults"], copies, delta=150)

    def test_a_child_begins_with_its_parents_memory(self):
        traced, said = self.traced("process", 4000)
        child, parent = (self.process(traced, said[i][0])["memory"] for i in (0, 1))
        self.assertEqual((child["begin"], parent["begin"]), ("forked", "exec"))
        self.assertAlmostEqual(child["begin_anonymous_bytes"], 4000 * PAGE, delta=LAG)
        self.assert_at_end(parent["end_anonymous_bytes"], 4000 * PAGE, LAG)
        self.assertIn("copied", traced.text)

    def test_what_was_not_counted_is_not_known(self):
        traced = run(target("memory"), "touch", 10)
        self.assertIsNone(traced.json["processes"][0]["memory"]["cow_faults"])

    def test_of_a_process_that_lives_on_the_size_is_that_of_proc(self):
        process = subprocess.Popen(["python3", "-c",
                                    "x = bytearray(64 << 20); import time; time.sleep(9)"])
        try:
            time.sleep(1)
            traced = Traced(["attach", "-p", str(process.pid), "-d", "200ms"])
            with open(f"/proc/{process.pid}/status") as file:
                lines = dict(line.split(":", 1) for line in file)
        finally:
            process.kill()
            process.wait()
        memory = self.process(traced, process.pid)["memory"]
        resident = int(lines["VmRSS"].split()[0]) * 1024
        self.assertEqual(memory["begin"], "found")
        self.assertAlmostEqual(memory["begin_bytes"], resident, delta=LAG)
        self.assertAlmostEqual(memory["end_bytes"], resident, delta=LAG)
        self.assertAlmostEqual(memory["peak_bytes"], int(lines["VmHWM"].split()[0]) * 1024,
                               delta=LAG)
