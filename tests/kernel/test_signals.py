# SPDX-License-Identifier: GPL-2.0-only
"""Who sent which signal to whom, what it did, and how threads ended."""

import signal
import subprocess
import threading
import time

from lab import MS, KernelTest, Traced, run, target


class SignalTest(KernelTest):
    def of(self, traced, number):
        """The one row for that signal."""
        found = [s for s in traced.json["signals"] if s["number"] == number]
        self.assertEqual(len(found), 1, traced.json["signals"])
        return found[0]

    def process(self, traced, pid):
        return next(p for p in traced.json["processes"] if p["pid"] == pid)


class Sent(SignalTest):
    def test_the_one_that_ends_a_process_names_its_sender(self):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGQUIT):
            with self.subTest(number):
                traced = run(target("signals"), "sent", int(number))
                self.assert_conserved(traced)
                row = self.of(traced, number)
                child = self.process(traced, int(traced.output))
                self.assertEqual(row["from_name"], "signals")
                self.assertEqual(row["to_pid"], child["pid"])
                self.assertEqual((row["sent"], row["ignored"], row["merged"]), (1, 0, 0))
                self.assertAlmostEqual(row["fatal_ns"], child["end_ns"], delta=20 * MS)
                self.assertEqual(traced.json["signals"][child["killer"]], row)
                sleeper = traced.thread("sleeper")
                self.assertEqual(sleeper["ended"]["how"], "taken")
                self.assertEqual(sleeper["ended"]["waiting_for"], "sleep")
                self.assertIsNone(sleeper["ended"]["by"])
                self.assertGreater(sleeper["ended"]["waited_ns"], 20 * MS)
                self.assertIn("ended it", traced.text)

    def test_stopped_and_let_go_on(self):
        traced = run(target("signals"), "stop")
        self.assert_conserved(traced)
        self.assertEqual(self.of(traced, signal.SIGSTOP)["stopped"], 1)
        self.assertEqual(self.of(traced, signal.SIGCONT)["sent"], 1)
        sleeper = traced.thread("sleeper")
        self.assertGreater(sleeper["stopped_ns"], 35 * MS)
        self.assertLess(sleeper["stopped_ns"], 80 * MS)

    def test_ignored(self):
        traced = run(target("signals"), "ignored", 7)
        row = self.of(traced, signal.SIGUSR2)
        self.assertEqual((row["sent"], row["ignored"], row["handled"]), (7, 7, 0))
        self.assertEqual(traced.status, 0)

    def test_blocked_ones_fall_together(self):
        traced = run(target("signals"), "blocked", 9)
        row = self.of(traced, signal.SIGUSR1)
        self.assertEqual((row["sent"], row["merged"], row["handled"]), (9, 8, 0))

    def test_a_timer_is_nobodys_deed(self):
        traced = run(target("signals"), "alarm")
        row = self.of(traced, signal.SIGALRM)
        self.assertEqual((row["source"], row["from_tid"]), ("kernel", 0))
        self.assertEqual(row["handled"], 1)

    def test_from_outside_of_the_target(self):
        process = subprocess.Popen(["sleep", "5"])
        killer = threading.Timer(0.5, process.kill)
        killer.start()
        try:
            traced = Traced(["attach", "-p", str(process.pid), "-d", "3s"])
        finally:
            killer.join()
            process.wait()
        row = self.of(traced, signal.SIGKILL)
        self.assertEqual(row["from"], None)
        self.assertTrue(row["from_name"])
        self.assertGreater(row["from_pid"], 1)
        self.assertEqual(self.process(traced, process.pid)["status"]["signal"], 9)
        self.assertEqual(traced.thread("sleep")["ended"]["waiting_for"], "sleep")


class Storm(SignalTest):
    def test_every_one_of_a_storm_is_counted_and_few_are_told(self):
        count = 300000
        begin = time.monotonic()
        traced = run(target("signals"), "storm", count)
        self.assertLess(time.monotonic() - begin, 20)
        self.assert_conserved(traced)
        self.assertEqual(int(traced.output), count)
        row = self.of(traced, signal.SIGUSR1)
        self.assertEqual((row["sent"], row["handled"]), (count, count))
        self.assertLess(traced.json["recording"]["bytes"], 200000)


class Faults(SignalTest):
    def test_a_threads_fault_ends_the_others_in_their_waits(self):
        traced = run(target("signals"), "thread-fault")
        row = self.of(traced, signal.SIGSEGV)
        self.assertEqual(row["source"], "fault")
        self.assertEqual(row["address"], "0x12340")
        self.assertEqual(row["code"], 1)
        self.assertEqual(traced.json["threads"][row["faulter"]]["name"], "toucher")
        self.assertIsNotNone(row["fatal_ns"])
        waiter, toucher = traced.thread("waiter"), traced.thread("toucher")
        self.assertEqual(waiter["ended"]["how"], "taken")
        self.assertEqual(waiter["ended"]["waiting_for"], "signal")
        self.assertIsNone(toucher["ended"]["waiting_for"])
        self.assertIn("nothing is mapped there", traced.text)

    def test_a_fault_that_a_handler_puts_right(self):
        traced = run(target("signals"), "handled-fault")
        address, count = traced.output.split()
        row = self.of(traced, signal.SIGSEGV)
        self.assertEqual((row["address"], row["handled"]), (address, int(count)))
        self.assertEqual(row["code"], 2)
        self.assertIsNone(row["fatal_ns"])

    def test_division_by_zero(self):
        traced = run(target("signals"), "divide", 0)
        row = self.of(traced, signal.SIGFPE)
        self.assertEqual((row["source"], row["code"]), ("fault", 1))
        self.assertIn("an integer divided by zero", traced.text)


class Ends(SignalTest):
    def test_exit_takes_a_thread_out_of_its_wait(self):
        traced = run(target("signals"), "leave")
        self.assertEqual(traced.json["signals"], [])
        waiter, quick, main = (traced.thread(n) for n in ("waiter", "quick", "signals"))
        self.assertEqual(quick["ended"]["how"], "itself")
        self.assertEqual(main["ended"]["how"], "exited")
        self.assertEqual(waiter["ended"]["how"], "taken")
        self.assertEqual(waiter["ended"]["syscall"], "pause")
        self.assertEqual(traced.json["threads"][waiter["ended"]["by"]]["name"], "signals")
        self.assertGreater(waiter["ended"]["waited_ns"], 45 * MS)
        self.assertIn("did not end by itself", traced.text)

    def test_a_process_outlives_its_first_thread(self):
        traced = run(target("oddities"), "outlive-main")
        leader = next(t for t in traced.json["threads"] if t["leader"])
        self.assertEqual(leader["ended"]["how"], "itself")
        self.assertIn("the first thread of oddities ended at", traced.text)

    def test_an_exec_from_the_side_ends_the_first_thread(self):
        traced = run(target("oddities"), "exec-from-side")
        self.assertIn("exec", [t["ended"]["how"] for t in traced.json["threads"] if t["ended"]])
