// SPDX-License-Identifier: GPL-2.0-only
#include "capture/watch/places.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "recording/recording.h"
#include "symbols/instruction.h"

/* Few instructions touch one variable; beyond this the rest has no place of its own. */
#define PLACES_MAX 2048
#define TABLE	   4096
#define CODE_MAX   65536

struct place {
	uint64_t ip;
	uint32_t watch_size;
	struct instruction instruction; /* kind UNKNOWN: not understood */
	uint64_t file_address;
	struct image_place where;
};

struct watch_places {
	struct mapped_files *modules;
	int operands_fd;
	VECTOR(struct place) places;
	uint16_t table[TABLE]; /* index + 1 */
};

int watch_places_new(struct mapped_files *modules, int operands_fd, struct watch_places **ret)
{
	struct watch_places *places = calloc(1, sizeof(*places));

	if (!places)
		return -ENOMEM;
	places->modules = modules;
	places->operands_fd = operands_fd;
	*ret = places;
	return 0;
}

void watch_places_free(struct watch_places **slot)
{
	if (*slot)
		vector_free(&(*slot)->places);
	free(*slot);
	*slot = NULL;
}

static uint16_t *find(struct watch_places *places, uint64_t ip)
{
	size_t at = (ip * 0x9e3779b97f4a7c15ull) >> 52;

	while (places->table[at] && places->places.items[places->table[at] - 1].ip != ip)
		at = (at + 1) % TABLE;
	return &places->table[at];
}

/* Reads forward from where an instruction is sure to begin to the one that ends at `address`. */
static bool read_instruction(struct image *image, uint64_t address, struct instruction *ret)
{
	uint64_t from = image_boundary(image, address - 1);
	size_t length = address - from;
	uint8_t *code;
	bool found;

	if (!from || from >= address || length > CODE_MAX)
		return false;
	code = malloc(length);
	if (!code)
		return false;
	found = image_read(image, from, code, length) == length &&
		instruction_before(code, length, ret);
	free(code);
	return found;
}

/* Whether it touched all of the variable and nothing else. A register that it changed itself may
 * have been a part of the address: a load says less than a store. */
static bool touches(const struct instruction *instruction, const uint64_t *registers, uint64_t ip,
		    uint64_t address, uint32_t size)
{
	if (!instruction->has_memory || instruction->size != size)
		return false;
	if (instruction->kind == ACCESS_READ || instruction->kind == ACCESS_READ_BLIND ||
	    instruction->kind == ACCESS_EXCHANGE || instruction->kind == ACCESS_FETCH_ADD)
		return true;
	return instruction_address(instruction, registers, ip) == address;
}

static void understand(struct watch_places *places, struct place *place,
		       const struct pl_watch_hit *hit, const uint64_t *registers, uint64_t address)
{
	struct mapped_file *module = files_at(places->modules, hit->ip);
	struct image *image;

	/* A library that was loaded since. */
	if (!module && !files_look(places->modules, (pid_t)hit->tgid))
		module = files_at(places->modules, hit->ip);
	image = module ? file_image(places->modules, module) : NULL;
	if (!image)
		return;
	place->file_address = hit->ip - module->bias;
	/* The instruction that did it ends here; this one may be in another line. */
	image_place(image, place->file_address - 1, &place->where);
	if (!read_instruction(image, place->file_address, &place->instruction) ||
	    !touches(&place->instruction, registers, hit->ip, address, place->watch_size))
		place->instruction = (struct instruction){.operand = REGISTER_NONE};
}

static struct place *add(struct watch_places *places, uint16_t *slot,
			 const struct pl_watch_hit *hit, const uint64_t *registers,
			 uint64_t address, uint32_t size)
{
	struct place *place;
	uint32_t needed = 0;

	if (places->places.count >= PLACES_MAX)
		return NULL;
	place = vector_add(&places->places);
	if (!place)
		return NULL;
	*slot = (uint16_t)places->places.count;
	place->ip = hit->ip;
	place->watch_size = size;
	place->instruction.operand = REGISTER_NONE;
	if (!(hit->flags & PL_WATCH_KERNEL))
		understand(places, place, hit, registers, address);
	if (place->instruction.operand != REGISTER_NONE)
		needed = place->instruction.operand;
	bpf_map_update_elem(places->operands_fd, &hit->ip, &needed, BPF_ANY);
	return place;
}

void watch_places_resolve(struct watch_places *places, const struct pl_watch_hit *hit,
			  const uint64_t registers[PL_WATCH_REGISTER], uint64_t address,
			  uint32_t size, struct watch_access *access)
{
	uint16_t *slot = find(places, hit->ip);
	struct place *place = *slot ? &places->places.items[*slot - 1] : NULL;
	uint64_t operand = hit->operand;

	access->place = WATCH_NO_PLACE;
	access->value = hit->seen;
	if (!place && registers)
		place = add(places, slot, hit, registers, address, size);
	if (!place)
		return;
	access->place = (uint32_t)(place - places->places.items);
	if (place->instruction.kind == ACCESS_UNKNOWN)
		return;
	if (registers && place->instruction.operand != REGISTER_NONE)
		operand = registers[place->instruction.operand];
	access->value = instruction_operand(&place->instruction, operand);
}

void watch_places_note(struct watch_places *places, struct recording_writer *writer)
{
	const struct place *place;
	char key[64];

	vector_for_each (&places->places, place) {
		snprintf(key, sizeof(key), NOTE_WATCH_PLACE "%zu",
			 (size_t)(place - places->places.items));
		recording_write_note(writer, key, "%" PRIx64 "\n%d\n%u\n%s\n%s\n%u",
				     place->file_address, place->instruction.kind,
				     place->instruction.size, place->where.function,
				     place->where.file, place->where.line);
	}
}
