# SPDX-License-Identifier: GPL-2.0-only
"""Under deliberate starvation the totals stay exact, and the losses are told."""

import json
import os
import signal
import subprocess
import tempfile
import time

from lab import TOOL, KernelTest, bench, run


class Losses(KernelTest):
    def starved(self):
        """A report of a ping-pong whose tracer was stopped for a while, with tiny buffers."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "r.json")
            process = subprocess.Popen(
                [TOOL, "run", "--buffer", "128K", "--json", path, "--", bench("pingpong"), "futex",
                 "400000", "1"], stdout=subprocess.PIPE, text=True)
            time.sleep(0.5)
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.4)
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

    def test_nothing_is_lost_with_default_buffers(self):
        for kind in ("pipe", "futex"):
            traced = run(bench("pingpong"), kind, 300000)
            self.assertEqual(traced.json["losses"]["records"], 0)
            self.assertGreater(traced.json["summary"]["switches"], 300000)
