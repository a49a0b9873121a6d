// SPDX-License-Identifier: GPL-2.0-only
/* text.c - the report for people: what matters most first */
#include "show/text/text.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

int show_text(FILE *out, const struct model *model, const struct text_options *options)
{
	struct text text;

	text_start(&text, out, options);
	show_header(&text, model);
	show_findings(&text, model);
	show_deadlocks(&text, model);
	show_race(&text, model);
	show_threads(&text, model);
	show_subjects(&text, model);
	show_path(&text, model);
	show_moments(&text, model);
	show_processes(&text, model);
	show_signals(&text, model);
	show_resident(&text, model);
	show_reasons(&text, model);
	show_locks(&text, model);
	show_holds(&text, model);
	show_places(&text, model);
	show_wakes(&text, model);
	show_latency(&text, model);
	show_slices(&text, model);
	show_claims(&text, model);
	show_proof(&text, model);
	show_footer(&text, model);
	return text_finish(&text);
}

static unsigned int columns_of(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	long number;

	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	number = columns ? strtol(columns, NULL, 10) : 0;
	return number > 0 && number <= 10000 ? (unsigned int)number : 0;
}

/* The variable that decides the character set, whether or not that locale is installed. */
static bool environment_is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

struct text_options text_options_for(FILE *out)
{
	struct text_options options = {0};
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	int fd = fileno(out);

	options.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8") || environment_is_utf8();
	if (fd < 0 || !isatty(fd))
		return options;
	options.columns = columns_of(fd);
	options.colour = !(no_colour && *no_colour) && term && *term && strcmp(term, "dumb") != 0;
	return options;
}
