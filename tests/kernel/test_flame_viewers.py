# SPDX-License-Identifier: GPL-2.0-only
"""What `flame` writes is opened by the programs that it is written for."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from lab import BUILD, tool

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VIEWERS = os.path.join(ROOT, "tests/viewers")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def missing():
    if not shutil.which("node"):
        return "node is not installed"
    if not os.path.exists(os.path.join(VIEWERS, "node_modules/speedscope")):
        return "the viewers could not be installed (npm ci in tests/viewers)"
    return None if CHROMIUM else "chromium is not installed"


def folded(text):
    lines = [line.rpartition(" ") for line in text.splitlines()]
    return {stack: int(weight) for stack, _, weight in lines}


class Exports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([os.path.join(BUILD, "tests/unit/test_flame")], check=True,
                       env=dict(os.environ, WRITE_RECORDINGS=cls.folder.name))
        cls.lock = os.path.join(ROOT, "tests/golden/counter-lock.ptl")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def flame(self, *arguments, status=0):
        done = tool("flame", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout if not status else done.stderr

    def test_viewers_open_them_and_find_what_the_model_says(self):
        if missing():
            self.skipTest(missing())
        for name, thread, recording in (("made", "task", self.path("made.ptl")),
                                        ("lock", "counter-2", self.lock),
                                        ("hostile", "a;b", self.path("hostile.ptl"))):
            with self.subTest(name):
                for end in ("folded", "json", "pb.gz", "svg"):
                    self.flame(recording, "-o", self.path(f"{name}.{end}"))
                done = subprocess.run(
                    ["node", os.path.join(VIEWERS, "check.mjs"), self.folder.name, name, thread],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120,
                    env=dict(os.environ, CHROMIUM=CHROMIUM))
                self.assertEqual(done.returncode, 0, done.stderr)
                seen = json.loads(done.stdout)
                with open(self.path(f"{name}.json")) as file:
                    lives = sum(p["endValue"] for p in json.load(file)["profiles"])
                self.assertEqual(seen["sum"], lives)

    def test_sums_are_those_of_the_report(self):
        """The report is a second source, with code of its own."""
        for recording in (self.lock, self.path("made.ptl")):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "report.json")
                tool("report", recording, "--json", path, "--report", "/dev/null")
                with open(path) as file:
                    threads = json.load(file)["threads"]
            expected = {
                "on-cpu": sum(t["running_ns"] for t in threads),
                "off-cpu": sum(t["blocked_ns"] for t in threads),  # stopped_ns is a part of it
                "run-queue": sum(t["ready_woken_ns"] + t["ready_preempted_ns"] for t in threads),
                "wall": sum(t["end_ns"] - t["begin_ns"] for t in threads),
                "switches": sum(t["switches_voluntary"] + t["switches_involuntary"]
                                for t in threads),
            }
            for kind, total in expected.items():
                with self.subTest(kind=kind, recording=recording):
                    self.assertEqual(sum(folded(self.flame(recording, "-k", kind)).values()),
                                     total)

    def test_the_picture_is_well_formed_and_asks_for_nothing(self):
        import xml.etree.ElementTree
        picture = self.flame(self.path("hostile.ptl"), "-f", "svg")
        xml.etree.ElementTree.fromstring(picture)
        for word in ("http", "url(", "@import"):
            rest = picture.replace("http://www.w3.org/2000/svg", "")
            self.assertNotIn(word, rest.replace("http://www.w3.org/1999/xhtml", ""))

    def test_a_recording_without_change_differs_in_nothing(self):
        for line in self.flame(self.lock, "--diff", self.lock).splitlines():
            _, before, after = line.rsplit(" ", 2)
            self.assertEqual(before, after)
        self.assertIn("before:", self.flame(self.lock, "--diff", self.path("made.ptl"),
                                            "-f", "svg"))

    def test_what_cannot_be_asked_for_is_said(self):
        for words, arguments in (
                ("no kind", ("-k", "nothing")),
                ("no format", ("-f", "jpeg")),
                ("no part of the time", ("--time", "1s")),
                ("no part of the time", ("--time", "2s..1s")),
                ("no part of the time", ("--time", "..")),
                ("--diff goes with", ("--diff", self.lock, "-f", "pprof")),
                ("--reason says", ("-k", "on-cpu", "--reason", "lock")),
                ("needs one recording", (self.lock,))):
            self.assertIn(words, self.flame(self.lock, *arguments, status=2))
        self.flame("/no/such.ptl", status=122)
        self.flame(self.lock, "--diff", "/no/such.ptl", status=122)
        self.flame(self.lock, "-o", "/no/such/folder/x.svg", status=123)
        self.assertEqual(self.flame(self.lock, "--thread", "nobody"), "")

    def test_parts_can_be_picked(self):
        whole = folded(self.flame(self.lock, "-k", "off-cpu"))
        lock = folded(self.flame(self.lock, "-k", "off-cpu", "--reason", "lock"))
        self.assertTrue(set(lock.items()) < set(whole.items()))
        begin = folded(self.flame(self.lock, "--time", "..500us"))
        end = folded(self.flame(self.lock, "--time", "500us.."))
        self.assertEqual(sum(begin.values()) + sum(end.values()),
                         sum(folded(self.flame(self.lock)).values()))


if __name__ == "__main__":
    unittest.main()
