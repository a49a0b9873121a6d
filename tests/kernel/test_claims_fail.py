# SPDX-License-Identifier: GPL-2.0-only
"""What a scenario claims does not hold of a run that was another one."""

import json
import os
import tempfile
import unittest

from lab import KernelTest, tool

# Whose claims, on a run of what, and those of them that must not hold there.
WRONG = (
    ("counter-single", ["counter-split"], ["the result is exact", "one thread did it all"]),
    ("counter-lock", ["counter-race"], ["the result is exact", "one lock was waited for, once"]),
    ("counter-lock-fine", ["counter-race"],
     ["the result is exact", "now and then a thread slept for it, always for the same one"]),
    ("counter-atomic", ["counter-race"], ["the result is exact"]),
    ("counter-race", ["counter-atomic"], ["updates were lost"]),
    ("counter-split", ["counter-atomic"], ["updates were lost"]),
    ("thread-named", ["counter-atomic"], ["the kernel knew each of them by its name"]),
    ("process-spawn", ["process-escape"], ["there were two processes"]),
    ("process-terminate", ["process-terminate", "--after", "600ms"],
     ["signal 15 ended the child", "it was alive when the parent looked"]),
    ("process-terminate", ["process-join"], ["signal 15 ended the child"]),
    ("ipc-pipe", ["ipc-queue"], ["a producer, a consumer and their parent: three processes"]),
    ("ipc-queue", ["ipc-pipe"], ["two producers, a consumer and their parent: four processes"]),
    ("sum-single", ["sum-threads"], ["one thread did it all"]),
    ("sum-threads", ["sum-procs"], ["two threads of one process did it"]),
    ("sum-procs", ["sum-threads"], ["two child processes did it"]),
)
# On a machine with time for it also these; without, they are undecided. They are never held.
NEVER = (
    ("sum-threads", ["sum-gil"], ["both ran at once, from beginning to end",
                                  "so it took half of the time that one thread took"]),
    ("sum-procs", ["sum-gil"], ["both ran at once, from beginning to end",
                                "so it took half of the time that one thread took"]),
    ("counter-race", ["counter-lock"], ["updates were lost"]),
)


class WrongRuns(KernelTest):
    def verdicts(self, folder, claims_of, command):
        path = os.path.join(folder, "-".join(command) + ".ptl")
        if not os.path.exists(path):
            done = tool("run", "-o", path, "--report", "/dev/null", *command)
            self.assertEqual(done.returncode, 0, done.stderr)
        done = tool("report", "--claims", claims_of, "--json", "-", path)
        return {c["text"]: c["verdict"] for c in json.loads(done.stdout)["claims"]}

    def test_claims_fail_where_they_ought_to(self):
        with tempfile.TemporaryDirectory() as folder:
            for claims_of, command, sentences in WRONG + NEVER:
                verdicts = self.verdicts(folder, claims_of, command)
                for sentence in sentences:
                    with self.subTest(claims_of, command=command, sentence=sentence):
                        self.assertNotEqual(verdicts[sentence], "held")
                        if (claims_of, command, sentences) in WRONG and \
                                not sentence.startswith(("updates", "one lock", "now and then")):
                            self.assertEqual(verdicts[sentence], "not held")

    def test_the_report_says_whose_claims_these_are(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.ptl")
            tool("run", "-o", path, "counter-single")
            done = tool("report", "--claims", "counter-lock", path)
            self.assertIn("claims of counter-lock", done.stdout)
            self.assertTrue(done.stdout.startswith("counter-single"))
            self.assertEqual(tool("report", "--claims", "counter-lokc", path).returncode, 119)


if __name__ == "__main__":
    unittest.main()
