# SPDX-License-Identifier: GPL-2.0-only
"""The page of each scenario: there, readable, and of options and names that exist."""

import os
import re
import subprocess
import unittest

from lab import TOOL, program_of, tool

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def names():
    return tool("list", "--names").stdout.split()


def source(name):
    chapter = os.path.basename(os.path.dirname(program_of(name)))
    return os.path.join(ROOT, "workloads", chapter, f"{name}.md")


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


class Pages(unittest.TestCase):
    def test_every_scenario_has_a_page_about_what_it_shows(self):
        for name in names():
            with self.subTest(name):
                with open(source(name)) as file:
                    page = file.read()
                self.assertTrue(page.startswith(f"# {name}: "), page[:60])
                for head in ("## What to look for", "## What to try next"):
                    self.assertIn(f"\n{head}\n", page)
                self.assertLessEqual(max(map(len, page.splitlines())), 100)
                self.assertLess(len(page.splitlines()), 90)

    def test_every_option_that_a_page_speaks_of_exists(self):
        own = set()
        for command in ("run", "compare", "report", "attach", "record", "states"):
            own |= options_in(tool("help", command).stdout)
        for name in names():
            with self.subTest(name):
                with open(source(name)) as file:
                    page = file.read()
                known = own | options_in(subprocess.run(
                    [program_of(name), "--help"], stdout=subprocess.PIPE, text=True).stdout)
                self.assertLessEqual(options_in(page), known)

    def test_every_command_of_a_page_names_scenarios_that_exist(self):
        known = set(names())
        for name in names():
            with open(source(name)) as file:
                page = file.read()
            for line in re.findall(r"ptrace-lab compare ([^`|\n]*)", page):
                for word in line.replace("'", "").split():
                    if not word.startswith("-") and not word.isdigit():
                        self.assertIn(word, known, name)

    def test_explain_shows_the_page_and_the_claims(self):
        done = tool("explain", "sum-gil")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("sum-gil: "))
        self.assertIn("  - two threads took as long as one alone\n", done.stdout)
        self.assertIn("sudo ptrace-lab run sum-gil", done.stdout)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)

    def test_explain_without_a_name_lists_them_and_a_wrong_one_is_refused(self):
        listed = tool("explain").stdout
        for name in names():
            self.assertIn(name, listed)
        done = tool("explain", "sum-gli")
        self.assertEqual(done.returncode, 119)
        self.assertIn("sum-gil", done.stderr)
        self.assertEqual(tool("explain", "sum-gil", "io-gil").returncode, 2)

    def test_a_scenario_explains_its_options_to_who_is_not_root(self):
        other = {} if os.geteuid() else {"user": 65534}
        if subprocess.run(["test", "-x", TOOL], check=False, **other).returncode:
            self.skipTest("others may not go to where this was built")
        for name in names():
            with self.subTest(name):
                done = tool("run", name, "--help", **other)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stdout.startswith(f"{name}: "))
                self.assertLessEqual(max(map(len, done.stdout.splitlines())), 120)


if __name__ == "__main__":
    unittest.main()
