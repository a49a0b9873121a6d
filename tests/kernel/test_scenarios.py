# SPDX-License-Identifier: GPL-2.0-only
"""Each scenario shows its phenomenon: every claim is held on a recording of its own run."""

from lab import KernelTest, scenario, tool


class Scenarios(KernelTest):
    def test_every_claim_of_every_scenario_holds(self):
        for name in tool("list", "--names").stdout.split():
            with self.subTest(name):
                traced = scenario(name)
                self.assertEqual(traced.status, 0, traced.error)
                claims = traced.json["claims"]
                self.assertTrue(claims)
                self.assertEqual([c for c in claims if c["verdict"] != "held"], [])
                self.assert_conserved(traced)

    def test_the_racy_ones_lose_updates_and_the_safe_ones_do_not(self):
        for name in ("counter-race", "counter-split"):
            facts = scenario(name).json["facts"]
            self.assertLess(int(facts["actual"]), int(facts["expected"]))
        for name in ("counter-lock", "counter-lock-fine", "counter-atomic", "counter-single"):
            facts = scenario(name).json["facts"]
            self.assertEqual(facts["actual"], facts["expected"])

    def test_compare_shows_them_in_one_table(self):
        done = tool("compare", "counter-single", "counter-lock", "counter-atomic")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("counter-single", "counter-lock", "counter-atomic"):
            self.assertIn(name, done.stdout)
