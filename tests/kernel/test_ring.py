# SPDX-License-Identifier: GPL-2.0-only
"""The flight recorder: the last part of a watch, written out when it is worth it."""

import glob
import json
import os
import pty
import re
import signal
import subprocess
import tempfile
import time
import unittest

from lab import MS, TOOL, KernelTest, bench, no_terminals, target, tool

# Longer by hand: SOAK_SECONDS=3600 tests/run build test_ring
SOAK_SECONDS = int(os.environ.get("SOAK_SECONDS", "12"))


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


class Watched:
    """A run of the flight recorder in a folder of its own."""

    def __init__(self, *options, command, mode="run", separator=("--",)):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "w.ptl")
        self.process = subprocess.Popen(
            [TOOL, mode, "-o", self.path, "--report", os.path.join(self.folder.name, "report"),
             *options, *separator, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.folder.cleanup()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=40):
        self.output, self.error = self.process.communicate(timeout=timeout)
        return self.process.returncode

    def parts(self):
        return sorted(glob.glob(os.path.join(self.folder.name, "w-*.ptl")))

    def await_part(self, number=1):
        for _ in range(200):
            if len(self.parts()) >= number and tool("report", self.parts()[-1]).returncode == 0:
                return
            time.sleep(0.05)
        raise AssertionError("no part was written")


def report_of(path):
    done = tool("report", "--json", "-", path)
    if done.returncode:
        raise AssertionError(f"{path}: {done.stderr}")
    return json.loads(done.stdout)


class RingTest(KernelTest):
    def assert_exact(self, report):
        """States tile lives, stream and kernel side agree, and so do the kernel's own counters."""
        self.assertFalse({k: v for k, v in report["losses"].items() if v}, report["losses"])
        for thread in report["threads"]:
            parts = sum(thread[k] for k in ("running_ns", "ready_ns", "blocked_ns", "unknown_ns"))
            self.assertEqual(parts, thread["life_ns"])
            if not thread["kernel"]:
                continue
            self.assertTrue(thread["totals_agree"], thread)
            # The kernel charges a thread from when it picks it, we from the switch itself: 8 us
            # later on a CPU that slept, and more if others trace the same.
            switches = thread["switches_voluntary"] + thread["switches_involuntary"]
            self.assertLess(abs(thread["running_ns"] - thread["kernel"]["runtime_ns"]),
                            thread["running_ns"] * 0.05 + 5 * MS + switches * 0.03 * MS)


class Parts(RingTest):
    def test_a_signal_writes_the_last_part_and_the_watch_goes_on(self):
        with Watched("--ring", "400ms", command=[bench("pingpong"), "futex", "900000", "1"]) as w:
            time.sleep(1.2)
            w.signal(signal.SIGUSR1)
            w.await_part()
            time.sleep(0.3)
            w.signal(signal.SIGQUIT)
            self.assertEqual(w.wait(), 0, w.error)
            self.assertEqual(len(w.parts()), 2, w.error)
            for path, why in zip([*w.parts(), w.path],
                                 ["SIGUSR1", "SIGQUIT", "the end of the watch"]):
                report = report_of(path)
                self.assert_exact(report)
                self.assertEqual(report["ring"]["why"], why)
                self.assertEqual(report["ring"]["asked"], "400ms")
                if not report["ring"]["whole"]:
                    self.assertGreaterEqual(report["time"]["wall_ns"], 400 * MS)
                    self.assertGreater(report["ring"]["watched_ns"], report["time"]["wall_ns"])
                self.assertLess(report["time"]["wall_ns"], 2000 * MS)
                for thread in report["threads"]:
                    self.assertEqual(thread["switches_voluntary"],
                                     thread["kernel"]["switches_voluntary"])
            self.assertRegex(tool("report", w.path).stdout,
                             r"the last .* of .* \(--ring 400ms\), kept because of: the end")

    def test_every_command_reads_a_part(self):
        with Watched("--ring", "300ms", "--stacks",
                     command=[target("locks"), "hold", "3", "40", "20"]) as w:
            time.sleep(0.9)
            w.signal(signal.SIGUSR1)
            w.await_part()
            w.wait()
            part = w.parts()[0]
            for words in (["report", part], ["flame", part, "-o", "/dev/null"], ["states", part],
                          ["pcb", part], ["memory", part]):
                done = tool(*words)
                self.assertEqual(done.returncode, 0, f"{words}: {done.stderr}")
            # A snapshot of its end.
            state = json.loads(tool("pcb", "--json", part).stdout)
            self.assertEqual(len(state["tasks"]), 4)
            report = report_of(part)
            self.assert_exact(report)
            # Names that were told long before the part began.
            self.assertIn("turn_lock", [lock["name"] for lock in report["locks"]])
            reasons = {r["reason"] for t in report["threads"] for r in t["reasons"]}
            self.assertIn("lock", reasons)
            self.assertNotIn("unknown", reasons)
            self.assertEqual(report["stacks"]["lost"], 0)

    def test_threads_and_processes_that_come_and_go_fit_into_a_part(self):
        loop = "for i in $(seq 400); do /bin/true; done"
        with Watched("--ring", "300ms", "--stacks", command=["sh", "-c", loop]) as w:
            for _ in range(4):
                time.sleep(0.2)
                w.signal(signal.SIGUSR1)
            self.assertEqual(w.wait(), 0, w.error)
            for path in [*w.parts(), w.path]:
                report = report_of(path)
                self.assert_exact(report)
                # Each exec maps anew, and names wait until that is over: but not beyond the cut.
                self.assertEqual(report["stacks"]["lost"], 0, path)

    def test_a_process_that_is_attached_to_can_be_watched(self):
        process = subprocess.Popen([bench("pingpong"), "pipe", "3000000", "1"],
                                   stdout=subprocess.DEVNULL)
        try:
            with Watched("--ring", "300ms", "-d", "1.5", command=["-p", str(process.pid)],
                         mode="attach", separator=()) as w:
                self.assertEqual(w.wait(), 0, w.error)
                self.assert_exact(report_of(w.path))
        finally:
            process.kill()
            process.wait()

    def test_without_o_parts_get_a_name(self):
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                [os.path.abspath(TOOL), "run", "--ring", "1s", "--report", "/dev/null", "--",
                 "sleep", "1"], cwd=folder, stderr=subprocess.PIPE, text=True)
            time.sleep(0.7)
            process.send_signal(signal.SIGUSR1)
            _, error = process.communicate(timeout=20)
            self.assertEqual(os.listdir(folder), [f"ptrace-lab-{process.pid}-1.ptl"], error)

    def test_ctrl_backslash_writes_a_part_and_the_target_lives_on(self):
        reason = no_terminals()
        if reason:
            self.skipTest(reason)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "w.ptl")
            pid, terminal = pty.fork()
            if not pid:
                os.execv(TOOL, [TOOL, "run", "--ring", "1s", "-o", path, "--report", "/dev/null",
                                "--", "sh", "-c", "sleep 1.5; exit 7"])
            time.sleep(0.9)
            os.write(terminal, b"\x1c")
            text = b""
            while True:
                try:
                    got = os.read(terminal, 4096)
                except OSError:
                    break
                if not got:
                    break
                text += got
            _, status = os.waitpid(pid, 0)
            os.close(terminal)
            self.assertEqual(os.waitstatus_to_exitcode(status), 7, text)
            self.assertEqual(sorted(os.listdir(folder)), ["w-1.ptl", "w.ptl"], text)
            self.assertEqual(report_of(os.path.join(folder, "w-1.ptl"))["ring"]["why"], "SIGQUIT")


