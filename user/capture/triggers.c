// SPDX-License-Identifier: GPL-2.0-only
#include "capture/triggers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/units.h"
#include "model/timeline/reasons.h"

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && !strncmp(text, word, length);
}

static bool find_syscall(const char *machine, const char *text, size_t length, uint32_t *ret)
{
	for (uint32_t number = 0; number < SYSCALL_NUMBERS; number++) {
		const char *name = syscall_name(machine, (uint16_t)number);

		if (name && is_word(text, length, name)) {
			*ret = number;
			return true;
		}
	}
	return false;
}

int trigger_parse(const char *text, const char *machine, struct pl_trigger *ret)
{
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : 0;
	struct pl_trigger trigger = {.kind = PL_TRIGGER_SYSCALL};
	uint64_t at_least;

	if (!length)
		return -EINVAL;
	if (is_word(text, length, "ready"))
		trigger.kind = PL_TRIGGER_READY;
	else if (is_word(text, length, "lock"))
		trigger.kind = PL_TRIGGER_LOCK;
	else if (!find_syscall(machine, text, length, &trigger.syscall))
		return -EINVAL;
	if (parse_duration(equals + 1, &at_least) || !at_least)
		return -ERANGE;
	trigger.at_least = at_least;
	*ret = trigger;
	return 0;
}

void trigger_describe(const struct pl_trigger *trigger, const struct pl_trigger_bell *bell,
		      const char *machine, char *text, size_t size)
{
	char raw[PL_COMM_LEN + 1] = "", name[PL_COMM_LEN * 4 + 1], what[64];
	const char *call;

	memcpy(raw, bell->comm, PL_COMM_LEN);
	escape_text(name, sizeof(name), raw);
	switch (trigger->kind) {
	case PL_TRIGGER_READY:
		snprintf(what, sizeof(what), "for a CPU");
		break;
	case PL_TRIGGER_LOCK:
		snprintf(what, sizeof(what), "for a lock");
		break;
	default:
		call = syscall_name(machine, (uint16_t)trigger->syscall);
		snprintf(what, sizeof(what), "in %s", call ? call : "a system call");
	}
	if (bell->lasts)
		snprintf(text, size, "%s (%u) has been waiting %s %s, and still is", name,
			 bell->head.tid, format_duration(bell->waited).text, what);
	else
		snprintf(text, size, "%s (%u) waited %s %s", name, bell->head.tid,
			 format_duration(bell->waited).text, what);
}
