# SPDX-License-Identifier: GPL-2.0-only
"""Under deliberate starvation the totals stay exact, and the losses are told."""

import json
import os
import signal
import subprocess
import tempfile
import time

from lab import TOOL, KernelTest, bench, run, target


class Losses(KernelTest):
    def starved(self, command=None, stopped=0.4):
        """A report of a ping-pong whose tracer was stopped for a while, with tiny buffers."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "r.json")
            process = subprocess.Popen(
                [TOOL, "run", "--buffer", "128K", "--json", path, "--",
                 *(command or [bench("pingpong"), "futex", "400000", "1"])],
                stdout=subprocess.PIPE, text=True)
            time.sleep(0.5)
            process.send_signal(signal.SIGSTOP)
            time.sleep(stopped)
            process.send_signal(signal.SIGCONT)
            output, _ = process.communicate(timeout=60)
            with open(path) as file:
                return json.load(file), output

    def test_totals_stay_exact_when_records_are_lost(self):
        report, text = self.starved()
        self.assertGreater(report["losses"]["records"], 1000)
        self.assertTrue(report["losses"]["lanes"])
        self.assertIn("lost", text)
        for thread in report["threads"]:
            parts = sum(thread[k] for k in ("running_ns", "ready_ns", "blocked_ns", "unknown_ns"))
            self.assertEqual(parts, thread["life_ns"])
            self.assertEqual(thread["switches_voluntary"], thread["kernel"]["switches_voluntary"])
            self.assertEqual(thread["switches_involuntary"],
                             thread["kernel"]["switches_involuntary"])
            # The hypervisor may take some time off what the kernel counts: see test_truth.
            self.assertAlmostEqual(thread["running_ns"] / thread["kernel"]["runtime_ns"], 1,
                                   delta=0.05)

    def test_what_others_lost_puts_no_thread_in_doubt_of_which_nothing_was_lost(self):
        """The kernel's account of it says the same as the records, to the nanosecond."""
        report, text = self.starved(
            ["sh", "-c", f"timeout -s KILL 2 {target('hangs')} mutex & sleep 0.3; "
             f"{bench('pingpong')} futex 200000 1; sleep 1.2; wait"])
        self.assertGreater(report["losses"]["records"], 1000)
        self.assertTrue(report["deadlocks"], text)
        hung = [t for t in report["threads"] if t["name"].startswith("waiter")]
        self.assertTrue(hung)
        for thread in hung:
            self.assertTrue(thread["totals_agree"], thread)
            reasons = [r["reason"] for r in thread["reasons"]]
            self.assertEqual(reasons[0], "lock")
            self.assertNotIn("unknown", reasons)
            self.assertEqual(sum(cells[5] for cells in thread["bar"]["cells"]), 0)

    def test_a_loss_up_to_the_end_is_in_doubt_too(self):
        report, _ = self.starved(["timeout", "-s", "KILL", "1.2", bench("pingpong"), "futex",
                                  "900000000", "1"], stopped=1.2)
        self.assertGreater(report["losses"]["records"], 1000)
        threads = [t for t in report["threads"] if t["name"].startswith("pingpong")]
        self.assertTrue(threads)
        for thread in threads:
            last = thread["bar"]["cells"][-5]
            if not thread["totals_agree"]:
                self.assertEqual(last[5], sum(last), thread["name"])
        self.assertFalse(all(t["totals_agree"] for t in threads))

    def test_the_tracer_goes_before_others_and_the_target_as_it_would(self):
        nice = "cut -d' ' -f19 /proc/self/stat /proc/$PPID/stat"
        traced = run("sh", "-c", f"sleep 0.3; {nice}")
        self.assertEqual(traced.output.split(), [str(os.nice(0)), "-20"])

    def test_thousands_of_threads_each_with_a_lock_of_its_own(self):
        """Names of locks are looked for while it runs, in what the kernel tells of each thread."""
        script = ("import threading, time\n"
                  "go = threading.Event()\n"
                  "threads = [threading.Thread(target=go.wait) for _ in range(3000)]\n"
                  "for t in threads: t.start()\n"
                  "time.sleep(0.3); go.set()\n"
                  "for t in threads: t.join()\n")
        report = run("python3", "-c", script).json
        self.assertEqual(report["losses"]["life"], 0)
        self.assertEqual(len(report["threads"]), 3001)
        self.assertTrue(all(t["totals_agree"] for t in report["threads"]))
        # A second and more when threads and memory were gone through for each lock.
        self.assertLess(report["tracer"]["cpu_ns"], 1_000_000_000)

    def test_nothing_is_lost_with_default_buffers(self):
        for kind in ("pipe", "futex"):
            traced = run(bench("pingpong"), kind, 300000)
            self.assertEqual(traced.json["losses"]["records"], 0)
            self.assertGreater(traced.json["summary"]["switches"], 300000)
