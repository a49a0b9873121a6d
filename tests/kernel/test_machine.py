# SPDX-License-Identifier: GPL-2.0-only
"""The whole machine: joined in the midst of whatever it does, and never the tracer itself."""

import os
import subprocess
import tempfile

from lab import TOOL, KernelTest, Traced, bench


class Machine(KernelTest):
    def test_joining_in_the_middle_of_a_storm_of_switches(self):
        storms = [subprocess.Popen([bench("pingpong"), kind, "100000000", cpu])
                  for kind, cpu in (("futex", "0"), ("pipe", "1"))]
        try:
            for _ in range(4):
                traced = Traced(["record", "-a", "-d", "200ms"])
                self.assert_conserved(traced)
                self.assertGreater(traced.json["summary"]["switches"], 10000)
                self.assert_wakers(traced)
                self.assertLessEqual(traced.json["summary"]["wakers_unknown"], 4)
        finally:
            for storm in storms:
                storm.kill()
                storm.wait()

    def test_the_whole_machine_without_the_tracer(self):
        # By a name that nobody else's tracer has.
        with tempfile.TemporaryDirectory() as folder:
            tracer = os.path.join(folder, "only-this-trace")
            os.symlink(os.path.abspath(TOOL), tracer)
            traced = Traced(["record", "-a", "-d", "300ms"], program=tracer)
        names = {t["name"] for t in traced.json["threads"]}
        self.assertNotIn("only-this-trace", names)
        self.assertIn("kthreadd", names)
        for thread in traced.json["threads"]:
            self.assertEqual(thread["running_ns"] + thread["ready_ns"] + thread["blocked_ns"] +
                             thread["unknown_ns"], thread["life_ns"])
