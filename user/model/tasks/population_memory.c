// SPDX-License-Identifier: GPL-2.0-only
/* population_memory.c - which processes share memory, and where in it futexes lie */
#include "model/tasks/population.h"

#include <errno.h>

void population_share_space(struct population *population, uint32_t thread, uint32_t tgid)
{
	uint32_t with = population_find_process(population, tgid);
	uint32_t process = population->threads.items[thread].process;

	if (with != NO_THREAD)
		population->households.items[process].space =
			population->households.items[with].space;
}

uint32_t population_space(const struct population *population, uint32_t process)
{
	return population->households.items[process].space;
}

int population_futex(struct population *population, const struct pl_life_futex *futex)
{
	uint32_t process = population_find_process(population, futex->head.tgid), index, file = 0;
	struct futex_place *place;
	int error;

	if (process == NO_THREAD || futex->address < futex->start || futex->address >= futex->end)
		return 0;
	error = lock_map_at(&population->futex_map, futex->address,
			    population_space(population, process), population->futexes.count,
			    &index);
	if (!error)
		error = lock_map_at(&population->file_map, futex->inode, futex->device,
				    (uint32_t)population->file_map.count, &file);
	if (error)
		return error;
	place = index < population->futexes.count ? &population->futexes.items[index]
						  : vector_add(&population->futexes);
	if (!place)
		return -ENOMEM;
	place->shared = (futex->flags & PL_AREA_SHARED) && futex->inode;
	place->file = file;
	place->offset = futex->offset + (futex->address - futex->start);
	return 0;
}

const struct futex_place *population_futex_place(const struct population *population,
						 uint32_t process, uint64_t address)
{
	uint32_t index;

	if (!lock_map_find(&population->futex_map, address, population_space(population, process),
			   &index))
		return NULL;
	return &population->futexes.items[index];
}

int population_know_gil(struct population *population, const struct gil_range *range)
{
	struct gil_range *place = vector_add(&population->gils);

	if (!place)
		return -ENOMEM;
	*place = *range;
	return 0;
}

/* A child that executes nothing has what its parent has; it has a range of its own if it was looked
 * at, too. */
void population_find_gil(struct population *population, uint32_t process)
{
	const struct process *it = &population->processes.items[process];
	struct household *household = &population->households.items[process];

	household->gil = it->parent != NO_THREAD && it->parent < process
				 ? population->households.items[it->parent].gil
				 : 0;
	for (size_t i = 0; i < population->gils.count; i++)
		if (population->gils.items[i].tgid == it->tgid)
			household->gil = (uint32_t)i + 1;
}

const struct gil_range *population_gil_at(const struct population *population, uint32_t thread,
					  uint64_t address)
{
	uint32_t process = population->threads.items[thread].process;
	uint32_t index = population->households.items[process].gil;
	const struct gil_range *range;

	if (!index)
		return NULL;
	range = &population->gils.items[index - 1];
	return address >= range->start && address < range->end ? range : NULL;
}
