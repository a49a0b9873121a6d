# SPDX-License-Identifier: GPL-2.0-only
"""What `make install` puts in place works from there, and goes away again."""

import os
import subprocess
import tempfile

from lab import BUILD, TOOL, KernelTest, tool

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Install(KernelTest):
    def make(self, goal, folder):
        subprocess.run(["make", "-s", "-C", ROOT, f"BUILD={BUILD}", goal, f"DESTDIR={folder}",
                        "PREFIX=/usr"], check=True, stdout=subprocess.DEVNULL)

    def files(self, folder):
        return [os.path.join(path, name) for path, _, names in os.walk(folder) for name in names]

    def test_installs_and_uninstalls(self):
        with tempfile.TemporaryDirectory() as folder:
            self.make("install", folder)
            self.assertEqual(len(self.files(folder)), 5)
            done = subprocess.run([f"{folder}/usr/bin/ptrace-lab", "run", "counter-single"],
                                  cwd="/", stdout=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 0)
            self.assertIn("0 lost", done.stdout)
            self.make("uninstall", folder)
            self.assertEqual(self.files(folder), [])

    def test_v_shows_the_commands(self):
        with tempfile.TemporaryDirectory() as folder:
            for v in ("", "1"):
                done = subprocess.run(["make", f"BUILD={folder}/{v}", f"V={v}",
                                       f"{folder}/{v}/user/base/xml.o"], cwd=ROOT,
                                      stdout=subprocess.PIPE, text=True, check=True)
                self.assertEqual("-std=gnu11" in done.stdout, v == "1", done.stdout)

    def test_the_program_needs_the_c_library_alone(self):
        needed = subprocess.run(["ldd", TOOL], stdout=subprocess.PIPE, text=True).stdout
        names = {line.split()[0].split("/")[-1].split(".")[0] for line in needed.splitlines()}
        self.assertLessEqual(names, {"linux-vdso", "libc", "libm", "ld-linux-x86-64",
                                     "ld-linux-aarch64"})

    def test_help_speaks_of_every_command(self):
        text = tool("help").stdout
        for name in ("run", "record", "attach", "report", "list", "compare", "doctor", "schema",
                     "version", "help", "explain"):
            self.assertIn(f"  {name} ", text)
            self.assertEqual(tool("help", name).returncode, 0)
