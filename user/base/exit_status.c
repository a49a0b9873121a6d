// SPDX-License-Identifier: GPL-2.0-only
#include "base/exit_status.h"

#include <stddef.h>

const struct exit_status_text exit_statuses[] = {
	{EXIT_OK, "Done."},
	{EXIT_USAGE, "The command line could not be understood."},
	{EXIT_DEADLOCK, "The target is alive, and threads of it wait for each other for ever."},
	{EXIT_NOT_HELD, "`run --all`: a claim did not hold, or a scenario failed."},
	{EXIT_NO_TARGET, "There is no such process or scenario, or it ended while attaching."},
	{EXIT_NO_PRIVILEGE, "Not root, or a capability is missing."},
	{EXIT_NO_KERNEL, "The kernel lacks something that tracing needs; `doctor` says what."},
	{EXIT_BAD_RECORDING, "The recording could not be read."},
	{EXIT_NO_OUTPUT, "The output could not be written."},
	{EXIT_INTERNAL, "ptrace-lab itself failed."},
	{EXIT_NOT_EXECUTABLE, "The command to run is not executable."},
	{EXIT_NOT_FOUND, "The command to run was not found."},
	{EXIT_OK, NULL},
};

const char exit_status_of_target[] =
	"The status of the program that `run` traced; 128 + N if signal N killed it.";
