# SPDX-License-Identifier: GPL-2.0-only
"""Names of stripped programs from wherever their debug information lies; servers only when asked."""

import ctypes.util
import http.server
import os
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

import lab

SOURCE = """
#include <unistd.h>
static __attribute__((noinline)) void waits_here(void) { usleep(20000); __asm__(""); }
static __attribute__((noinline)) void called_first(void) { waits_here(); __asm__(""); }
int main(void) { called_first(); return 0; }
"""


class DebugFiles(lab.KernelTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.program = os.path.join(self.folder, "program")
        self.debug = os.path.join(self.folder, "symbols.dbg")
        source = os.path.join(self.folder, "program.c")
        with open(source, "w") as file:
            file.write(SOURCE)
        subprocess.run(["gcc", "-O2", "-g", "-Wl,--build-id", "-o", self.program, source],
                       check=True)
        subprocess.run(["objcopy", "--only-keep-debug", self.program, self.debug], check=True)
        subprocess.run(["strip", "-s", self.program], check=True)

    def folded(self, *options, **environment):
        path = os.path.join(self.folder, "r.ptl")
        done = lab.tool("run", "--stacks", *options, "-o", path, "--", self.program,
                        env=dict(os.environ, **environment))
        self.assertEqual(done.returncode, 0, done.stderr)
        return lab.tool("flame", path, "--kind", "off-cpu", "--lines").stdout

    def build_id(self):
        notes = subprocess.run(["readelf", "-n", self.program], stdout=subprocess.PIPE,
                               text=True).stdout
        return re.search(r"Build ID: ([0-9a-f]+)", notes)[1]

    def test_without_any_a_function_is_called_by_where_its_unwind_entry_begins(self):
        folded = self.folded()
        self.assertNotIn("waits_here", folded)
        self.assertRegex(folded, r"program!fn_0x[0-9a-f]+;program!fn_0x[0-9a-f]+;")

    def test_a_debug_file_that_the_program_names(self):
        subprocess.run(["objcopy", "--add-gnu-debuglink=symbols.dbg", "program"],
                       cwd=self.folder, check=True)
        self.assertIn("called_first (program.c:4);waits_here (program.c:3)", self.folded())

    def test_a_debug_file_in_the_system_s_folder_is_found_by_its_build_id(self):
        number = self.build_id()
        path = f"/usr/lib/debug/.build-id/{number[:2]}/{number[2:]}.debug"
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            shutil.copy(self.debug, path)
        except OSError as error:
            self.skipTest(f"cannot be written here: {error}")
        self.addCleanup(self.remove, path)
        self.assertIn("called_first (program.c:4);waits_here (program.c:3)", self.folded())

    def remove(self, path):
        """And the folder, if there was none before."""
        os.unlink(path)
        try:
            os.removedirs(os.path.dirname(path))
        except OSError:
            pass

    def test_a_debug_file_of_another_build_is_not_taken(self):
        subprocess.run(["objcopy", "--add-gnu-debuglink=symbols.dbg", "program"],
                       cwd=self.folder, check=True)
        with open(self.debug, "ab") as file:
            file.write(b"another")
        other = re.sub("waits_here", "lies_here", SOURCE)
        source = os.path.join(self.folder, "other.c")
        with open(source, "w") as file:
            file.write(other)
        subprocess.run(["gcc", "-O2", "-g", "-Wl,--build-id", "-o", self.debug, source],
                       check=True)
        self.assertNotIn("lies_here", self.folded())

    def test_servers_are_asked_only_when_that_is_wanted(self):
        if not ctypes.util.find_library("debuginfod"):
            self.skipTest("libdebuginfod is not installed")
        asked, wanted, debug = [], f"/buildid/{self.build_id()}/debuginfo", self.debug

        class Server(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(200 if self.path == wanted else 404)
                self.end_headers()
                if self.path == wanted:
                    with open(debug, "rb") as file:
                        self.wfile.write(file.read())

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        os.rename(debug, debug + ".elsewhere")
        debug += ".elsewhere"
        environment = {"DEBUGINFOD_URLS": f"http://127.0.0.1:{server.server_port}",
                       "DEBUGINFOD_CACHE_PATH": os.path.join(self.folder, "cache")}
        self.assertNotIn("waits_here", self.folded(**environment))
        self.assertEqual(asked, [])
        self.assertIn("called_first (program.c:4);waits_here (program.c:3)",
                      self.folded("--debuginfod", **environment))
        self.assertIn(wanted, asked)


if __name__ == "__main__":
    unittest.main()
