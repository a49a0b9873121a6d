// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "capture/scenarios.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/tracing.h"
#include "model/claims/text.h"
#include "show/show.h"

/* A page does not repeat what the scenario's own text says, and so cannot disagree with it. */
static int write_whole_page(FILE *out, const char *name, const char *page)
{
	const char *source = scenario_text(name);
	struct scenario_text text;
	const struct claim_text *claim;
	int error = scenario_text_parse(source ? source : "", &text);

	if (error)
		return error;
	if (page)
		fputs(page, out);
	else
		fprintf(out, "# %s: %s\n\nNobody has written its page yet.\n", name,
			text.heading.title ? text.heading.title : "a scenario");
	if (text.claims.count)
		fprintf(out, "\n## What it claims\n\n");
	vector_for_each (&text.claims, claim)
		fprintf(out, "- %s\n", claim->sentence);
	fprintf(out,
		"\n## Run it\n\n    sudo ptrace-lab run %s\n"
		"    ptrace-lab run %s --help       what can be changed\n",
		name, name);
	scenario_text_free(&text);
	return 0;
}

static int explain(const char *name)
{
	struct text_options options = text_options_for(stdout);
	CLEANUP_FREE char *page = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&page, &size);
	int error = out ? write_whole_page(out, name, scenario_page(name)) : -1;

	if (out && fclose(out))
		error = -1;
	if (error) {
		log_error("out of memory");
		return EXIT_INTERNAL;
	}
	return output_note(show_page(stdout, page, &options));
}

static int run(void *settings, int argc, char **argv)
{
	int status;

	if (!argc)
		return listing_print("Read one with `ptrace-lab explain NAME`.");
	if (argc > 1) {
		log_error("explain shows one scenario at a time");
		return EXIT_USAGE;
	}
	status = tracing_check_scenario(argv[0]);
	return status ? status : explain(argv[0]);
}

const struct command command_explain = {
	.name = "explain",
	.synopsis = "[SCENARIO]",
	.summary = "a page about a scenario: what happens, what to look for, and why",
	.details = "Without a name it lists them all. Nothing is run, and no root is needed.",
	.run = run,
};
