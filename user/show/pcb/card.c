// SPDX-License-Identifier: GPL-2.0-only
/* card.c - all that is known of a task, under the nine heads of the textbooks */
#include "show/pcb/card.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/units.h"
#include "model/signals.h"

#define HEAD_WIDTH   14
#define CHILDREN_MAX 12
#define FILES_MAX    24
#define CAPABILITIES 41
#define UNLIMITED    UINT64_MAX

/* ---- lines --------------------------------------------------------------------------------- */

void card_line(struct card *card, const char *head, const char *format, ...)
{
	char words[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	text_spaces(card->text, 2);
	text_put(card->text, STYLE_HEAD, head);
	text_pad(card->text, HEAD_WIDTH + 2);
	text_wrap(card->text, HEAD_WIDTH + 2, STYLE_PLAIN, words);
	text_end(card->text);
}

/* A text that grows; what does not fit is cut. */
struct words {
	char text[900];
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *words, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(words->text + words->used, sizeof(words->text) - words->used, format,
			   arguments);
	va_end(arguments);
	if (length > 0)
		words->used += (size_t)length;
	if (words->used >= sizeof(words->text))
		words->used = sizeof(words->text) - 1;
}

static const char *separator(const struct words *words, const char *comma)
{
	return words->used ? comma : "";
}

/* ---- what threads have in common with their process ----------------------------------------- */

static bool namespaces_differ(const struct pl_pcb_task *a, const struct pl_pcb_task *b)
{
	return memcmp(a->namespaces, b->namespaces, sizeof(a->namespaces));
}

static bool rights_differ(const struct pl_pcb_task *a, const struct pl_pcb_task *b)
{
	size_t begin = offsetof(struct pl_pcb_task, uid);
	size_t end = offsetof(struct pl_pcb_task, parent);

	return memcmp((const char *)a + begin, (const char *)b + begin, end - begin);
}

/* It need not be said again of each thread. */
static bool is_as_leader(const struct card *card,
			 bool (*differ)(const struct pl_pcb_task *a, const struct pl_pcb_task *b))
{
	const struct pl_pcb_task *leader = snapshot_task(card->snapshot, card->task->head.tgid);

	return leader && leader != card->task && !differ(leader, card->task);
}

/* ---- the nine heads ------------------------------------------------------------------------ */

static void show_identity(struct card *card)
{
	const struct pl_pcb_task *task = card->task;
	struct words words = {.used = 0};

	if (task->level) {
		for (unsigned int i = 1; i <= task->level && i < PL_PCB_LEVELS; i++)
			say(&words, "%s%u", separator(&words, ", "), task->pid_in[i]);
		card_line(card, "identity", "tid %u, process %u; in its own PID namespace %s",
			  task->head.tid, task->head.tgid, words.text);
	} else {
		card_line(card, "identity", "tid %u, process %u", task->head.tid, task->head.tgid);
	}
	words = (struct words){.used = 0};
	say(&words, "started %s after the machine", format_duration(task->start_boottime).text);
	if (task->namespaces[PL_NS_MOUNT] && !is_as_leader(card, namespaces_differ))
		say(&words,
		    "; namespaces: pid %u, mount %u, net %u, ipc %u, uts %u, user %u, cgroup %u, "
		    "time %u",
		    task->namespaces[PL_NS_PID], task->namespaces[PL_NS_MOUNT],
		    task->namespaces[PL_NS_NET], task->namespaces[PL_NS_IPC],
		    task->namespaces[PL_NS_UTS], task->namespaces[PL_NS_USER],
		    task->namespaces[PL_NS_CGROUP], task->namespaces[PL_NS_TIME]);
	card_line(card, "", "%s", words.text);
}

static void show_state(struct card *card)
{
	const struct pl_pcb_task *task = card->task;
	enum pcb_state state = pcb_state(task);
	char wait[64];

	pcb_wait_text(task, card->view->arch, wait, sizeof(wait));
	if (state == PCB_ZOMBIE && task->exit_code & 0x7f)
		card_line(card, "state",
			  "zombie: killed by signal %u, and its parent has not asked yet",
			  task->exit_code & 0x7f);
	else if (state == PCB_ZOMBIE)
		card_line(card, "state", "zombie: exited with %u, and its parent has not asked yet",
			  task->exit_code >> 8 & 0xff);
	else if (*wait)
		card_line(card, "state", "blocked: waits for %s", wait);
	else
		card_line(card, "state", "%s", pcb_state_name(state));
}

static void say_cpus(struct words *words, const struct pl_pcb_task *task, unsigned int cpus)
{
	unsigned int known = PL_PCB_CPU_WORDS * 64, begin = 0;
	const char *comma = "";

	if (task->cpus_allowed >= cpus) {
		say(words, "all CPUs");
		return;
	}
	say(words, "CPU%s ", task->cpus_allowed == 1 ? "" : "s");
	while (begin < known) {
		unsigned int end;

		if (!(task->cpus[begin / 64] >> (begin % 64) & 1)) {
			begin++;
			continue;
		}
		end = begin;
		while (end + 1 < known && task->cpus[(end + 1) / 64] >> ((end + 1) % 64) & 1)
			end++;
		say(words, end > begin ? "%s%u-%u" : "%s%u", comma, begin, end);
		comma = ",";
		begin = end + 1;
	}
}

static void show_scheduling(struct card *card)
{
	const struct pl_pcb_task *task = card->task;
	const char *policy = pcb_policy_name(task->policy);
	struct words words = {.used = 0};
	char path[PL_PCB_CGROUP + 8];

	say(&words, "%s, ", policy ? policy : "policy unknown");
	if (pcb_is_realtime(task))
		say(&words, "real-time priority %u", task->rt_priority);
	else
		say(&words, "nice %d", pcb_nice(task));
	say(&words, " (the kernel's priority %d); on ", task->prio);
	say_cpus(&words, task, card->view->cpus);
	say(&words, ", last on %u; cgroup %s", task->cpu, pcb_cgroup(task, path, sizeof(path)));
	card_line(card, "scheduling", "%s", words.text);
	words = (struct words){.used = 0};
	say(&words, "ran %s", format_duration(task->runtime).text);
	if (task->dispatches)
		say(&words, " in %s turns, ready without a CPU for %s",
		    format_count(task->dispatches).text, format_duration(task->wait).text);
	say(&words,
	    "; left the CPU %s times by itself and %s times not; moved to another CPU %s times",
	    format_count(task->voluntary).text, format_count(task->involuntary).text,
	    format_count(task->migrations).text);
	if (!pcb_is_realtime(task))
		say(&words, "; virtual run time %s", format_duration(task->vruntime).text);
	card_line(card, "", "%s", words.text);
}

/* The shorter of the two: those that it has, or those that it lacks. */
static void say_capabilities(struct words *words, const char *head, uint64_t set)
{
	uint64_t all = (1ull << CAPABILITIES) - 1, told = set & all;
	bool most = __builtin_popcountll(told) > CAPABILITIES / 2;
	const char *comma = " ";

	if (!told)
		return;
	say(words, "%s%s%s", separator(words, "; "), head, most ? " all" : "");
	if (told == all)
		return;
	if (most) {
		say(words, " but");
		told = ~told & all;
	}
	for (unsigned int i = 0; i < CAPABILITIES; i++) {
		if (!(told >> i & 1))
			continue;
		say(words, "%s%s", comma, capability_name(i));
		comma = ", ";
	}
}

static void say_ids(struct words *words, const char *head, uint32_t real, uint32_t effective,
		    uint32_t saved)
{
	if (real == effective && real == saved)
		say(words, "%s %u%s", head, real, real ? "" : " (root)");
	else
		say(words, "%s %u, effective %u, saved %u", head, real, effective, saved);
}

static void show_rights(struct card *card)
{
	static const char *const seccomp[] = {"", "; seccomp: strict", "; seccomp: filtered"};
	const struct pl_pcb_task *task = card->task;
	struct words words = {.used = 0};

	if (is_as_leader(card, rights_differ)) {
		card_line(card, "rights", "those of its process");
		return;
	}
	say_ids(&words, "user", task->uid, task->euid, task->suid);
	say(&words, "; ");
	say_ids(&words, "group", task->gid, task->egid, task->sgid);
	if (task->groups_count)
		say(&words, " and");
	for (unsigned int i = 0; i < task->groups_count && i < PL_PCB_GROUPS; i++)
		say(&words, "%s%u", i ? "," : " ", task->groups[i]);
	if (task->groups_count > PL_PCB_GROUPS)
		say(&words, " and %u more", task->groups_count - PL_PCB_GROUPS);
	say(&words, "%s%s", task->seccomp < 3 ? seccomp[task->seccomp] : "",
	    task->flags & PL_PCB_NO_NEW_PRIVS ? "; may gain no new privileges" : "");
	card_line(card, "rights", "%s", words.text);
	words = (struct words){.used = 0};
	say_capabilities(&words, "may use", task->cap_effective);
	if (task->cap_permitted != task->cap_effective)
		say_capabilities(&words, "may take", task->cap_permitted);
	say_capabilities(&words, "hands on", task->cap_inheritable | task->cap_ambient);
	card_line(card, "", "capabilities: %s", words.used ? words.text : "none");
}

static void show_family(struct card *card)
{
	const struct pl_pcb_task *task = card->task;
	const struct pl_pcb_task *parent = snapshot_task(card->snapshot, task->parent), *other;
	struct words words = {.used = 0};
	uint32_t children = 0;

	if (!pcb_is_leader(task)) {
		const struct pl_pcb_task *leader = snapshot_task(card->snapshot, task->head.tgid);

		card_line(card, "family", "one of the %u threads of %s %u", task->threads,
			  leader ? leader->comm : "process", task->head.tgid);
		return;
	}
	say(&words, "child of %s%s%u; group %u, session %u", parent ? parent->comm : "",
	    parent ? " " : "", task->parent, task->group, task->session);
	if (task->terminal)
		say(&words, ", terminal %u:%u", task->terminal >> 20, task->terminal & 0xfffff);
	if (task->tracer)
		say(&words, "; traced by %u", task->tracer);
	say(&words, "; %u thread%s", task->threads, task->threads == 1 ? "" : "s");
	card_line(card, "family", "%s", words.text);
	words = (struct words){.used = 0};
	vector_for_each (&card->snapshot->tasks, other) {
		if (!pcb_is_leader(other) || other->parent != task->head.tgid)
			continue;
		if (++children <= CHILDREN_MAX)
			say(&words, "%s%s %u", separator(&words, ", "), other->comm,
			    other->head.tgid);
	}
	if (children)
		card_line(card, "", "%u child%s: %s%s", children, children == 1 ? "" : "ren",
			  words.text, children > CHILDREN_MAX ? ", ..." : "");
}

static void show_stack(struct card *card)
{
	const struct pl_pcb_area *stack = pcb_stack(card->snapshot, card->task);

	if (stack)
		card_line(card, "",
			  "its own stack: %#" PRIx64 " to %#" PRIx64 ", %s, of which %s are in use",
			  stack->begin, stack->end, format_bytes(stack->end - stack->begin).text,
			  format_bytes(stack->end - card->task->registers[PL_REG_SP]).text);
}

static void show_memory(struct card *card)
{
	const struct pl_pcb_task *task = card->task;

	if (!(task->flags & PL_PCB_HAS_MEMORY)) {
		card_line(card, "memory", "%s",
			  pcb_is_kernel(task) ? "the kernel's" : "none any more");
		return;
	}
	if (!pcb_is_leader(task)) {
		card_line(card, "memory", "that of its process: code, data and heap are shared");
		show_stack(card);
		card_line(card, "", "page faults: %s without and %s with waiting for a disk",
			  format_count(task->minor_faults).text,
			  format_count(task->major_faults).text);
		return;
	}
	card_line(card, "memory",
		  "resident %s (%s anonymous, %s of files, %s shared), at most %s; swapped out %s",
		  format_bytes(pcb_resident(task)).text,
		  format_bytes(task->resident[PL_RSS_ANON]).text,
		  format_bytes(task->resident[PL_RSS_FILE]).text,
		  format_bytes(task->resident[PL_RSS_SHMEM]).text,
		  format_bytes(task->resident_peak > pcb_resident(task) ? task->resident_peak
									: pcb_resident(task))
			  .text,
		  format_bytes(task->resident[PL_RSS_SWAP]).text);
	card_line(card, "",
		  "address space %s in %u areas; code %#" PRIx64 " to %#" PRIx64 ", data %#" PRIx64
		  " to %#" PRIx64 ", heap %#" PRIx64 " to %#" PRIx64 " (%s)",
		  format_bytes(task->total).text, task->areas, task->code_begin, task->code_end,
		  task->data_begin, task->data_end, task->heap_begin, task->heap_end,
		  format_bytes(task->heap_end - task->heap_begin).text);
	show_stack(card);
	card_line(
		card, "",
		"page tables %s; locked %s; page faults: %s without and %s with waiting for a disk",
		format_bytes(task->page_tables).text, format_bytes(task->locked).text,
		format_count(task->minor_faults).text, format_count(task->major_faults).text);
}

static void say_signals(struct words *words, const char *head, uint64_t set)
{
	unsigned int count = 0;

	if (!set)
		return;
	say(words, "%s%s", separator(words, "; "), head);
	for (unsigned int i = 0; i < 64; i++)
		if (set >> i & 1)
			say(words, "%s%s", count++ ? "," : " ", signal_label(i + 1).text);
}

static void say_limit(struct words *words, unsigned int number, const uint64_t limit[2])
{
	const char *name = limit_name(number);

	say(words, "%s%s ", separator(words, ", "), name);
	for (int i = 0; i < 2; i++) {
		if (i && limit[1] == limit[0])
			return;
		say(words, "%s", i ? " of " : "");
		if (limit[i] == UNLIMITED)
			say(words, "unlimited");
		else if (limit_unit(number) == LIMIT_BYTES)
			say(words, "%s", format_bytes(limit[i]).text);
		else if (limit_unit(number) == LIMIT_SECONDS)
			say(words, "%" PRIu64 " s", limit[i]);
		else if (limit_unit(number) == LIMIT_MICROSECONDS)
			say(words, "%" PRIu64 " us", limit[i]);
		else
			say(words, "%s", format_count(limit[i]).text);
	}
}

static void show_files(struct card *card)
{
	struct snapshot_range range = snapshot_files(card->snapshot, card->task->head.tgid);
	unsigned int shown = 0;

	card_line(card, "resources", "%u open files, room for %u before its table grows",
		  card->task->open_files, card->task->file_slots);
	for (size_t i = range.begin; i < range.end && shown < FILES_MAX; i++, shown++) {
		const struct pl_pcb_file *file = &card->snapshot->files.items[i];
		char kind[96];

		text_pad(card->text, HEAD_WIDTH + 2);
		text_print(card->text, STYLE_PLAIN, "%4u  %s  %s", file->fd,
			   pcb_file_text(file, kind, sizeof(kind)), file->name);
		text_end(card->text);
	}
	if (range.end - range.begin > shown)
		card_line(card, "", "and %zu more", range.end - range.begin - shown);
}

static void show_resources(struct card *card)
{
	const struct pl_pcb_task *task = card->task;
	struct words words = {.used = 0};

	if (pcb_is_leader(task))
		show_files(card);
	say_signals(&words, "pending for it", task->signals_pending);
	if (pcb_is_leader(task))
		say_signals(&words, "pending for the process", task->signals_pending_process);
	say_signals(&words, "blocked", task->signals_blocked);
	if (pcb_is_leader(task)) {
		say_signals(&words, "ignored", task->signals_ignored);
		say_signals(&words, "handled", task->signals_handled);
	}
	if (words.used)
		card_line(card, pcb_is_leader(task) ? "" : "resources", "signals: %s", words.text);
	words = (struct words){.used = 0};
	for (unsigned int i = 0; i < PL_PCB_LIMITS && pcb_is_leader(task); i++)
		if (task->limits[i][0] != UNLIMITED)
			say_limit(&words, i, task->limits[i]);
	if (words.used)
		card_line(card, "", "limits: %s", words.text);
	if (task->read_calls || task->write_calls)
		card_line(card, "",
			  "read %s in %s calls (%s from disks), wrote %s in %s calls (%s to disks)",
			  format_bytes(task->read_chars).text, format_count(task->read_calls).text,
			  format_bytes(task->read_bytes).text,
			  format_bytes(task->written_chars).text,
			  format_count(task->write_calls).text,
			  format_bytes(task->written_bytes).text);
	if (task->posix_timers && pcb_is_leader(task))
		card_line(card, "", "%u timers", task->posix_timers);
}

static void show_card(struct card *card)
{
	const struct pl_pcb_task *task = card->task;

	text_put(card->text, STYLE_TITLE, task->comm);
	text_print(card->text, STYLE_PLAIN, " · %s %u",
		   pcb_is_kernel(task)	 ? "kernel thread"
		   : pcb_is_leader(task) ? "process"
					 : "thread",
		   task->head.tid);
	text_end(card->text);
	show_identity(card);
	show_state(card);
	card_counter(card);
	show_scheduling(card);
	show_rights(card);
	show_family(card);
	show_memory(card);
	show_resources(card);
	card_context(card);
}

int show_pcb_cards(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view)
{
	struct text text;
	struct card card = {.text = &text, .snapshot = snapshot, .view = view};
	bool first = true;

	text_start(&text, out, &view->text);
	snapshot_for_each(snapshot, card.task)
	{
		if (!first)
			text_gap(&text);
		first = false;
		show_card(&card);
	}
	return text_finish(&text);
}
