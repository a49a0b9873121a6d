# SPDX-License-Identifier: GPL-2.0-only
"""Variables that are watched: every access, against what the program itself counts."""

import errno
import os
import subprocess
import tempfile
import unittest

import lab


class WatchTest(lab.KernelTest):
    def setUp(self):
        super().setUp()
        if os.uname().machine != "x86_64":
            self.skipTest("variables are watched on x86-64 only")

    def watch(self, name, how, count=2000, threads=2, options=()):
        traced = lab.run(lab.target("races"), how, count, threads,
                         options=("--watch", name, *options))
        traced.counts = [int(n) for n in traced.output.split()]
        self.assertTrue(traced.json["watch"]["complete"], traced.json["watch"])
        return traced

    def variable(self, traced):
        self.assertEqual(len(traced.json["watch"]["variables"]), 1)
        return traced.json["watch"]["variables"][0]


class Writes(WatchTest):
    def test_each_of_200000_writes_is_seen(self):
        traced = self.watch("counter", "volatile", 100000)
        variable = self.variable(traced)
        self.assertEqual(variable["writes"], 200000)
        self.assertEqual(variable["updates"], 200000)
        self.assertTrue(variable["exact"])
        self.assertEqual(variable["lost"], 200000 - traced.counts[0])

    def rounds(self, name, threads):
        """A hundred races of 500 updates: each against what it counted itself."""
        traced = lab.run(lab.target("races"), "rounds", 500 // threads, threads,
                         options=("--watch", name))
        self.assertTrue(traced.json["watch"]["complete"], traced.json["watch"])
        results = dict(map(int, line.split()) for line in traced.output.splitlines())
        variables = {v["pid"]: v for v in traced.json["watch"]["variables"]}
        self.assertEqual(len(results), 100)
        self.assertEqual(set(variables), set(results))
        named = lost = 0
        for pid, variable in variables.items():
            self.assertTrue(variable["exact"], variable | {"losses": None})
            self.assertEqual(variable["writes"], 500)
            self.assertEqual(variable["last"], results[pid])
            self.assertEqual(variable["lost"], 500 - results[pid])
            self.assertEqual(variable["named"] + variable["undecided"], variable["lost"])
            named += variable["named"]
            lost += variable["lost"]
        return named, lost

    def test_what_is_lost_is_what_is_missing_a_hundred_times(self):
        named, lost = self.rounds("counter:rw", 2)
        if lost > 1000:
            self.assertGreaterEqual(named, 0.9 * lost)

    def test_where_only_writes_are_watched_it_is_so_too(self):
        self.rounds("counter", 2)

    def test_so_it_is_with_more_threads_than_cpus(self):
        self.rounds("counter:rw", 5)

    def test_who_lost_an_update_is_told_with_the_way_it_came_there(self):
        traced = self.watch("counter:rw", "volatile", 500)
        stacks = {stack["id"]: stack for stack in traced.json["watch"]["loss_stacks"]}
        accesses = [loss[who] for loss in self.variable(traced)["losses"]
                    for who in ("victim", "victim_read", "killer", "killer_read")]
        whole = [a for a in accesses if a["stack"] in stacks and stacks[a["stack"]]["whole"]]
        # One of the first moments may find no table for the code it came through.
        self.assertGreaterEqual(len(whole), 0.9 * len(accesses))
        for access in whole:
            frames = stacks[access["stack"]]["frames"]
            self.assertEqual([f["function"] for f in frames[:2]], ["add_once", "work"])
            self.assertEqual(frames[0]["line"], access["line"])
        if accesses:
            self.assertIn("add_once (races.c:", " ".join(traced.text.split()))

    def test_nothing_is_lost_of_what_is_atomic_or_locked(self):
        for name, how in (("exact:rw", "atomic"), ("exact", "exchange"), ("counter:rw", "lock")):
            with self.subTest(how):
                traced = self.watch(name, how, 1000)
                variable = self.variable(traced)
                self.assertEqual(variable["lost"], 0)
                self.assertEqual(variable["losses"], [])
                self.assertEqual(max(traced.counts), 2000)

    def test_an_addition_of_one_instruction_is_counted(self):
        traced = self.watch("plain", "plain", 2000)
        variable = self.variable(traced)
        self.assertEqual(variable["updates"], 4000)
        self.assertEqual(variable["lost"], 4000 - traced.counts[1])
        self.assertTrue(variable["exact"])

    def test_what_a_system_call_wrote_is_seen_and_makes_losses_uncountable(self):
        traced = self.watch("counter", "read", 5)
        variable = self.variable(traced)
        self.assertEqual(variable["updates"], 5)
        self.assertGreater(variable["not_understood"], 0)
        self.assertFalse(variable["exact"])
        self.assertIn("losses cannot be counted", " ".join(traced.text.split()))

    def test_sizes_and_steps(self):
        variable = self.variable(self.watch("narrow:rw", "narrow", 500))
        self.assertEqual((variable["bytes"], variable["step"]), (4, -3))
        # It goes round twice.
        variable = self.variable(self.watch("tiny:rw", "tiny", 600, 1))
        self.assertEqual((variable["bytes"], variable["step"], variable["lost"]), (1, 1, 0))

    def test_members_elements_and_files(self):
        for name, how, column in (("queue.inner.head", "member", 5), ("table[3]", "element", 6),
                                  ("races.c:counter", "volatile", 0)):
            with self.subTest(name):
                traced = self.watch(name, how, 500)
                variable = self.variable(traced)
                self.assertEqual(variable["writes"], 1000)
                self.assertEqual(variable["lost"], 1000 - traced.counts[column])

    def test_each_access_has_its_stack(self):
        variable = self.variable(self.watch("counter:rw", "volatile", 2000))
        stacks = variable["stacks"]
        told = sum(s["writes"] for s in stacks if s["functions"][0] == "add_once")
        self.assertGreaterEqual(told, variable["writes"] * 0.9, stacks[:5])
        self.assertLessEqual(sum(s["reads"] for s in stacks), variable["reads"])

    def test_four_at_once_and_no_more(self):
        names = ["--watch", "table[0]", "--watch", "table[3]", "--watch", "queue.inner.head"]
        traced = self.watch("counter", "element", 200, options=names)
        writes = {v["name"]: v["writes"] for v in traced.json["watch"]["variables"]}
        self.assertEqual(writes, {"counter": 0, "table[0]": 0, "table[3]": 400,
                                  "queue.inner.head": 0})
        done = lab.tool("run", "--watch", "narrow", "--watch", "plain", *names, "--",
                        lab.target("races"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("4 watchpoints", done.stderr)

    def test_a_library_s_variable_is_found_once_it_is_loaded(self):
        traced = self.watch("environ", "environ")
        self.assertGreater(self.variable(traced)["writes"], 0)

    def test_children_have_a_variable_of_their_own(self):
        traced = self.watch("counter:rw", "fork", 300)
        variables = traced.json["watch"]["variables"]
        self.assertEqual(sorted(v["writes"] for v in variables), [300, 300])
        self.assertEqual([v["lost"] for v in variables], [0, 0])


EARLY_THREAD = """
#include <pthread.h>
#include <unistd.h>
static void *work(void *unused) { for (;;) usleep(1000); return unused; }
static void begin(void) __attribute__((constructor));
static void begin(void) { pthread_t thread; pthread_create(&thread, 0, work, 0); }
"""


class Begin(WatchTest):
    """The target is stopped until its variables are watched. That is the tracer's doing, and no part
    of what it shows."""

    def begin(self, name, program="races", how="volatile", **options):
        traced = lab.Traced(["run", "--watch", name, "--", lab.target(program), how, "300"],
                            **options)
        self.assert_conserved(traced)
        for thread in traced.json["threads"]:
            self.assertLess(thread["stopped_ns"], lab.MS, thread)
            self.assertTrue(thread["totals_agree"], thread)
        process = traced.json["processes"][0]
        self.assertTrue(process["path"].endswith(program), process)
        self.assertNotIn("stop", {r["reason"] for t in traced.json["threads"]
                                  for r in t["reasons"]})
        self.assertEqual(traced.json["signals"], [])
        return traced

    def test_no_stop_is_shown(self):
        self.assertEqual(self.variable(self.begin("counter"))["writes"], 600)

    def test_nor_of_a_static_program(self):
        self.assertEqual(self.variable(self.begin("counter", "races-static"))["writes"], 600)

    def test_nor_where_the_libraries_are_waited_for(self):
        traced = self.begin("environ", how="environ")
        self.assertGreater(self.variable(traced)["writes"], 0)
        self.assertEqual(len(traced.json["threads"]), 1)

    def test_threads_that_a_library_made_before_are_there(self):
        with tempfile.TemporaryDirectory() as folder:
            source, library = (os.path.join(folder, name) for name in ("early.c", "early.so"))
            with open(source, "w", encoding="ascii") as file:
                file.write(EARLY_THREAD)
            subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
            traced = lab.Traced(["run", "--watch", "environ", "--", lab.target("races"), "environ"],
                                env=os.environ | {"LD_PRELOAD": library})
        self.assertGreater(self.variable(traced)["writes"], 0)
        self.assertEqual(len(traced.json["threads"]), 2)
        self.assert_conserved(traced)
        for thread in traced.json["threads"]:
            self.assertLess(thread["stopped_ns"], 5 * lab.MS, thread)


class Locks(WatchTest):
    def test_a_lock_that_nobody_waits_for_is_seen_all_the_same(self):
        variable = self.variable(self.watch("counter", "lock", 500))
        self.assertEqual(variable["locks_always"], ["mutex"])

    def test_no_lock_is_claimed_where_none_was_held(self):
        variable = self.variable(self.watch("counter", "volatile", 500))
        self.assertEqual(variable["locks_ever"], [])


class Limits(WatchTest):
    def test_after_the_limit_the_program_goes_on_unwatched(self):
        traced = self.watch("counter", "volatile", 50000, options=("--watch-limit", "1000"))
        variable = self.variable(traced)
        self.assertEqual(variable["writes"], 1000)
        self.assertGreater(traced.json["watch"]["hits"], 1000)
        self.assertIn("--watch-limit", traced.text)
        self.assertGreater(traced.counts[0], 1000)

    def test_no_watchpoint_is_left_behind(self):
        self.watch("counter", "volatile", 100)
        self.assertEqual(lab.programs_left(), [])


class Attach(WatchTest):
    def test_a_process_that_runs_is_watched(self):
        process = subprocess.Popen([lab.target("races"), "wait", "300", "2"],
                                   stdout=subprocess.PIPE, text=True)
        traced = lab.Traced(["attach", "--watch", "counter:rw", "-p", str(process.pid)])
        output, _ = process.communicate()
        variable = self.variable(traced)
        self.assertEqual(variable["writes"], 600)
        self.assertEqual(variable["last"], int(output.split()[0]))


    def test_an_address_is_enough(self):
        process = subprocess.Popen([lab.target("races"), "wait", "300", "2"],
                                   stdout=subprocess.PIPE, text=True)
        symbols = subprocess.run(["nm", lab.target("races")], stdout=subprocess.PIPE, text=True,
                                 check=True).stdout.splitlines()
        offset = next(int(line.split()[0], 16) for line in symbols if line.endswith(" counter"))
        with open(f"/proc/{process.pid}/maps", encoding="ascii") as maps:
            base = int(maps.readline().split("-")[0], 16)
        traced = lab.Traced(["attach", "--watch", f"{base + offset:#x}:8:rw", "-p",
                             str(process.pid)])
        output, _ = process.communicate()
        variable = self.variable(traced)
        self.assertEqual(variable["writes"], 600)
        self.assertEqual(variable["last"], int(output.split()[0]))


class Refusals(WatchTest):
    def refuse(self, name, *words, status=2, program="races"):
        done = lab.tool("run", "--watch", name, "--", lab.target(program), "volatile", 1)
        with self.subTest(name):
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
            self.assertEqual(done.stdout, "")
            for word in words:
                self.assertIn(word, done.stderr)

    def test_each_reason_has_its_sentence(self):
        self.refuse("no_such_thing", "has no variable 'no_such_thing'", "libraries")
        self.refuse("own", "thread-local")
        self.refuse("heap.x", "pointer", "heap")
        self.refuse("heap->x", "pointer")
        self.refuse("*heap", "pointer")
        self.refuse("threads", "local variable of main()")
        self.refuse("queue", "bytes", "member")
        self.refuse("queue.nothing", "no member 'nothing'")
        self.refuse("queue.bits", "no member 'bits'")
        self.refuse("table", "64 bytes", "element")
        self.refuse("table[8]", "only 8 elements")
        self.refuse("main", "function")
        self.refuse("nowhere.c:counter", "nowhere.c")
        self.refuse("counter:3", "1, 2, 4 or 8 bytes")
        self.refuse("0x10", "no memory there")
        self.refuse("0x11:4", "multiple")
        self.refuse("a b", "not the name of a variable")
        self.refuse("folded", "optimised away", "volatile")
        self.refuse("threads", "register", "no memory to watch")

    def test_a_name_that_several_files_have_is_not_guessed(self):
        done = lab.tool("run", "--watch", "options", "--", lab.TOOL, "version")
        self.assertEqual(done.returncode, 2)
        self.assertIn("'options' is ambiguous", done.stderr)
        self.assertRegex(done.stderr, r"say cmd_\w+\.c:options or \w+\.c:options")

    def test_what_the_kernel_says_is_said_in_words(self):
        for number, status, words in ((errno.EPERM, 120, "the kernel refuses"),
                                      (errno.ENODEV, 121, "has no hardware watchpoints"),
                                      (errno.EOPNOTSUPP, 121, "has no hardware watchpoints"),
                                      (errno.ENOSPC, 121, "all watchpoints of the processor")):
            with self.subTest(words):
                done = subprocess.run([lab.target("refuse"), str(number), lab.TOOL, "run",
                                       "--watch", "counter", "--", lab.target("races")],
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, status)
                self.assertIn(words, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1)
                self.assertEqual(done.stdout, "")

    def test_the_whole_machine_has_no_variable(self):
        done = lab.tool("record", "-a", "--watch", "counter")
        self.assertEqual(done.returncode, 2)
        self.assertIn("these have: `run`, `attach`", done.stderr)

    def test_all_taken(self):
        waits = subprocess.Popen([lab.target("races"), "hold"], stdout=subprocess.DEVNULL)
        words = [word for i in range(4) for word in ("-w", f"table[{i}]")]
        holder = subprocess.Popen([lab.TOOL, "attach", "-d", "50", *words, "-p", str(waits.pid)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(60):
                done = lab.tool("run", "--watch", "counter", "--", lab.target("races"), "plain", 1)
                if done.returncode == 121:
                    break
            self.assertEqual(done.returncode, 121)
            self.assertIn("all watchpoints of the processor are taken", done.stderr)
        finally:
            holder.terminate()
            holder.wait()
            waits.kill()
            waits.wait()

    def test_the_target_does_not_run_if_its_variable_cannot_be_watched(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "made")
            done = lab.tool("run", "--watch", "no_such_thing", "--", "touch", path)
            self.assertNotEqual(done.returncode, 0)
            self.assertFalse(os.path.exists(path))


class Scenarios(WatchTest):
    def test_the_proof_is_a_run_of_its_own(self):
        traced = lab.scenario("counter-race", "--count", 100000)
        watch = traced.json["watch"]
        self.assertEqual(watch["command"][-1], "--count=5000")
        self.assertEqual(watch["expected"], 10000)
        variable = self.variable(traced)
        self.assertEqual(variable["writes"], 10000)
        self.assertEqual(variable["lost"], watch["expected"] - watch["actual"])
        self.assertEqual(traced.json["result"]["expected"], 200000)
        self.assertEqual(len(traced.json["threads"]), 3)

    def prove(self, name, *options):
        watch = lab.scenario(name, *options).json["watch"]
        self.assertTrue(watch["complete"], watch)
        self.assertEqual(len(watch["variables"]), 1)
        return watch, watch["variables"][0]

    def test_split_and_storm_are_proven_too(self):
        for name in ("counter-split", "counter-storm-race"):
            with self.subTest(name):
                watch, variable = self.prove(name)
                self.assertTrue(variable["exact"])
                self.assertEqual(variable["lost"], watch["expected"] - watch["actual"])
                if variable["lost"] > 20:
                    self.assertGreaterEqual(variable["named"], 0.8 * variable["lost"])

    def test_removals_that_a_list_lost_are_proven(self):
        watch, variable = self.prove("list-race")
        self.assertEqual(watch["expected"], 400)
        self.assertEqual((variable["step"], variable["first"], variable["last"]), (-1, 400, 0))
        self.assertTrue(variable["exact"])
        self.assertEqual(variable["lost"], variable["updates"] - 400)

    def test_nothing_is_lost_where_the_scenario_takes_care(self):
        for name in ("counter-lock", "counter-atomic"):
            with self.subTest(name):
                traced = lab.Traced(["run", "--watch", "shared_number:rw", name, "--count=2000"])
                variable = self.variable(traced)
                self.assertEqual((variable["updates"], variable["lost"], variable["named"]),
                                 (traced.json["result"]["expected"], 0, 0))
                self.assertTrue(variable["exact"])

    def test_the_proof_can_be_left_out(self):
        done = lab.Traced(["run", "--no-watch", "counter-race", "--count", "1000"])
        self.assertIsNone(done.json["watch"])


if __name__ == "__main__":
    unittest.main()
