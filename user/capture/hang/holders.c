// SPDX-License-Identifier: GPL-2.0-only
#include "capture/hang/holders.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/log.h"
#include "bpf/futex.h"
#include "capture/hang/pid_numbers.h"

#ifndef SYS_futex_wait
#define SYS_futex_wait 455
#endif

/* A circle through more processes than this is none that somebody programmed. */
#define PROCESSES_MAX 64
/* Who waits as long as this without having run is not just about to be served. */
#define SETTLE_US 10000

struct wait {
	pid_t process, tid;
	uint64_t address;
	uint32_t operation, value;
	uint64_t switches; /* of the thread, of its own will: the same wait has the same number */
	pid_t owner_word;  /* as it stands in the lock */
	pid_t owner;	   /* tid as we know it */
	pid_t owner_process;
};

struct visited {
	pid_t pid;
	bool is_reached; /* by waits that last */
	pid_t waiter;
};

struct walk {
	VECTOR(struct visited) processes;
	VECTOR(struct wait) waits; /* from one of them to another one */
	bool too_many;
};

static FILE *open_proc(pid_t process, pid_t tid, const char *name)
{
	char path[80];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", process, tid, name);
	return fopen(path, "re");
}

/* ---- one thread -------------------------------------------------------------------------------
 */

static bool read_call(struct wait *wait)
{
	CLEANUP_FCLOSE FILE *in = open_proc(wait->process, wait->tid, "syscall");
	uint64_t arguments[4];
	long number;

	if (!in || fscanf(in, "%ld %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64, &number,
			  &arguments[0], &arguments[1], &arguments[2], &arguments[3]) != 5)
		return false;
	wait->address = arguments[0];
	if (number == SYS_futex) {
		wait->operation = (uint32_t)arguments[1];
		wait->value = (uint32_t)arguments[2];
		return true;
	}
	wait->operation = FUTEX_CMD_WAIT_BITSET | (arguments[3] & FUTEX2_PRIVATE);
	wait->value = (uint32_t)arguments[1];
	return number == SYS_futex_wait;
}

static bool read_status_number(pid_t process, pid_t tid, const char *key, uint64_t *ret)
{
	CLEANUP_FCLOSE FILE *in = open_proc(process, tid, "status");
	size_t length = strlen(key);
	char line[256];

	while (in && fgets(line, sizeof(line), in))
		if (!strncmp(line, key, length))
			return sscanf(line + length, "%" SCNu64, ret) == 1;
	return false;
}

static bool read_owner(struct wait *wait)
{
	struct futex_view view = {0};
	struct iovec here = {&view, sizeof(view)};
	struct iovec there = {(void *)(wait->address - FUTEX_VIEW_BEFORE), sizeof(view)};
	struct futex_finding found;

	if (process_vm_readv(wait->process, &here, 1, &there, 1, 0) != sizeof(view)) {
		here = (struct iovec){view.after, sizeof(view.after)};
		there = (struct iovec){(void *)wait->address, sizeof(view.after)};
		if (process_vm_readv(wait->process, &here, 1, &there, 1, 0) != sizeof(view.after))
			return false;
	}
	found = futex_classify(wait->address, wait->operation, wait->value, &view);
	/* Only threads of the same process are joined. */
	if (found.kind == PL_FUTEX_JOIN || !found.holder || found.holder > INT32_MAX)
		return false;
	wait->owner_word = (pid_t)found.holder;
	return true;
}

/* False if it does not wait for a lock that another process might hold. */
static bool read_wait(pid_t process, pid_t tid, struct wait *ret)
{
	struct wait wait = {.process = process, .tid = tid};

	if (!read_call(&wait) || wait.operation & FUTEX_PRIVATE || !read_owner(&wait) ||
	    !read_status_number(process, tid, "voluntary_ctxt_switches:", &wait.switches))
		return false;
	*ret = wait;
	return true;
}

static bool still_waits(const struct wait *before)
{
	struct wait now;

	return read_wait(before->process, before->tid, &now) && now.address == before->address &&
	       now.switches == before->switches && now.owner_word == before->owner_word;
}

/* ---- one process ------------------------------------------------------------------------------
 */

static void name_of(pid_t pid, char *shown, size_t size)
{
	CLEANUP_FCLOSE FILE *in = open_proc(pid, pid, "comm");
	char name[64] = "";

	if (in && fgets(name, sizeof(name), in))
		name[strcspn(name, "\n")] = '\0';
	escape_text(shown, size, name);
}

struct shared_file {
	char device[16];
	uint64_t inode;
};

struct mapping {
	uint64_t begin, end;
	char rights[8];
	struct shared_file file;
};

static bool next_shared(FILE *in, struct mapping *ret)
{
	char line[512];

	while (fgets(line, sizeof(line), in)) {
		bool whole = strchr(line, '\n');

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*x %15s %" SCNu64, &ret->begin,
			   &ret->end, ret->rights, ret->file.device, &ret->file.inode) != 5)
			ret->rights[0] = '\0';
		/* A long file name: the rest of it. */
		for (int c = 0; !whole && c != '\n' && c != EOF;)
			c = fgetc(in);
		if (strlen(ret->rights) == 4 && ret->rights[3] == 's')
			return true;
	}
	return false;
}

