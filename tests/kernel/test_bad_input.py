# SPDX-License-Identifier: GPL-2.0-only
"""Bad input is normal input: one clear sentence, the right exit status, nothing left behind."""

import os
import random
import resource
import signal
import subprocess
import tempfile
import time

from lab import TOOL, KernelTest, bench, programs_left, target, tool


class Refusals(KernelTest):
    def assert_refused(self, status, *arguments, **options):
        done = tool(*arguments, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("ptrace-lab: "), done.stderr)
        return done.stderr

    def test_unknown_scenario(self):
        self.assertIn("counter-race", self.assert_refused(119, "run", "counter-rase"))

    def test_unknown_option(self):
        self.assertIn("--output", self.assert_refused(2, "run", "--outpt", "x", "--", "true"))

    def test_unknown_command(self):
        self.assertIn("attach", self.assert_refused(2, "atach"))

    def test_no_such_process(self):
        self.assert_refused(119, "attach", "-p", 4194000)

    def test_a_thread_is_no_process(self):
        process = subprocess.Popen([target("waits"), "mutex", "2000"])
        time.sleep(0.2)
        threads = [int(t) for t in os.listdir(f"/proc/{process.pid}/task")]
        side = next(t for t in threads if t != process.pid)
        self.assert_refused(119, "attach", "-p", side)
        process.kill()
        process.wait()

    def test_command_not_found(self):
        self.assert_refused(127, "run", "--", "/no/such/command")
        self.assert_refused(127, "run", "--", "no-such-command")

    def test_command_not_executable(self):
        self.assert_refused(126, "run", "--", "/etc/passwd")

    def test_output_that_cannot_be_written(self):
        self.assert_refused(123, "run", "-o", "/no/such/folder/x.ptl", "--", "true")

    def test_report_to_a_full_disk(self):
        done = tool("run", "--report", "/dev/full", "--", "true")
        self.assertEqual(done.returncode, 123, done.stderr)
        done = tool("run", "--json", "/dev/full", "--", "true")
        self.assertEqual(done.returncode, 123, done.stderr)

    def test_a_recording_that_cannot_even_begin_starts_nothing(self):
        done = tool("run", "-o", "/dev/full", "--", "echo", "alive")
        self.assertNotIn("alive", done.stdout)
        self.assertEqual(done.returncode, 123, done.stderr)

    def test_a_disk_that_fills_up_lets_the_target_finish(self):
        with tempfile.TemporaryDirectory() as folder:
            done = tool("run", "-o", f"{folder}/x.ptl", "--", "sh", "-c",
                        f"{bench('pingpong')} pipe 50000; echo alive",
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                              (16384, 16384)))
            self.assertIn("alive", done.stdout)
            self.assertIn("File too large", done.stderr)
            self.assertEqual(done.returncode, 123, done.stderr)
            self.assertEqual(tool("report", f"{folder}/x.ptl").returncode, 0)

    def test_report_to_a_closed_pipe(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([TOOL, "run", "--", "true"], stdout=writer, stderr=subprocess.PIPE,
                              timeout=30)
        os.close(writer)
        self.assertEqual(done.returncode, 123)

    def test_recordings_that_are_none(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.ptl")
            for content in (b"", b"x", os.urandom(5000), b"#!/bin/sh\n" * 1000):
                with open(path, "wb") as file:
                    file.write(content)
                self.assert_refused(122, "report", path)
            self.assert_refused(122, "report", folder)
            self.assert_refused(122, "report", os.path.join(folder, "none.ptl"))
            os.mkfifo(os.path.join(folder, "fifo"))
            self.assert_refused(122, "report", os.path.join(folder, "fifo"))

    def test_a_recording_cut_anywhere_is_good_up_to_there(self):
        with tempfile.TemporaryDirectory() as folder:
            path, cut = os.path.join(folder, "whole.ptl"), os.path.join(folder, "cut.ptl")
            tool("run", "-o", path, "--", target("counts"), 4, 20, 5)
            with open(path, "rb") as file:
                whole = file.read()
            chosen = random.Random(1)
            for length in [chosen.randrange(len(whole)) for _ in range(60)]:
                with open(cut, "wb") as file:
                    file.write(whole[:length])
                done = tool("report", cut)
                self.assertIn(done.returncode, (0, 122), done.stderr)
                if done.returncode == 0:
                    self.assertIn("cut off", done.stdout.lower() + done.stderr.lower())

    def test_not_root_is_one_sentence(self):
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                               TOOL, "run", "--", "true"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 120, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)


class Interruptions(KernelTest):
    def start(self, *arguments):
        process = subprocess.Popen([TOOL, *map(str, arguments)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(0.7)
        return process

    def test_one_interrupt_ends_the_target_and_shows_the_report(self):
        process = self.start("run", "--", "sleep", "30")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 128 + signal.SIGINT)
        self.assertIn("sleep", output)

    def test_a_target_that_ignores_it_is_left_alone_at_the_second(self):
        process = self.start("run", "--", "sh", "-c", "trap '' INT; sleep 3")
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0)
        self.assertIn("goes on", error)
        self.assertIn("sh", output)

    def test_attach_ends_at_the_first(self):
        target_process = subprocess.Popen(["sleep", "30"])
        process = self.start("attach", "-p", target_process.pid)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0)
        self.assertIsNone(target_process.poll())
        target_process.kill()
        target_process.wait()

    def test_a_killed_tracer_leaves_the_target_and_a_readable_recording(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.ptl")
            marker = os.path.join(folder, "done")
            process = self.start("run", "-o", path, "--", "sh", "-c",
                                 f"for i in 1 2 3 4 5 6 7 8; do sleep 0.3; done; echo > {marker}")
            time.sleep(1.2)
            process.kill()
            process.communicate()
            time.sleep(2)
            self.assertTrue(os.path.exists(marker))
            self.assertEqual(programs_left(), [])
            done = tool("report", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("cut off", (done.stdout + done.stderr).lower())
            self.assertIn("sleep", done.stdout)

    def test_a_killed_target_is_reported(self):
        process = self.start("run", "--", "sleep", "30")
        children = subprocess.run(["pgrep", "-P", str(process.pid)], stdout=subprocess.PIPE,
                                  text=True).stdout.split()
        os.kill(int(children[0]), signal.SIGKILL)
        output, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 128 + signal.SIGKILL)
        self.assertIn("SIGKILL", output)

    def test_a_process_that_ends_while_attaching(self):
        for delay in (0, 1, 2, 5, 10, 20, 40):
            child = subprocess.Popen(["sh", "-c", f"sleep 0.0{delay:02d}"])
            done = tool("attach", "-p", child.pid, "-d", "200ms")
            child.wait()
            self.assertIn(done.returncode, (0, 119), done.stderr)

    def test_interrupts_at_any_moment_leave_nothing_behind(self):
        chosen = random.Random(2)
        for _ in range(12):
            process = subprocess.Popen([TOOL, "run", "--", "sleep", "0.3"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chosen.random() * 0.4)
            process.send_signal(chosen.choice((signal.SIGINT, signal.SIGTERM, signal.SIGKILL)))
            process.wait(timeout=20)
        time.sleep(0.5)
        self.assertEqual(programs_left(), [])
