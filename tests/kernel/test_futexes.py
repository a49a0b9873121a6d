# SPDX-License-Identifier: GPL-2.0-only
"""All the ways to wait on a futex: the wait is there, for the right word, as long as it was."""

from lab import MS, KernelTest, run, target

# The way, what the words are, and whether the one that was moved knows who held the word.
WAYS = {
    "wait": {"two": "futex"},
    "bitset": {"two": "futex"},
    "futex2": {"two": "futex"},
    "waitv": {"two": "futex"},
    "requeue": {"condition": "futex", "gate": "futex"},
    "futex2-requeue": {"condition": "futex", "gate": "futex"},
    "requeue-pi": {"condition": "condition", "gate": "lock"},
}


def told(traced):
    """(thread, word) -> (begin, end), by the program; and word -> address"""
    lines = [line.split() for line in traced.output.splitlines()]
    return ({(w[1], w[2]): (int(w[3]), int(w[4])) for w in lines if w[0] == "wait"},
            {w[1]: w[2] for w in lines if w[0] == "word"})


def waited(traced):
    """(thread, address) -> ns"""
    return {(traced.json["threads"][user["thread"]]["name"], lock["address"]): user["waited_ns"]
            for lock in traced.json["locks"] for user in lock["threads"] if user["waits"]}


class Ways(KernelTest):
    def trace(self, way):
        traced = run(target("futexes"), way)
        if traced.status == 77:
            self.skipTest(f"this kernel has no {way}")
        self.assertEqual(traced.status, 0, traced.error)
        return traced

    def test_each_wait_is_there_for_its_word_and_as_long_as_it_was(self):
        for way, words in WAYS.items():
            with self.subTest(way):
                # What a busy machine adds between clock and call is not the tracer's: five tries.
                for _ in range(5):
                    traced = self.trace(way)
                    waits, addresses = told(traced)
                    names = {address: word for word, address in addresses.items()}
                    shown = {(thread, names[address]): ns
                             for (thread, address), ns in waited(traced).items()}
                    self.assertEqual(set(shown), set(waits))
                    wrong = {key: (shown[key], end - begin) for key, (begin, end) in waits.items()
                             if abs(shown[key] / (end - begin) - 1) > 0.01}
                    if not wrong:
                        break
                self.assertEqual(wrong, {})
                locks = {lock["name"]: lock for lock in traced.json["locks"]}
                self.assertEqual({name: lock["reason"] for name, lock in locks.items()}, words)
                self.assert_conserved(traced)

    def test_who_was_moved_to_a_lock_waits_for_the_one_that_has_it(self):
        traced = self.trace("requeue-pi")
        gate, = [lock for lock in traced.json["locks"] if lock["name"] == "gate"]
        self.assertEqual(gate["kind"], "PI mutex")
        held = {traced.json["threads"][t["thread"]]["name"]: t["held_ns"] for t in gate["threads"]}
        self.assertEqual(held, {"waiter-0": gate["total_ns"], "waiter-1": 0})
        self.assertEqual((gate["waits"], gate["holder_known"]), (1, 1))

    def test_a_wait_for_several_that_nobody_ended_is_for_none_of_them(self):
        traced = self.trace("waitv-none")
        self.assertEqual(traced.json["locks"], [])
        reasons = {r["reason"]: r["total_ns"] for r in traced.thread("waiter-0")["reasons"]}
        self.assertEqual(set(reasons), {"futex"})
        self.assertAlmostEqual(reasons["futex"] / MS, 60, delta=20)