/* A word may hold any number: it counts if that thread's process shares the memory in which it
 * stands. */
static bool shares_memory(const struct wait *wait)
{
	CLEANUP_FCLOSE FILE *its = open_proc(wait->process, wait->process, "maps");
	CLEANUP_FCLOSE FILE *others = open_proc(wait->owner_process, wait->owner_process, "maps");
	struct mapping here, there;
	bool found = false;

	while (its && !found && next_shared(its, &here))
		found = wait->address >= here.begin && wait->address < here.end;
	while (found && others && next_shared(others, &there))
		if (there.file.inode == here.file.inode &&
		    !strcmp(there.file.device, here.file.device))
			return true;
	return false;
}

static bool find_owner_process(struct wait *wait)
{
	uint64_t process;

	wait->owner = pid_number_here(wait->process, wait->owner_word);
	if (!wait->owner || !read_status_number(wait->owner, wait->owner, "Tgid:", &process))
		return false;
	wait->owner_process = (pid_t)process;
	return wait->owner_process != wait->process && wait->owner_process != getpid() &&
	       shares_memory(wait);
}

static int visit(struct walk *walk, pid_t pid)
{
	struct visited *process;

	vector_for_each (&walk->processes, process)
		if (process->pid == pid)
			return 0;
	if (walk->processes.count > PROCESSES_MAX) {
		walk->too_many = true;
		return 0;
	}
	process = vector_add(&walk->processes);
	if (!process)
		return -ENOMEM;
	process->pid = pid;
	return 0;
}

static int take_wait(struct walk *walk, struct wait *found)
{
	struct wait *wait;

	if (!find_owner_process(found))
		return 0;
	wait = vector_add(&walk->waits);
	if (!wait)
		return -ENOMEM;
	*wait = *found;
	return visit(walk, found->owner_process);
}

static int look_at(struct walk *walk, pid_t pid)
{
	CLEANUP_CLOSEDIR DIR *folder = NULL;
	const struct dirent *entry;
	struct wait wait;
	char path[64];
	int error = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	while (folder && !error && (entry = readdir(folder))) {
		if (isdigit((unsigned char)*entry->d_name) &&
		    read_wait(pid, (pid_t)strtol(entry->d_name, NULL, 10), &wait))
			error = take_wait(walk, &wait);
	}
	return error;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static struct visited *find_visited(struct walk *walk, pid_t pid)
{
	struct visited *process;

	vector_for_each (&walk->processes, process)
		if (process->pid == pid)
			return process;
	return NULL;
}

static void forget_short_waits(struct walk *walk)
{
	size_t kept = 0;

	if (!walk->waits.count)
		return;
	usleep(SETTLE_US);
	for (size_t i = 0; i < walk->waits.count; i++)
		if (still_waits(&walk->waits.items[i]))
			walk->waits.items[kept++] = walk->waits.items[i];
	walk->waits.count = kept;
}

static void mark_reached(struct walk *walk)
{
	const struct wait *wait;
	bool changed = true;

	walk->processes.items[0].is_reached = true;
	while (changed) {
		changed = false;
		vector_for_each (&walk->waits, wait) {
			struct visited *from = find_visited(walk, wait->process);
			struct visited *to = find_visited(walk, wait->owner_process);

			if (!from || !to || !from->is_reached || to->is_reached)
				continue;
			to->is_reached = changed = true;
			to->waiter = wait->process;
		}
	}
}

int holders_find(pid_t first, struct holders *ret)
{
	struct holders holders = {0};
	struct walk walk = {0};
	const struct visited *process;
	int error = visit(&walk, first);

	for (size_t i = 0; !error && i < walk.processes.count; i++)
		error = look_at(&walk, walk.processes.items[i].pid);
	if (!error) {
		forget_short_waits(&walk);
		mark_reached(&walk);
	}
	vector_for_each (&walk.processes, process) {
		struct holder *holder;

		if (error || !process->is_reached || process->pid == first)
			continue;
		holder = vector_add(&holders.items);
		if (holder)
			*holder = (struct holder){process->pid, process->waiter};
		else
			error = -ENOMEM;
	}
	if (!error && walk.too_many)
		log_warning("the locks that are waited for lead through more than %d other "
			    "processes: the others are not followed",
			    PROCESSES_MAX);
	vector_free(&walk.processes);
	vector_free(&walk.waits);
	if (error)
		holders_free(&holders);
	else
		*ret = holders;
	return error;
}

void holders_tell(const struct holders *holders)
{
	const struct holder *holder;
	char name[64];

	vector_for_each (&holders->items, holder) {
		name_of(holder->pid, name, sizeof(name));
		log_info("also follows process %d (%s), which holds a lock that process %d waits "
			 "for",
			 holder->pid, name, holder->waiter);
	}
}

void holders_free(struct holders *holders)
{
	vector_free(&holders->items);
}
