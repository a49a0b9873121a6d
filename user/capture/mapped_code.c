// SPDX-License-Identifier: GPL-2.0-only
#include "capture/mapped_code.h"

#include <stdio.h>

#include "base/cleanup.h"

int mapped_code_each(pid_t pid, mapped_code_visit visit, void *context)
{
	unsigned long begin, end, inode, last = 0;
	char maps[64], line[4352], path[128];
	CLEANUP_FCLOSE FILE *file = NULL;
	char rights[8];
	int error = 0, name;

	snprintf(maps, sizeof(maps), "/proc/%d/maps", pid);
	file = fopen(maps, "re");
	while (!error && file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx %7s %*s %*s %lu %n", &begin, &end, rights, &inode,
			   &name) != 4 ||
		    !inode || rights[2] != 'x' || inode == last)
			continue;
		last = inode;
		snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", pid, begin, end);
		error = visit(context, path, line + name);
	}
	return error;
}
