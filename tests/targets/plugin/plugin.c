// SPDX-License-Identifier: GPL-2.0-only
/* plugin.c - a library that is loaded while its program runs, and calls it back */
void plugin_call(void (*back)(void));

static volatile int sink;

__attribute__((noinline)) static void through(void (*back)(void), int depth)
{
	volatile char bytes[100];

	bytes[depth] = 1;
	if (depth)
		through(back, depth - 1);
	else
		back();
	sink += bytes[depth];
}

void plugin_call(void (*back)(void))
{
	through(back, 5);
	sink++;
}
