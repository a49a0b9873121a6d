# SPDX-License-Identifier: GPL-2.0-only
"""What `pcb` and `memory` say, field by field against /proc, while the machine goes on living."""

import contextlib
import json
import os
import subprocess
import tempfile
import xml.dom.minidom

from lab import MS, TOOL, KernelTest, Traced, target, tool

CLOCK_TICK = os.sysconf("SC_CLK_TCK")
CAPABILITY_SETS = {"CapInh": "inheritable", "CapPrm": "permitted", "CapEff": "effective",
                   "CapBnd": "bounding", "CapAmb": "ambient"}
CAPABILITIES = """chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap
    linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module
    sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time
    sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog
    wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore""".split()
SIGNAL_SETS = {"SigPnd": "pending", "ShdPnd": "pending_process", "SigBlk": "blocked",
               "SigIgn": "ignored", "SigCgt": "handled"}
LIMITS = {"Max cpu time": "cpu time", "Max file size": "file size", "Max data size": "data",
          "Max stack size": "stack", "Max core file size": "core file",
          "Max resident set": "resident", "Max processes": "processes",
          "Max open files": "open files", "Max locked memory": "locked memory",
          "Max address space": "address space", "Max file locks": "file locks",
          "Max pending signals": "pending signals", "Max msgqueue size": "message queues",
          "Max nice priority": "nice", "Max realtime priority": "realtime priority",
          "Max realtime timeout": "realtime timeout"}
SWITCHES = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
POLICIES = {0: "normal", 1: "fifo", 2: "round-robin", 3: "batch", 5: "idle", 6: "deadline"}


def read(path):
    with open(path, errors="replace") as file:
        return file.read()


def status_of(folder):
    return dict(line.split(":\t", 1) for line in read(f"{folder}/status").splitlines())


def stat_of(folder):
    """The fields of stat, by their numbers in proc(5), from 3 on; 2 is the name."""
    text = read(f"{folder}/stat")
    name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
    return {2: name, **{number: value for number, value in enumerate(rest, 3)}}