class Triggers(RingTest):
    def test_a_wait_for_a_lock_writes_what_led_to_it_and_what_followed(self):
        with Watched("--ring", "2s", "--trigger", "lock=30ms",
                     command=[target("locks"), "hold", "3", "4", "60"]) as w:
            self.assertEqual(w.wait(), 0, w.error)
            self.assertEqual(len(w.parts()), 1, w.error)
            report = report_of(w.parts()[0])
            self.assert_exact(report)
            self.assertRegex(report["ring"]["why"], 
                             r"^\S+ \(\d+\) (waited|has been waiting) \d\S* ms for a lock"
                             r"(, and still is)?$")
            longest = max(t["reasons"][0]["max_ns"] for t in report["threads"]
                          if t["reasons"] and t["reasons"][0]["reason"] == "lock")
            self.assertGreater(longest, 30 * MS)

    def test_a_wait_for_a_cpu_does(self):
        spins = f"{bench('spin')} 400000000 & {bench('spin')} 400000000; wait"
        with Watched("--ring", "2s", "--trigger", "ready=1ms", "--dumps", "1",
                     command=["taskset", "-c", "0", "sh", "-c", spins]) as w:
            self.assertEqual(w.wait(), 0, w.error)
            self.assertEqual(len(w.parts()), 1, w.error)
            report = report_of(w.parts()[0])
            self.assertRegex(report["ring"]["why"], 
                             r"^.* \(\d+\) (waited|has been waiting) \S+ m?s for a CPU"
                             r"(, and still is)?$")
            self.assertGreater(max(t["ready_max_ns"] for t in report["threads"]), MS)

    def test_a_storm_of_long_waits_makes_no_storm_of_files(self):
        loop = "for i in $(seq 60); do sleep 0.05; done"
        with Watched("--ring", "200ms", "--trigger", "clock_nanosleep=20ms", "--dumps", "2",
                     command=["sh", "-c", loop]) as w:
            self.assertEqual(w.wait(), 0, w.error)
            self.assertEqual(len(w.parts()), 2, w.error)
            self.assertIn("(--dumps)", w.error)
            ends = [report_of(path)["time"]["end_ns"] for path in w.parts()]
            self.assertGreater(ends[1] - ends[0], 1000 * MS)
            self.assertIn("in clock_nanosleep", report_of(w.parts()[0])["ring"]["why"])

    def test_shorter_waits_do_nothing(self):
        with Watched("--ring", "1s", "--trigger", "clock_nanosleep=500ms", "--trigger",
                     "lock=1s", command=["sleep", "0.1"]) as w:
            self.assertEqual(w.wait(), 0, w.error)
            self.assertEqual(w.parts(), [])


