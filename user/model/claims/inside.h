/* SPDX-License-Identifier: GPL-2.0-only */
/* inside.h - what the files share that know the names in claims, one file per subject */
#ifndef MODEL_CLAIMS_INSIDE_H
#define MODEL_CLAIMS_INSIDE_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/claims/names.h"
#include "model/model.h"

/* Where it is said why something is not known. */
struct because {
	char *text;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static inline enum figure_result
unknown(struct because because, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(because.text, because.size, format, arguments);
	va_end(arguments);
	return FIGURE_UNKNOWN;
}

static inline enum figure_result known(long double *ret, long double value)
{
	*ret = value;
	return FIGURE_KNOWN;
}

static inline bool is_among(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(word, words[i]))
			return true;
	}
	return false;
}

/* What the recording can be trusted with; false with the reason filled in. */
bool stream_is_whole(const struct model *model, struct because because);
bool threads_are_known(const struct model *model, struct because because);

/* Who is called that, if it is one and no more. */
enum figure_result find_thread(const struct model *model, const char *name,
			       const struct thread **ret, struct because because);
enum figure_result find_process(const struct model *model, const char *name,
				const struct process **ret, struct because because);
/* "page_fault"; REASON_NONE if there is no such reason. */
enum reason reason_called(const char *word);

/* ---- the subjects; each answers FIGURE_NO_NAME to what is not its own ------------------------ */

typedef enum figure_result figure_function(const struct model *model, const struct claim_name *name,
					   long double *ret, struct because because);

/* process[NAME].pid, .parent, .life, .status, .signal */
figure_function process_figure;
/* signals[FROM,TO,NUMBER]..., thread[NAME].ended..., process[NAME].killer... */
figure_function signal_figure;
/* thread[NAME].faults..., process[NAME].faults, .resident... */
figure_function memory_figure;
/* thread[NAME].share, .slices..., preempted[NAME,BY] */
figure_function schedule_figure;
/* phase[TEXT]..., uthreads, uthread[NAME]..., carriers, marks[NAME] */
figure_function mark_figure;
/* watch.writes, watch.lost, ... */
figure_function watch_figure;
/* woke[FROM,TO] */
figure_function wake_figure;
/* pictures, seen[NAME,STATE] */
figure_function subject_figure;

#endif