def tasks_of_proc():
    """{(pid, tid): start} of all there are."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            for tid in os.listdir(f"/proc/{pid}/task"):
                with contextlib.suppress(OSError):
                    found[int(pid), int(tid)] = stat_of(f"/proc/{pid}/task/{tid}")[22]
    return found


def snapshot(*arguments):
    done = tool("pcb", "--json", *arguments)
    if done.returncode:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


@contextlib.contextmanager
def parked(*arguments):
    process = subprocess.Popen([target("parked"), *map(str, arguments)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


class Context(KernelTest):
    """Where a thread is, and how it came there, while nobody stops it."""

    def test_the_counter_and_both_stacks_are_those_of_the_program(self):
        with parked("threads", 2) as process:
            tasks = snapshot("--stack", "--registers", process.pid)["tasks"]
            by_kernel = {t["identity"]["tid"]: read(
                f"/proc/{process.pid}/task/{t['identity']['tid']}/stack") for t in tasks}
        self.assertEqual(len(tasks), 3)
        for task in tasks:
            first = task["identity"]["tid"] == process.pid
            context, counter = task["context"], task["program_counter"]
            names = [frame["function"] for frame in context["user_stack"]]
            self.assertEqual(counter["function"], names[0])
            self.assertEqual(context["ip"], counter["ip"])
            self.assertIn("read" if first else "pause", counter["function"])
            self.assertIn("main" if first else "wait_for_ever", names)
            self.assertEqual([f["outermost"] for f in context["user_stack"]],
                             [False] * (len(names) - 1) + [True])
            own = [f for f in context["user_stack"] if f["function"] in ("main", "wait_for_ever")]
            self.assertEqual(own[0]["file"], "parked.c")
            self.assertGreater(own[0]["line"], 0)
            # The kernel has several names for one function.
            lines = by_kernel[task["identity"]["tid"]].splitlines()
            theirs = [line.split("] ")[1].split("+")[0] for line in lines]
            ours = [frame["function"] for frame in context["kernel_stack"]]
            self.assertEqual(len(ours), len(theirs))
            self.assertGreater(len(set(ours) & set(theirs)), len(theirs) // 2)

    def test_a_card_tells_them_in_words(self):
        with parked("threads", 1) as process:
            text = tool("pcb", "--stack", process.pid).stdout
        self.assertIn("user 1", text)
        self.assertRegex(text, r"wait_for_ever \(parked\.c:\d+\)")
        self.assertRegex(text, r"kernel 0 +\w+")

    def test_without_being_asked_nobody_looks_into_programs(self):
        with parked("threads", 1) as process:
            task = snapshot(process.pid)["tasks"][0]
            everybody = snapshot()["tasks"]
        self.assertNotIn("context", task)
        self.assertIn("read", task["program_counter"]["function"])
        self.assertFalse([t for t in everybody if t["program_counter"].get("function")])


class Fields(KernelTest):
    """Of each task that is the same before and after, every field that cannot have changed."""

    def compare(self, task, folder, status, stat):
        identity, scheduling = task["identity"], task["scheduling"]
        rights, family, memory = task["rights"], task["family"], task["memory"]
        resources = task["resources"]
        # /proc tells of kernel workers what they work on, too.
        yield "name", identity["name"], stat[2][:len(identity["name"])]
        yield "tgid", identity["pid"], int(status["Tgid"])
        yield "start", identity["started_since_boot_ns"] * CLOCK_TICK // 10**9, int(stat[22])
        yield ("pids in namespaces", identity["pid_in_namespaces"],
               [int(n) for n in status["NSpid"].split()])
        yield "parent", family["creator"], int(status["PPid"])
        yield "tracer", family["tracer"] or 0, int(status["TracerPid"])
        yield "group", family["group"], int(stat[5])
        yield "session", family["session"], int(stat[6])
        yield "priority", scheduling["priority"] - 100, int(stat[18])
        yield "nice", scheduling["nice"], int(stat[19])
        yield "policy", scheduling["policy"], POLICIES.get(int(stat[41]))
        yield "realtime", scheduling["realtime_priority"], int(stat[40])
        yield ("users", [rights[n] for n in ("uid", "euid", "suid", "fsuid")],
               [int(n) for n in status["Uid"].split()])
        yield ("groups", [rights[n] for n in ("gid", "egid", "sgid", "fsgid")],
               [int(n) for n in status["Gid"].split()])
        yield "more groups", rights["groups"], [int(n) for n in status["Groups"].split()][:16]
        yield ("no_new_privileges", rights["no_new_privileges"], status["NoNewPrivs"] == "1")
        yield ("seccomp", rights["seccomp"],
               ["off", "strict", "filter"][int(status.get("Seccomp", 0))])
        for name, ours in CAPABILITY_SETS.items():
            bits = int(status[name], 16)
            yield name, rights[ours], [c for i, c in enumerate(CAPABILITIES) if bits >> i & 1]
        for name, ours in SIGNAL_SETS.items():
            yield name, len(resources[ours]), bin(int(status[name], 16)).count("1")
        masks = "".join(f"{int(word, 16):016x}" for word in reversed(scheduling["cpu_mask"]))
        yield "cpus", int(masks, 16), int(status["Cpus_allowed"].replace(",", ""), 16)
        if "VmSize" in status:
            for name, field in {"code_begin": 26, "code_end": 27, "stack_begin": 28,
                                "data_begin": 45, "data_end": 46, "heap_begin": 47,
                                "arguments_begin": 48, "arguments_end": 49,
                                "environment_begin": 50, "environment_end": 51}.items():
                yield name, int(memory[name], 16), int(stat[field])
        for line in read(f"{folder}/limits").splitlines()[1:]:
            name, rest = line[:26].strip(), line[26:].split()
            soft, hard = (r if r == "unlimited" else int(r) for r in rest[:2])
            found = resources["limits"][LIMITS[name]]
            yield name, (found["soft"], found["hard"]), (soft, hard)

    def within(self, task, before, after):
        """Counters lie between what they were before and after."""
        yield "minor faults", task["memory"]["minor_faults"], before[1][10], after[1][10]
        yield "major faults", task["memory"]["major_faults"], before[1][12], after[1][12]
        for name, ours in zip(SWITCHES, ("switches_voluntary", "switches_involuntary")):
            yield name, task["scheduling"][ours], before[0][name], after[0][name]

    def test_every_field_of_every_task_in_a_fork_storm(self):
        def look(tasks):
            found = {}
            for (pid, tid), start in tasks.items():
                folder = f"/proc/{pid}/task/{tid}"
                with contextlib.suppress(OSError):
                    found[pid, tid] = (start, status_of(folder), stat_of(folder))
            return found

        checked = 0
        with parked("storm"), parked("threads", 50), parked("states"):
            before = look(tasks_of_proc())
            ours = {(t["identity"]["pid"], t["identity"]["tid"]): t for t in snapshot()["tasks"]}
            after = look(tasks_of_proc())
            lived = [key for key, value in before.items()
                     if key in after and after[key][0] == value[0] and key[0] != os.getpid()]
            self.assertGreater(len(lived), 60)
            if (1, 1) not in ours: # there are kernels that hide their first process
                lived = [key for key in lived if key[0] != 1]
            for key in lived:
                folder = f"/proc/{key[0]}/task/{key[1]}"
                self.assertTrue(key in ours, f"{key} lived through it all, and is missing")
                task = ours[key]
                try:
                    pairs = list(self.compare(task, folder, *before[key][1:]))
                    again = list(self.compare(task, folder, *after[key][1:]))
                except (FileNotFoundError, ProcessLookupError):
                    continue
                stood_still = all(before[key][1][n] == after[key][1][n] for n in SWITCHES)
                for (name, found, one), (_, _, other) in zip(pairs, again):
                    if one == other and (stood_still or name not in SIGNAL_SETS):
                        self.assertEqual(found, one, f"{name} of {key} {task['identity']['name']}")
                        checked += 1
                for name, found, low, high in self.within(task, before[key][1:], after[key][1:]):
                    self.assertTrue(int(low) <= found <= int(high),
                                    f"{name} of {key}: {found}, not within {low} and {high}")
                    checked += 1
        self.assertGreater(checked, 2000)

    def test_sizes_files_and_areas_are_those_of_proc(self):
        with parked("threads", 3) as process, open("/etc/passwd"):
            pid = process.pid
            found = snapshot(pid)
            task = found["tasks"][0]
            status = status_of(f"/proc/{pid}")
            memory = task["memory"]
            self.assertEqual(memory["total"], int(status["VmSize"].split()[0]) * 1024)
            self.assertEqual(memory["page_tables"], int(status["VmPTE"].split()[0]) * 1024)
            rollup = dict(line.split(":", 1) for line in
                          read(f"/proc/{pid}/smaps_rollup").splitlines()[1:])
            resident = sum(memory[f"resident_{kind}"] for kind in ("anonymous", "file", "shared"))
            self.assertEqual(resident, int(rollup["Rss"].split()[0]) * 1024)
            files = {f["fd"]: f["name"] for f in found["files"]}
            names = {int(fd): os.readlink(f"/proc/{pid}/fd/{fd}")
                     for fd in os.listdir(f"/proc/{pid}/fd")}
            self.assertEqual(files, names)
            self.assertEqual(task["resources"]["open_files"], len(names))
            maps = [line.split(maxsplit=5) for line in read(f"/proc/{pid}/maps").splitlines()]
            theirs = [(m[0], m[1], int(m[2], 16), int(m[4])) for m in maps if "vsyscall" not in m[-1]]
            ours = [(f"{a['begin'][2:]}-{a['end'][2:]}", a["rights"], a["offset"], a["inode"])
                    for a in found["areas"]]
            self.assertEqual(ours, theirs)
            kinds = {m[5]: a["kind"] for m, a in zip(maps, found["areas"]) if len(m) > 5}
            self.assertEqual(kinds["[heap]"], "heap")
            self.assertEqual(kinds["[stack]"], "stack")
            self.assertEqual(kinds["[vdso]"], "kernel")
            stacks = [a["tid"] for a in found["areas"] if a["kind"] == "thread stack"]
            self.assertEqual(sorted(stacks),
                             sorted(t["identity"]["tid"] for t in found["tasks"][1:]))

    def test_each_state_is_seen_as_what_it_is(self):
        with parked("states") as process:
            found = snapshot("--tree", process.pid)
        states = {t["identity"]["name"]: t["state"] for t in found["tasks"]}
        self.assertIn(states["is-running"]["name"], ("running", "ready"))
        self.assertEqual((states["is-sleeping"]["name"], states["is-sleeping"]["reason"]),
                         ("blocked", "sleep"))
        self.assertEqual((states["is-reading"]["name"], states["is-reading"]["reason"]),
                         ("blocked", "pipe"))
        self.assertEqual(states["is-stopped"]["name"], "stopped")
        self.assertEqual(states["is-zombie"]["name"], "zombie")
        self.assertEqual(states["is-zombie"]["exit_code"], 7 << 8)
        self.assertEqual((states["is-killed"]["name"], states["is-killed"]["exit_code"]),
                         ("zombie", 9))
        children = found["tasks"][0]["family"]["children"]
        self.assertEqual(len(children), 6)

    def test_ten_thousand_tasks_take_a_tenth_of_a_second(self):
        with parked("threads", 10000):
            times = [snapshot_time() for _ in range(3)]
        self.assertLess(min(times), 100 * MS)


def snapshot_time():
    found = snapshot()
    assert len(found["tasks"]) > 10000
    return found["duration_ns"]


class Usage(KernelTest):
    def test_text_of_all_kinds(self):
        with parked("states") as process:
            pid = process.pid
            table = tool("pcb", "--tree", pid).stdout
            self.assertIn("├─ is-sleeping", table)
            self.assertIn("7 tasks of 7 processes", table)
            card = tool("pcb", "--full", pid).stdout
            for head in ("identity", "state", "counter", "scheduling", "rights", "family",
                         "memory", "resources"):
                self.assertIn(f"\n  {head} ", card)
            self.assertIn("6 children: is-running", card)

    def test_watch_tells_what_changed_until_all_are_gone(self):
        with parked("states") as process:
            watching = subprocess.Popen([TOOL, "pcb", "--tree", "--watch", "0.2",
                                         str(process.pid)], stdout=subprocess.PIPE, text=True)
            lines = iter(watching.stdout.readline, "")
            self.assertTrue(any("is-running" in line and "%" in line
                                for line in take_after(lines, "in 2")))
        output, _ = watching.communicate(timeout=20)
        self.assertIn("gone", output)
        self.assertEqual(watching.returncode, 0)

    def test_a_scenario_is_looked_at_and_ended(self):
        done = tool("pcb", "counter-lock", "--count", "2000000000")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("join of", done.stdout)
        self.assertIn("lock, held by", done.stdout)
        self.assertEqual(subprocess.run(["pgrep", "-x", "counter-lock"]).returncode, 1)

    def test_the_memory_picture_is_well_formed(self):
        with parked("threads", 2) as process:
            text = tool("memory", process.pid).stdout
            self.assertEqual(text.count("thread stack"), 2)
            self.assertIn("heap", text)
            svg = tool("memory", "--format", "svg", process.pid).stdout
        xml.dom.minidom.parseString(svg)
        self.assertEqual(svg.count("thread stack of parked"), 2)

    def test_bad_words_get_one_sentence(self):
        for words, status in ((["pcb", "nonsense"], 122), (["pcb", "4000000"], 119),
                              (["pcb", "--all", "1"], 2), (["memory"], 2),
                              (["memory", "--format", "png", "1"], 2)):
            done = tool(*words)
            self.assertEqual(done.returncode, status, words)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)


def take_after(lines, beginning):
    for line in lines:
        if line.startswith(beginning):
            break
    for line in lines:
        if not line.strip():
            return
        yield line


class Schema(KernelTest):
    """It allows no member more, and none less but those that it says may be missing."""

    def test_control_blocks_keep_to_their_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads(tool("schema", "pcb").stdout)
        validator = jsonschema.validators.validator_for(schema)
        validator.check_schema(schema)
        for words in (["-a"], ["--tree", str(os.getpid())],
                      ["--registers", "--stack", "process-states"]):
            with self.subTest(words):
                document = json.loads(tool("pcb", "--json", *words).stdout)
                self.assertTrue(document["tasks"])
                errors = [f"{list(e.absolute_path)}: {e.message[:200]}"
                          for e in validator(schema).iter_errors(document)]
                self.assertEqual(errors[:3], [])

    def test_an_unknown_schema_is_refused(self):
        done = tool("schema", "nonsense")
        self.assertEqual(done.returncode, 2)
        self.assertIn("`report` (the default) and `pcb`", done.stderr)


class Recorded(KernelTest):
    def test_a_recording_has_a_snapshot_of_its_begin_and_of_its_end(self):
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/x.ptl"
            process = subprocess.Popen(["sleep", "30"])
            try:
                traced = Traced(["attach", "-o", file, "-d", "300ms", "-p", process.pid])
            finally:
                process.kill()
                process.wait()
            first, last = (s["at_ns"] for s in traced.json["snapshots"])
            self.assertLess(first, 150 * MS)
            self.assertGreater(last, 290 * MS)
            self.assertIn("sleep", tool("pcb", "--full", file).stdout)
            self.assertIn("stack", tool("memory", file).stdout)
            # Nobody lives at the end of this one.
            traced = Traced(["run", "-o", file, "--", "sleep", "0.2"])
            self.assertEqual(len(traced.json["snapshots"]), 1)

    def test_snapshots_instants_and_states_of_a_recording(self):
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/x.ptl"
            traced = Traced(["run", "--pcb-every", "30ms", "-o", file, "counter-lock",
                             "--count", "400000000"])
            # The second one waits for the first one then, or the other way round.
            second = traced.thread("counter-2")
            middle = f"{second['begin_ns'] + second['life_ns'] // 4}ns"
            now = json.loads(tool("pcb", file, "--json", "--at", middle).stdout)
            states = {t["name"]: t for t in now["threads"]}
            self.assertEqual(states["counter-lock"]["reason"], "join")
            self.assertEqual({states[f"counter-{i}"]["state"].split()[0] for i in (1, 2)} -
                             {"running", "ready", "blocked"}, set())
            stored = json.loads(tool("pcb", "--json", file).stdout)
            self.compare_moments(traced, stored)
            self.assertIn("counter-lock", [t["identity"]["name"] for t in stored["tasks"]])
            self.assertIn("of counter-lock", tool("memory", file).stdout)
            text = tool("states", file).stdout
            self.assertIn("dispatched", text)
            svg = tool("states", "--format", "svg", file).stdout
            xml.dom.minidom.parseString(svg)
            self.assertEqual(tool("pcb", "--at", "1h", file).returncode, 2)

    def compare_moments(self, traced, stored):
        """The report's line for a snapshot says what the snapshot does."""
        moments = traced.json["snapshots"]
        self.assertGreater(len(moments), 2)
        self.assertEqual([m["at_ns"] for m in moments], sorted(m["at_ns"] for m in moments))
        for moment in moments:
            parts = sum(moment[k] for k in ("running", "ready", "blocked", "stopped", "zombie"))
            self.assertEqual(parts, moment["tasks"])
            self.assertLessEqual(moment["at_ns"], traced.json["time"]["wall_ns"] + 100 * MS)
        followed = {t["tid"] for t in traced.json["threads"]}
        tasks = [t for t in stored["tasks"] if t["identity"]["tid"] in followed]
        if tasks:
            self.assertEqual(moments[-1]["tasks"], len(tasks))
            self.assertEqual(moments[-1]["ran_ns"],
                             sum(t["scheduling"]["ran_ns"] for t in tasks))

    def test_a_report_shows_the_snapshots_beside_the_timeline(self):
        traced = Traced(["run", "--pcb-every", "30ms", "--", "sh", "-c", "sleep 0.2 & wait"])
        self.assertIn("snapshot at", traced.text)
        self.assertIn("the last of them", traced.text)

    def test_the_arrows_of_each_thread_add_up(self):
        traced = Traced(["run", "process-states"])
        for thread in traced.json["threads"]:
            arrows = thread["transitions"]
            self.assertEqual(arrows["born"] + arrows["preempted"] + arrows["woken"] +
                             arrows["continued"], arrows["dispatched"], thread["name"])
            self.assertEqual(arrows["dispatched"], arrows["preempted"] + arrows["blocked"] +
                             arrows["stopped"] + arrows["ended"], thread["name"])
            # The second source: the kernel counts each time that a thread leaves its CPU, and its
            # last leaving as well.
            kernel = thread["kernel"]
            self.assertEqual(arrows["preempted"] + arrows["blocked"] + arrows["stopped"] +
                             arrows["ended"],
                             kernel["switches_voluntary"] + kernel["switches_involuntary"],
                             thread["name"])
