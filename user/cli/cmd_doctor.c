// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/json.h"
#include "base/log.h"
#include "capture/features.h"
#include "capture/privilege.h"
#include "cli/commands.h"

struct doctor_settings {
	bool json;
};

static const struct option_spec options[] = {
	{.name = "json",
	 .type = OPTION_FLAG,
	 .offset = offsetof(struct doctor_settings, json),
	 .help = "as JSON"},
	{0},
};

struct finding {
	int error;
	char detail[64];
};

static struct finding examine(const struct feature *feature)
{
	struct finding finding = {0};

	finding.error = feature->probe(finding.detail, sizeof(finding.detail));
	return finding;
}

/* Whether the feature is there at all cannot be seen before we may use it. */
static const char *remedy_of(const struct feature *feature, const struct finding *finding)
{
	return finding->error == -EPERM || finding->error == -EACCES
		       ? "root (sudo), and then see again"
		       : feature->remedy;
}

static void show_text_line(const struct feature *feature, const struct finding *finding)
{
	const char *mark = !finding->error ? "works" : feature->needed ? "MISSING" : "missing";

	printf("  %-8s %-26s %s%s%s\n", mark, feature->name, finding->detail,
	       finding->error && *finding->detail ? ": " : "",
	       finding->error ? strerror(-finding->error) : "");
	if (!finding->error)
		return;
	printf("           without it: %s\n", feature->lost);
	printf("           to get it:  %s\n", remedy_of(feature, finding));
}

static void show_json_item(struct json *json, const struct feature *feature,
			   const struct finding *finding)
{
	json_object(json, NULL);
	json_string(json, "feature", feature->name);
	json_bool(json, "works", !finding->error);
	json_bool(json, "needed", feature->needed);
	json_string(json, "detail", finding->detail);
	json_string(json, "error", finding->error ? strerror(-finding->error) : NULL);
	json_string(json, "lost_without", feature->lost);
	json_string(json, "remedy", remedy_of(feature, finding));
	json_object_end(json);
}

static int run(void *given, int argc, char **argv)
{
	struct doctor_settings *settings = given;
	struct json json = json_start(stdout, true);
	int status = EXIT_OK;

	if (argc) {
		log_error("doctor takes no arguments");
		return EXIT_USAGE;
	}
	if (settings->json)
		json_array(&json, NULL);
	for (const struct feature *feature = features; feature->name; feature++) {
		struct finding finding = examine(feature);

		if (finding.error && feature->needed && !status)
			status = finding.error == -EPERM ? EXIT_NO_PRIVILEGE : EXIT_NO_KERNEL;
		if (settings->json)
			show_json_item(&json, feature, &finding);
		else
			show_text_line(feature, &finding);
	}
	if (settings->json) {
		json_array_end(&json);
		return json_finish(&json) ? EXIT_NO_OUTPUT : status;
	}
	printf("\n  %s\n",
	       status ? "ptrace-lab cannot trace here."
		      : "ptrace-lab can trace here. Compilers are not needed to run it.");
	return status;
}

const struct command command_doctor = {
	.name = "doctor",
	.synopsis = "",
	.summary = "try what this kernel allows, and say what is lost without it",
	.details = "Each feature is found out by using it, not by the kernel's version.",
	.options = options,
	.settings_size = sizeof(struct doctor_settings),
	.run = run,
};
