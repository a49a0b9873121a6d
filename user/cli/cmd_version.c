// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <stdio.h>

#include <bpf/libbpf.h>
#include <elfutils/version.h>
#include <gnu/libc-version.h>
#include <zstd.h>

#include "base/exit_status.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/version.h"

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#if defined(__x86_64__)
#define ARCHITECTURE "x86_64"
#elif defined(__aarch64__)
#define ARCHITECTURE "aarch64"
#else
#define ARCHITECTURE "another architecture"
#endif

struct version_settings {
	bool json;
};

void version_print(FILE *out)
{
	fprintf(out,
		"ptrace-lab %s\n"
		"libbpf %s, elfutils 0.%d, zstd %s, glibc %s\n"
		"built for %s by %s\n"
		"Licence GPL-2.0-only: free software, without any warranty.\n",
		PTRACE_LAB_VERSION, libbpf_version_string() + 1, _ELFUTILS_VERSION,
		ZSTD_versionString(), gnu_get_libc_version(), ARCHITECTURE, COMPILER);
}

static int version_print_json(FILE *out)
{
	struct json json = json_start(out, true);
	char elfutils[16];

	json_object(&json, NULL);
	json_string(&json, "ptrace_lab", PTRACE_LAB_VERSION);
	json_string(&json, "licence", "GPL-2.0-only");
	json_string(&json, "libbpf", libbpf_version_string() + 1);
	snprintf(elfutils, sizeof(elfutils), "0.%d", _ELFUTILS_VERSION);
	json_string(&json, "elfutils", elfutils);
	json_string(&json, "zstd", ZSTD_versionString());
	json_string(&json, "glibc", gnu_get_libc_version());
	json_string(&json, "architecture", ARCHITECTURE);
	json_string(&json, "compiler", COMPILER);
	json_object_end(&json);
	return json_finish(&json);
}

static int run_version(void *data, int argc, char **argv)
{
	const struct version_settings *settings = data;

	if (argc) {
		log_error("version takes no further words; see 'ptrace-lab version --help'");
		return EXIT_USAGE;
	}
	if (settings->json)
		return output_note(version_print_json(stdout));
	version_print(stdout);
	return EXIT_OK;
}

static const struct option_spec version_options[] = {
	{"json", 0, OPTION_FLAG, offsetof(struct version_settings, json), NULL, "print JSON", 0, 0},
	{0},
};

const struct command command_version = {
	.name = "version",
	.summary = "print the version, the licence and the libraries in use",
	.options = version_options,
	.settings_size = sizeof(struct version_settings),
	.run = run_version,
};