class WaitsThatLast(RingTest):
    """A hang has no end to wait for: a wait is told as soon as it is too long."""

    def assert_told_in_time(self, report, at_least_ms, what):
        """By at most 100 ms too late, which is what is promised."""
        why = report["ring"]["why"]
        found = re.fullmatch(r"(\S+) \((\d+)\) has been waiting (\S+) (ms|s) " + what +
                             ", and still is", why)
        self.assertTrue(found, why)
        waited = float(found[3]) * (1000 if found[4] == "s" else 1)
        self.assertGreaterEqual(waited, at_least_ms)
        self.assertLess(waited, at_least_ms + 100, why)
        print(f"\n{what}, at least {at_least_ms} ms: told after {waited} ms")
        return next(t for t in report["threads"] if t["tid"] == int(found[2]))

    def test_a_deadlock_is_written_while_it_lasts_and_once(self):
        with Watched("--ring", "300ms", "--trigger", "lock=200ms",
                     command=["timeout", "-s", "KILL", "2.4", target("hangs"), "mutex"]) as w:
            w.await_part()
            self.assertIsNone(w.process.poll(), "it should watch still")
            w.wait()
            self.assertEqual(len(w.parts()), 1, w.error)
            report = report_of(w.parts()[0])
        self.assert_exact(report)
        thread = self.assert_told_in_time(report, 200, "for a lock")
        self.assertTrue(report["deadlocks"], report["findings"])
        lock = next(r for r in thread["reasons"] if r["reason"] == "lock")
        self.assertGreater(lock["max_ns"], 200 * MS)

    def test_a_thread_that_never_gets_a_cpu_is_written_while_it_starves(self):
        command = ["taskset", "-c", "0", "sh", "-c",
                   f"chrt -f 1 {bench('spin')} 3000000000 & sleep 0.1; {bench('spin')} 1000; "
                   "kill -9 $!"]
        with Watched("--ring", "1s", "--trigger", "ready=150ms", "--dumps", "1", "-d", "3",
                     command=command) as w:
            w.wait()
            self.assertEqual(len(w.parts()), 1, w.error)
            report = report_of(w.parts()[0])
        thread = self.assert_told_in_time(report, 150, "for a CPU")
        self.assertGreater(thread["ready_max_ns"], 150 * MS)

    def test_what_was_told_while_it_lasted_is_not_told_at_its_end(self):
        with Watched("--ring", "100ms", "--trigger", "clock_nanosleep=100ms",
                     command=["sleep", "2"]) as w:
            self.assertEqual(w.wait(), 0, w.error)
            self.assertEqual(len(w.parts()), 1, w.error)
            self.assert_told_in_time(report_of(w.parts()[0]), 100, "in clock_nanosleep")

    def test_a_reason_for_which_no_time_is_left_is_kept(self):
        with Watched("--ring", "1s", "--trigger", "clock_nanosleep=20ms",
                     command=["sleep", "0.12"]) as w:
            self.assertEqual(w.wait(), 0, w.error)
            self.assertEqual(w.parts(), [])
            self.assertRegex(report_of(w.path)["ring"]["why"],
                             r"^sleep \(\d+\) has been waiting .* in clock_nanosleep, and still is; "
                             "and the end of the watch$")

    def test_a_signal_meanwhile_writes_at_once_and_takes_nothing_away(self):
        loop = "sleep 0.35; " * 5
        with Watched("--ring", "100ms", "--trigger", "clock_nanosleep=50ms", "--dumps", "2",
                     command=["sh", "-c", loop]) as w:
            time.sleep(0.22)
            w.signal(signal.SIGUSR1)
            self.assertEqual(w.wait(), 0, w.error)
            reasons = [report_of(path)["ring"]["why"] for path in w.parts()]
        self.assertIn("SIGUSR1", " ".join(reasons))
        self.assertEqual(sum("clock_nanosleep" in why for why in reasons), 2, reasons)


