# SPDX-License-Identifier: GPL-2.0-only
"""As whom we trace, and as whom the target runs."""

import os
import subprocess
import tempfile

from lab import TOOL, KernelTest, no_terminals

NOBODY = 65534


class Privileges(KernelTest):
    def test_two_capabilities_are_enough(self):
        done = subprocess.run(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
             "--inh-caps", "+bpf,+perfmon", "--ambient-caps", "+bpf,+perfmon",
             TOOL, "run", "--", "true"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("0 lost", done.stdout)

    def test_without_root_marks_are_left_out_and_that_is_said(self):
        if no_terminals():
            self.skipTest(no_terminals())
        done = subprocess.run(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
             "--inh-caps", "+bpf,+perfmon", "--ambient-caps", "+bpf,+perfmon",
             TOOL, "run", "thread-daemon"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        if "phases:" not in done.stdout:
            self.assertIn("they need root", done.stderr)
            self.assertEqual(done.stderr.count("marks"), 1)
            self.assertIn("could not all be followed", done.stdout)

    def test_one_capability_says_which_is_missing(self):
        done = subprocess.run(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
             "--inh-caps", "+bpf", "--ambient-caps", "+bpf", TOOL, "run", "--", "true"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 120)
        self.assertIn("CAP_PERFMON", done.stderr)

    def run_under_sudo(self, folder, *arguments):
        environment = dict(os.environ, SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY),
                           SUDO_USER="nobody", SUDO_COMMAND="x")
        return subprocess.run([TOOL, "run", *arguments], cwd=folder, env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_under_sudo_the_target_is_the_callers(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            done = self.run_under_sudo(folder, "-o", "x.ptl", "--json", "x.json", "--",
                                       "sh", "-c", "id -u; id -G; echo $USER.$SUDO_UID.")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.splitlines()[0], str(NOBODY))
            self.assertNotIn("0", done.stdout.splitlines()[1].split())
            self.assertEqual(done.stdout.splitlines()[2], "nobody..")
            for name in ("x.ptl", "x.json"):
                self.assertEqual(os.stat(os.path.join(folder, name)).st_uid, NOBODY)

    def test_under_sudo_a_scenario_runs_as_well(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.run_under_sudo(folder, "counter-lock")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("claims", done.stdout)

    def test_as_root_keeps_root(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.run_under_sudo(folder, "--as-root", "--", "id", "-u")
            self.assertEqual(done.stdout.splitlines()[0], "0")

    def test_under_sudo_files_are_only_written_where_the_caller_may(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            done = self.run_under_sudo(folder, "-o", "x.ptl", "--", "true")
            self.assertEqual(done.returncode, 123, done.stderr)
            self.assertEqual(os.listdir(folder), [])

    def test_doctor_says_what_is_missing_and_nothing_else(self):
        done = subprocess.run(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", TOOL, "doctor"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 120)
        self.assertEqual(done.stderr, "")
        self.assertIn("MISSING  privileges", done.stdout)
