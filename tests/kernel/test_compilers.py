# SPDX-License-Identifier: GPL-2.0-only
"""The kernel accepts what each supported compiler makes of the BPF programs."""

import os
import shutil
import subprocess

from lab import BUILD, KernelTest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Compilers(KernelTest):
    def load_with(self, compiler):
        if not shutil.which(compiler):
            self.skipTest(f"{compiler} is not installed")
        build = os.path.join(BUILD, compiler)
        subprocess.run(["make", "-s", "-C", ROOT, f"BUILD={build}", f"CLANG={compiler}",
                        f"{build}/ptrace-lab"], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run([f"{build}/ptrace-lab", "run", "--", "true"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_clang_14(self):
        self.load_with("clang-14")

    def test_clang_19(self):
        self.load_with("clang-19")
