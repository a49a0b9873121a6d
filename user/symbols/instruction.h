/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * instruction.h - how long an x86-64 instruction is, and what it does to the memory it names
 *
 * A watchpoint traps after the instruction that touched the variable. Which value that one wrote
 * follows exactly from the instruction and the registers, and it alone: the variable itself may
 * have been written by another CPU since.
 */
#ifndef SYMBOLS_INSTRUCTION_H
#define SYMBOLS_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/access.h"

#define INSTRUCTION_MAX 15

#define REGISTER_NONE 0xff

struct instruction {
	uint8_t length;
	enum access_kind kind; /* of the memory operand; UNKNOWN if `has_memory` is false */
	bool has_memory;
	uint8_t size;	   /* bytes of the memory operand; 0: not known */
	uint8_t operand;   /* register number, or REGISTER_NONE: `immediate` */
	bool operand_high; /* ah, ch, dh, bh: bits 8..15 */
	uint64_t immediate;
	/* The address: base + (index << scale) + displacement. */
	uint8_t base, index, scale;
	bool relative; /* to the end of the instruction */
	int32_t displacement;
};

/* Reads the instruction at `code`, of which `size` bytes may be read. False if there is none that
 * fits in or that is known. */
bool instruction_decode(const uint8_t *code, size_t size, struct instruction *ret);

/* The instruction that ends at `offset`, found by reading forward from the beginning of `code`,
 * which must be the beginning of one. */
bool instruction_before(const uint8_t *code, size_t offset, struct instruction *ret);

/* Its memory operand's address with these registers, before a program counter of `ip`. Right unless
 * the instruction changed the registers that the address was made of. */
uint64_t instruction_address(const struct instruction *instruction, const uint64_t registers[16],
			     uint64_t ip);

/* The operand out of the register that it names, cut to the operand's size. */
uint64_t instruction_operand(const struct instruction *instruction, uint64_t value);

#endif