class BadInput(unittest.TestCase):
    def assert_refused(self, words, *arguments):
        done = tool("run", *arguments, "--", "true")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, f"^ptrace-lab: .*{re.escape(words)}[^\n]*\n$")

    def test_what_cannot_be_meant_is_refused_in_one_sentence(self):
        self.assert_refused("of what?", "--ring", "30")
        self.assert_refused("a time such as 30s", "--ring", "much")
        self.assert_refused("a time such as 30s", "--ring", "-5s")
        self.assert_refused("the least is 1M", "--ring", "4K")
        self.assert_refused("the least is 100ms", "--ring", "2ms")
        self.assert_refused("goes with --ring", "--trigger", "ready=1ms")
        self.assert_refused("goes with --ring", "--dumps", "3")
        for text in ("ready", "=5ms", "nonsense=5ms", "ready>5ms", "\x1b[2J=1s"):
            self.assert_refused("ready=TIME", "--ring", "1s", "--trigger", text)
        for text in ("ready=", "ready=0s", "lock=soon"):
            self.assert_refused("a time such as 10ms", "--ring", "1s", "--trigger", text)
        self.assert_refused("lost updates", "--ring", "1s", "--watch", "x")
        self.assert_refused("--locks=all", "--ring", "1s", "--locks", "all")
        for size in ("", "much", "-1", "4X", "99999999999999999999G"):
            self.assert_refused("--buffer", "--buffer", size)

    def test_a_scenario_is_watched_whole(self):
        done = tool("run", "--ring", "1s", "counter-lock")
        self.assertEqual(done.returncode, 2)
        self.assertIn("its claims are about all of it", done.stderr)


class ConstantMemory(KernelTest):
    def test_memory_and_disk_stay_bounded_however_long_it_watches(self):
        noise = (f"{bench('pingpong')} pipe 2000000000 1 > /dev/null 2>&1 & "
                 f"end=$(($(date +%s) + {SOAK_SECONDS})); "
                 "while [ $(date +%s) -lt $end ]; do /bin/true; done; kill -9 $!")
        with Watched("--ring", "1M", command=["sh", "-c", noise]) as w:
            time.sleep(SOAK_SECONDS / 2)
            early = resident_kib(w.process.pid)
            time.sleep(SOAK_SECONDS / 2 - 1.5)
            late = resident_kib(w.process.pid)
            w.signal(signal.SIGUSR1)
            w.await_part()
            w.wait(60)
            for path in [*w.parts(), w.path]:
                self.assertLess(os.path.getsize(path), 3 << 19)
                self.assertGreater(os.path.getsize(path), 1 << 19, "too little load to tell")
            report = report_of(w.parts()[0])
            self.assertFalse(report["losses"]["totals_disagree"])
        self.assertLess(late - early, 1024, f"{early} KiB, later {late} KiB")


if __name__ == "__main__":
    unittest.main()
