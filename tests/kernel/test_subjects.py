# SPDX-License-Identifier: GPL-2.0-only
"""What a scenario is about is in its report: snapshots of its tasks, and figures in tables."""

import unittest

from lab import KernelTest, scenario


class Subjects(KernelTest):
    def about(self, name):
        """Items and pictures of a run; again if the machine was too busy for a picture."""
        for _ in range(3):
            traced = scenario(name)
            self.assertEqual(traced.status, 0, traced.error)
            about = traced.json["about"]
            if all(item["picture"] is not None for item in about["items"] if item["phase"]):
                return traced, about
        self.fail(f"{name}: no snapshot in time, three times")

    def tasks(self, about, kind):
        item = next(item for item in about["items"] if item["kind"] == kind)
        picture = about["pictures"][item["picture"]]
        return {task["name"]: task for task in picture["tasks"]}

    def test_threads_share_their_memory_and_a_child_does_not(self):
        traced, about = self.about("memory-map")
        threads = self.tasks(about, "memory")
        self.assertEqual({t["memory"] for t in threads.values()},
                         {threads["memory-map"]["memory"]})
        self.assertEqual(len(threads), 3)
        processes = self.tasks(about, "sharing")
        for shared in ("memory", "files", "handlers"):
            self.assertNotEqual(processes["memory-map"][shared], processes["child"][shared])
        facts = traced.json["facts"]
        rows = {row["name"]: row["cells"] for row in about["items"][1]["rows"]}
        self.assertEqual(int(rows["heap"][0], 16), int(facts["main_heap"], 16))
        self.assertEqual(int(rows["stack"][2], 16), int(facts["reader_2_stack"], 16))

    def test_threads_go_on_with_the_memory_when_the_first_one_has_ended(self):
        _, about = self.about("thread-named")
        tasks = self.tasks(about, "sharing")
        self.assertEqual(tasks["thread-named"]["memory"], 0)
        self.assertEqual(tasks["thread-named"]["state"], "zombie")
        self.assertEqual(len({tasks[name]["memory"]
                              for name in ("Kim", "Lee", "Park", "Cho", "Hong")}), 1)

    def test_each_state_is_in_the_picture(self):
        _, about = self.about("process-states")
        tasks = self.tasks(about, "tasks")
        for state in ("blocked", "stopped", "zombie"):
            self.assertEqual(tasks[state]["state"], state)

    def test_pages_of_the_same_address_are_told_apart(self):
        traced, about = self.about("process-isolation")
        parent, child = (row["cells"] for row in about["items"][0]["rows"])
        self.assertEqual(parent[0], child[0])
        if traced.json["facts"]["frames_visible"] == "1":
            self.assertEqual(parent[1:3], [child[1], parent[1]])
            self.assertNotEqual(child[1], child[2])


if __name__ == "__main__":
    unittest.main()
