# SPDX-License-Identifier: GPL-2.0-only
"""What a long life and a sudden death of the tracer leave: nothing, and what had been seen."""

import os
import random
import signal
import subprocess
import tempfile
import time
import unittest

from lab import TOOL, KernelTest, bench, programs_left, tool

# Longer by hand: SOAK_SECONDS=3600 tests/run build endurance
SOAK_SECONDS = int(os.environ.get("SOAK_SECONDS", "120"))


def resident_kib(pid, which="VmRSS:"):
    """0 when it has ended."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next((int(line.split()[1]) for line in status if line.startswith(which)), 0)


def descendants(pid):
    done = subprocess.run(["pgrep", "-P", str(pid)], stdout=subprocess.PIPE, text=True, check=False)
    return [int(word) for word in done.stdout.split()]


class Memory(KernelTest):
    def test_recording_with_stacks_takes_no_more_than_64_mib(self):
        with tempfile.TemporaryDirectory() as folder:
            tracer = subprocess.Popen(
                [TOOL, "run", "-q", "--stacks", "-o", os.path.join(folder, "stacks.ptl"),
                 "--report", "/dev/null", "--", bench("pingpong"), "futex", "200000", "1"],
                stdout=subprocess.DEVNULL)
            most = 0
            while tracer.poll() is None:
                # Not getrusage's, which begins with what we had when it was made.
                most = max(most, resident_kib(tracer.pid, "VmHWM:"))
                time.sleep(0.02)
        self.assertEqual(tracer.returncode, 0)
        self.assertGreater(most, 8 * 1024)
        self.assertLess(most, 64 * 1024)


class SuddenDeath(KernelTest):
    def killed_after(self, seconds, path):
        """A tracer with a load that goes on, killed; whether it had begun to write."""
        process = subprocess.Popen(
            [TOOL, "run", "-q", "-o", path, "--", bench("pingpong"), "pipe", "10000000", "1"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        targets = descendants(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
        for pid in targets:  # the target lives on, as it should
            os.kill(pid, signal.SIGKILL)
        return os.path.exists(path) and os.path.getsize(path) > 0

    def test_100_kills_at_any_moment_leave_a_readable_recording_and_nothing_else(self):
        chosen = random.Random(4)
        readable = 0
        with tempfile.TemporaryDirectory() as folder:
            for n in range(100):
                path = os.path.join(folder, f"{n}.ptl")
                if not self.killed_after(chosen.random() * 0.35, path):
                    continue
                done = tool("report", path)
                # One that had not got to its first block says that there is nothing in it.
                self.assertIn(done.returncode, (0, 116), f"{done.stderr}\n{done.stdout[:500]}")
                self.assertNotIn("Sanitizer", done.stderr)
                if done.returncode:
                    self.assertRegex(done.stderr, "^ptrace-lab: ")
                else:
                    readable += 1
                os.unlink(path)
        self.assertGreater(readable, 20)
        self.assertEqual(programs_left(), [])


class LongLife(KernelTest):
    def test_memory_stays_flat_however_long_it_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "long.ptl")
            process = subprocess.Popen(
                [TOOL, "run", "-q", "-d", str(SOAK_SECONDS), "-o", path, "--json",
                 os.path.join(folder, "long.json"), "--report", "/dev/null", "--",
                 bench("pingpong"), "pipe", "2000000000", "1"],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            begin = time.monotonic()
            # The tables for threads and buffers are there after a few seconds.
            time.sleep(min(10, SOAK_SECONDS / 4))
            early = resident_kib(process.pid)
            time.sleep(max(0, begin + SOAK_SECONDS - 5 - time.monotonic()))
            late = resident_kib(process.pid)
            size = os.path.getsize(path)
            for pid in descendants(process.pid):
                os.kill(pid, signal.SIGKILL)
            process.communicate(timeout=SOAK_SECONDS + 60)
        self.assertGreater(size, 100_000 * SOAK_SECONDS // 4, "too little load to tell")
        self.assertLess(late - early, 512, f"{early} KiB, later {late} KiB")


if __name__ == "__main__":
    unittest.main()
