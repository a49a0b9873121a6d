# SPDX-License-Identifier: GPL-2.0-only
"""Stacks have names: of functions, lines and what was put into them, stored in the recording."""

import os
import subprocess
import tempfile
import unittest

from lab import Traced, target, tool

SOURCE = r"""
#include <cerrno>
#include <ctime>
namespace deep { template <typename T> struct Sleeper {
    __attribute__((noinline)) void rest(T ms) {
        timespec t = {0, ms * 1000000}; nanosleep(&t, nullptr); errno = 0; } }; }
static inline __attribute__((always_inline)) void put_in(int ms) { deep::Sleeper<int>().rest(ms); }
__attribute__((noinline)) void outer(int ms) { put_in(ms); errno = 0; }
int main() { for (int i = 0; i < 3; i++) outer(5); return 0; }
"""


class Names(unittest.TestCase):
    def flame(self, command, *options, tracing=()):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.ptl")
            done = tool("run", "--stacks", *tracing, "-o", path, *command)
            self.assertEqual(done.returncode, 0, done.stderr)
            # What is shown later needs neither root nor the program.
            done = tool("flame", "-k", "off-cpu", *options, path)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

    def test_who_waits_is_seen_with_its_callers_from_the_first_on(self):
        text = self.flame(["counter-lock"])
        self.assertRegex(text, r"counter-lock;_start;[^ ]*;main;scenario_thread_join;[^ ]*;"
                               r"\[blocked: join\] \d+\n")

    def test_names_of_cpp_and_inlined_functions_and_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "rests")
            with open(program + ".cc", "w") as file:
                file.write(SOURCE)
            subprocess.run(["g++", "-O2", "-g", "-o", program, program + ".cc"], check=True)
            text = self.flame(["--", program], "--lines", tracing=["--inline"])
            subprocess.run(["strip", program], check=True)
            bare = self.flame(["--", program])
        self.assertRegex(text, r";main \(rests.cc:9\);outer\(int\) \(rests.cc:8\);"
                               r"put_in \(rests.cc:7\)_\[i\];"
                               r"deep::Sleeper<int>::rest\(int\)[^;]* \(rests.cc:6\);[^;]*sleep")
        self.assertNotIn("outer", bare)
        # Three times the same place: one line, not three of different addresses.
        lines = [line for line in bare.splitlines() if "[blocked: sleep]" in line]
        self.assertEqual(len(lines), 1, bare)
        self.assertRegex(lines[0], r"rests!fn_0x[0-9a-f]+;rests!fn_0x[0-9a-f]+;")

    def test_a_program_that_is_gone_when_the_report_is_read_has_its_names(self):
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "gone")
            subprocess.run(["cp", target("waits"), program], check=True)
            # It removes itself before it waits.
            text = self.flame(["--", "sh", "-c", f"rm {program}; exec sleep 0.05"])
            self.assertIn("sleep", text)
            text = self.flame(["--", "sh", "-c", "sleep 0.02 & sleep 0.01; wait"])
            self.assertNotIn("[no stack]", text)

    def test_the_report_says_where_threads_waited(self):
        done = Traced(["run", "--stacks", "counter-lock"])
        joins = [p for p in done.json["places"] if p["reason"] == "join"]
        main = done.thread("counter-lock")
        self.assertEqual(sum(p["total_ns"] for p in joins),
                         sum(r["total_ns"] for r in main["reasons"] if r["reason"] == "join"))
        names = [f["function"] for f in joins[0]["frames"]]
        self.assertEqual(names[1:], ["scenario_thread_join", "main"])
        self.assertRegex(done.text, # Without debug symbols of the C library what joins in there has no name.
                         r"join +[^\n]*(pthread_\w*join\w*|fn_0x\w+) < scenario_thread_join \(sc")


if __name__ == "__main__":
    unittest.main()
