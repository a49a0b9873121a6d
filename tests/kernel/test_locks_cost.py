# SPDX-License-Identifier: GPL-2.0-only
"""What it costs to know locks and holders, by the kernel's own account of its BPF programs."""

import json
import os
import subprocess
import tempfile

from lab import BUILD, KernelTest

BENCH = os.path.join(os.path.dirname(__file__), "../bench/locks")


class Cost(KernelTest):
    def test_locks_and_holders_cost_less_than_three_percent_of_the_futex_ping_pong(self):
        if not os.access("/proc/sys/kernel/bpf_stats_enabled", os.W_OK):
            self.skipTest("the kernel keeps no account of its BPF programs here")
        for _ in range(3):
            with tempfile.NamedTemporaryFile("r") as file:
                done = subprocess.run([BENCH, BUILD, "--rounds", "3", "--switches", "60000",
                                       "--json", file.name], stdout=subprocess.PIPE, text=True)
                self.assertEqual(done.returncode, 0)
                print(f"  {done.stdout.strip()}")
                figures = json.load(file)
            if figures["share"] < 0.03:
                return
        self.assertLess(figures["share"], 0.03)
