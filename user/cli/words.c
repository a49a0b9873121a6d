// SPDX-License-Identifier: GPL-2.0-only
#include "cli/command.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Longer words than this are no slips of the finger. */
#define LONGEST 64

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be inserted, removed, replaced or swapped with their neighbour to make one
 * word of the other. Upper and lower case are the same. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2], *turn;
	size_t width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		above[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			int x = tolower((unsigned char)a[i - 1]);
			int y = tolower((unsigned char)b[j - 1]);

			row[j] =
				least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		turn = before;
		before = above;
		above = row;
		row = turn;
	}
	return above[width];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
	size_t length = strlen(word), best;
	const char *nearest = NULL;

	if (!length || length > LONGEST)
		return NULL;
	/* One slip in a short word, one in three letters of a long one. */
	best = (length < 6 ? 1 : length / 3) + 1;
	for (size_t i = 0; i < count; i++) {
		size_t steps;

		if (!strncasecmp(words[i], word, length))
			return words[i];
		if (strlen(words[i]) > LONGEST)
			continue;
		steps = distance(word, words[i]);
		/* As many changes as letters would be another word altogether. */
		if (steps < best && steps < length) {
			best = steps;
			nearest = words[i];
		}
	}
	return nearest;
}
