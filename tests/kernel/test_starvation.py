# SPDX-License-Identifier: GPL-2.0-only
"""Where there is no room: full disks, a tracer that does not get on, more events than usual."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

from lab import TOOL, KernelTest, bench, tool

# A disk for each test, as small as this.
DISK = "256k"


class Disk:
    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", self.folder],
                              stderr=subprocess.PIPE, check=False)
        if done.returncode:
            os.rmdir(self.folder)
            raise unittest.SkipTest("nothing can be mounted here")
        return self.folder

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.folder], check=False)
        os.rmdir(self.folder)


def load(rounds, kind="futex"):
    return [bench("pingpong"), kind, str(rounds), "1"]


class FullDisk(KernelTest):
    def test_the_target_ends_as_ever_and_what_was_written_is_readable(self):
        with Disk() as folder, tempfile.TemporaryDirectory() as elsewhere:
            path = os.path.join(folder, "full.ptl")
            done = tool("run", "-o", path, "--report", os.path.join(elsewhere, "r"), "--", "sh",
                        "-c", f"{' '.join(load(300000))} > /dev/null && echo went on")
            self.assertEqual(done.returncode, 123, done.stderr)
            self.assertEqual(done.stdout, "went on\n")
            self.assertRegex(done.stderr, f"cannot be written to {path}: No space left on device")
            report = tool("report", path)
            self.assertEqual(report.returncode, 0, report.stderr)
            self.assertIn("was not ended", report.stdout + report.stderr)

    def test_a_part_that_finds_no_room_does_not_end_the_watch(self):
        with Disk() as folder:
            path = os.path.join(folder, "w.ptl")
            with open(os.path.join(folder, "filler"), "wb") as filler:
                filler.write(bytes(200 << 10))
            process = subprocess.Popen(
                [TOOL, "run", "--ring", "4M", "-o", path, "--report", "/dev/null", "--",
                 *load(600000)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(1.5)
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.5)
            os.unlink(filler.name)
            for name in os.listdir(folder):
                if name != "w.ptl":
                    os.unlink(os.path.join(folder, name))
            _, error = process.communicate(timeout=40)
            self.assertIn("w-1.ptl cannot be written: No space left on device", error)
            self.assertIn(process.returncode, (0, 123))


class Stopped(KernelTest):
    def test_a_part_of_a_watch_that_was_starved_has_exact_totals_and_says_what_it_lacks(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "w.ptl")
            process = subprocess.Popen(
                [TOOL, "run", "--buffer", "128K", "--ring", "64M", "-o", path, "--report",
                 "/dev/null", "--", *load(600000)], stdout=subprocess.DEVNULL)
            time.sleep(0.9)
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.4)
            process.send_signal(signal.SIGCONT)
            self.assertEqual(process.wait(60), 0)
            done = tool("report", "--json", "-", path)
            report = json.loads(done.stdout)
            self.assertGreater(report["losses"]["records"], 1000)
            self.assertIn("the timeline has gaps", tool("report", path).stdout)
            for thread in report["threads"]:
                parts = sum(thread[k]
                            for k in ("running_ns", "ready_ns", "blocked_ns", "unknown_ns"))
                self.assertEqual(parts, thread["life_ns"])
                for kind in ("voluntary", "involuntary"):
                    self.assertEqual(thread[f"switches_{kind}"],
                                     thread["kernel"][f"switches_{kind}"])
            # Somewhere in the midst, and not everywhere, it is not known what was.
            unknown = [cells[5] > 0 for thread in report["threads"]
                       for cells in thread["bar"]["cells"]]
            self.assertTrue(any(unknown))
            self.assertFalse(all(unknown))


class Load(KernelTest):
    def test_nothing_is_lost_of_what_two_busy_cpus_can_switch(self):
        both = "; ".join(f"timeout 2 {bench('pingpong')} futex 100000000 {cpu} > /dev/null &"
                         for cpu in (0, 1)).replace("&;", "&")
        for options in ([], ["--ring", "32M"]):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "r.json")
                tool("run", *options, "--report", "/dev/null", "--json", path, "--", "sh", "-c",
                     f"{both} wait")
                with open(path) as file:
                    report = json.load(file)
            self.assertEqual(report["losses"]["records"], 0)
            self.assertEqual(report["losses"]["totals_disagree"], 0)
            self.assertGreater(report["summary"]["switches"], 100000)
            # 0.1 us for each event; loading the programs takes some 0.1 s.
            if not options:
                self.assertLess(report["tracer"]["cpu_ns"],
                                300_000_000 + 400 * report["summary"]["switches"])


if __name__ == "__main__":
    unittest.main()
