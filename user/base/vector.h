/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vector.h - a growing array of any type
 *
 *	VECTOR(struct thread) threads = { 0 };
 *	struct thread *t = vector_add(&threads);	(zeroed; NULL when memory is out)
 *	vector_for_each(&threads, t) ...
 *	vector_free(&threads);
 *
 * Growing moves the elements: keep indices, not pointers.
 */
#ifndef BASE_VECTOR_H
#define BASE_VECTOR_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR(type)                                                                               \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count;                                                                      \
		size_t capacity;                                                                   \
	}

static inline void *vector_grow_(void **items, size_t *count, size_t *capacity, size_t size)
{
	char *slot;

	if (*count == *capacity) {
		size_t wanted = *capacity ? *capacity * 2 : 16;
		void *grown = reallocarray(*items, wanted, size);

		if (!grown)
			return NULL;
		*items = grown;
		*capacity = wanted;
	}
	slot = (char *)*items + *count * size;
	(*count)++;
	return memset(slot, 0, size);
}

#define vector_add(vector)                                                                         \
	((__typeof__((vector)->items))vector_grow_((void **)&(vector)->items, &(vector)->count,    \
						   &(vector)->capacity, sizeof(*(vector)->items)))

#define vector_for_each(vector, item)                                                              \
	for ((item) = (vector)->items; (item) < (vector)->items + (vector)->count; (item)++)

#define vector_free(vector)                                                                        \
	do {                                                                                       \
		free((vector)->items);                                                             \
		memset((vector), 0, sizeof(*(vector)));                                            \
	} while (0)

#endif
