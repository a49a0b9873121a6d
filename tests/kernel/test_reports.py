# SPDX-License-Identifier: GPL-2.0-only
"""Reports: the schema, stored recordings, and the way from recording to report on its own."""

import glob
import json
import os
import subprocess
import tempfile
import unittest

from lab import KernelTest, Traced, bench, run, scenario, tool

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")


class StoredRecordings(unittest.TestCase):
    """Needs neither root nor a kernel. UPDATE_GOLDEN=1 writes the reports anew."""

    def test_a_stored_recording_gives_the_stored_report(self):
        paths = sorted(glob.glob(os.path.join(GOLDEN, "*.ptl")))
        self.assertTrue(paths)
        for path in paths:
            with self.subTest(path):
                done = tool("report", path, env=dict(os.environ, LC_ALL="C.UTF-8"))
                self.assertEqual(done.returncode, 0, done.stderr)
                expected = path[:-len(".ptl")] + ".report.txt"
                if os.environ.get("UPDATE_GOLDEN"):
                    with open(expected, "w") as file:
                        file.write(done.stdout)
                with open(expected) as file:
                    self.assertEqual(done.stdout, file.read())

    def test_every_claim_of_a_stored_recording_is_worked_out_again(self):
        for path in glob.glob(os.path.join(GOLDEN, "counter-*.ptl")):
            with self.subTest(path):
                report = json.loads(tool("report", "--json", "-", path).stdout)
                self.assertTrue(report["claims"])
                self.assertEqual({c["verdict"] for c in report["claims"]}, {"held"})


class Reports(KernelTest):
    def assert_valid(self, report):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        jsonschema.validate(report, json.loads(tool("schema").stdout))

    def test_json_obeys_the_schema(self):
        self.assert_valid(scenario("counter-lock").json)
        self.assert_valid(run("sh", "-c", "sleep 0.01 | cat; exit 3").json)
        self.assert_valid(Traced(["record", "-a", "-d", "100ms"]).json)

    def test_a_recording_says_the_same_later_without_root(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            path = os.path.join(folder, "x.ptl")
            first = tool("run", "-o", path, "--", bench("threads"), "create", "50").stdout
            later = subprocess.run(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                 os.environ.get("PTRACE_LAB", "build/ptrace-lab"), "report", path],
                stdout=subprocess.PIPE, text=True)
            self.assertEqual(later.returncode, 0)
            # What comes before the report is the target's own output.
            self.assertTrue(first.endswith(later.stdout))

    def test_few_bytes_an_event(self):
        for kind in ("pipe", "futex"):
            traced = run(bench("pingpong"), kind, 100000, options=())
            report = traced.json
            events = report["summary"]["switches"] + report["summary"]["wakeups"]
            self.assertLess(report["recording"]["bytes"] / events, 8)
