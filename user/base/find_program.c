// SPDX-License-Identifier: GPL-2.0-only
#include "base/find_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

int find_program(const char *name, char **ret_path)
{
	const char *path = getenv("PATH");
	CLEANUP_FREE char *folders = NULL;
	char *rest, *folder;

	*ret_path = NULL;
	if (strchr(name, '/')) {
		*ret_path = strdup(name);
		return *ret_path ? 0 : -ENOMEM;
	}
	folders = strdup(path ? path : "/bin:/usr/bin");
	if (!folders)
		return -ENOMEM;
	rest = folders;
	while ((folder = strsep(&rest, ":"))) {
		char *file;

		if (asprintf(&file, "%s/%s", *folder ? folder : ".", name) < 0)
			return -ENOMEM;
		if (!access(file, X_OK)) {
			*ret_path = file;
			return 0;
		}
		free(file);
	}
	return 0;
}
