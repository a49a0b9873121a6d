# SPDX-License-Identifier: GPL-2.0-only
"""Names of addresses come fast enough to be looked up while a program is traced."""

import glob
import os
import re
import subprocess
import unittest

from lab import TOOL, bench

LIBRARIES = ["libc.so.6", "libstdc++.so.6", "libm.so.6", "libpthread.so.0", "libssl.so.3",
             "libcrypto.so.3", "libpython3.*.so.1.0", "libgcc_s.so.1"]


class NamesAreFast(unittest.TestCase):
    def test_fifteen_thousand_symbols_in_50_ms_and_a_known_frame_in_1_us(self):
        files = [TOOL] + [path for name in LIBRARIES
                          for path in glob.glob("/usr/lib/*-linux-gnu/" + name)]
        files = [f for f in files if os.path.exists(f)]
        best = None
        for _ in range(5):  # the best, as others may use the machine
            output = subprocess.run([bench("names"), *files], stdout=subprocess.PIPE, check=True,
                                    text=True, timeout=60).stdout
            match = re.match(r"(\d+) functions ([\d.]+) ms (\d+) ns new (\d+) ns known", output)
            functions, ms, known = int(match[1]), float(match[2]), int(match[4])
            figures = (ms / functions * 15000, known)
            best = figures if best is None else tuple(map(min, best, figures))
            if best[0] <= 50 and best[1] <= 1000:
                break
        self.assertGreater(functions, 5000)
        self.assertLessEqual(best[0], 50)
        self.assertLessEqual(best[1], 1000)


if __name__ == "__main__":
    unittest.main()
