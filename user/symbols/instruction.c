// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/instruction.h"

#include <string.h>

enum {
	REX_B = 1,
	REX_X = 2,
	REX_R = 4,
	REX_W = 8,
};

enum map {
	MAP_PLAIN = 0,
	MAP_0F = 1,
	MAP_0F38 = 2,
	MAP_0F3A = 3,
};

/* An instruction as far as it has been read. */
struct reading {
	const uint8_t *code;
	size_t size, at;
	bool failed;
	uint8_t rex;
	bool narrow; /* prefix 66 */
	bool lock;
	bool address32; /* prefix 67 */
	uint8_t repeat; /* F2, F3, or 0 */
	bool vector;	/* VEX or EVEX */
	enum map map;
	uint8_t opcode;
	uint8_t modrm;
	bool has_modrm;
	struct instruction *out;
};

static uint8_t next_byte(struct reading *reading)
{
	if (reading->at >= reading->size || reading->at >= INSTRUCTION_MAX) {
		reading->failed = true;
		return 0;
	}
	return reading->code[reading->at++];
}

static uint64_t next_number(struct reading *reading, unsigned int bytes)
{
	uint64_t number = 0;

	for (unsigned int i = 0; i < bytes; i++)
		number |= (uint64_t)next_byte(reading) << (8 * i);
	return number;
}

static uint64_t sign_extend(uint64_t value, unsigned int bytes)
{
	unsigned int unused = 64 - 8 * bytes;

	return (uint64_t)((int64_t)(value << unused) >> unused);
}

/* ---- prefixes ------------------------------------------------------------------------------- */

static void read_vex(struct reading *reading, uint8_t first)
{
	uint8_t byte = next_byte(reading);

	reading->vector = true;
	reading->map = MAP_0F;
	if (first == 0xc4) {
		reading->map = byte & 0x1f;
		reading->rex = (~byte >> 5) & (REX_R | REX_X | REX_B);
		byte = next_byte(reading);
	} else if (first == 0x62) {
		reading->map = byte & 7;
		reading->rex = (~byte >> 5) & (REX_R | REX_X | REX_B);
		byte = next_byte(reading);
		next_byte(reading);
	}
	if (byte & 0x80 && first != 0xc5)
		reading->rex |= REX_W;
	reading->opcode = next_byte(reading);
	if (reading->map < MAP_0F || reading->map > MAP_0F3A)
		reading->failed = true;
}

static bool take_prefix(struct reading *reading, uint8_t byte)
{
	switch (byte) {
	case 0x66:
		reading->narrow = true;
		return true;
	case 0x67:
		reading->address32 = true;
		return true;
	case 0xf0:
		reading->lock = true;
		return true;
	case 0xf2:
	case 0xf3:
		reading->repeat = byte;
		return true;
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
		return true;
	default:
		return false;
	}
}

static void read_opcode(struct reading *reading)
{
	uint8_t byte = next_byte(reading);

	while (!reading->failed && take_prefix(reading, byte))
		byte = next_byte(reading);
	/* Only directly before the opcode it means something. */
	if ((byte & 0xf0) == 0x40) {
		reading->rex = byte & 0xf;
		byte = next_byte(reading);
	}
	if (byte == 0xc4 || byte == 0xc5 || byte == 0x62) {
		read_vex(reading, byte);
		return;
	}
	if (byte == 0x0f) {
		reading->map = MAP_0F;
		byte = next_byte(reading);
		if (byte == 0x38 || byte == 0x3a) {
			reading->map = byte == 0x38 ? MAP_0F38 : MAP_0F3A;
			byte = next_byte(reading);
		}
	}
	reading->opcode = byte;
}

/* ---- shape ---------------------------------------------------------------------------------- */

static bool plain_has_modrm(uint8_t opcode)
{
	if (opcode < 0x40)
		return (opcode & 7) < 4;
	switch (opcode) {
	case 0x63:
	case 0x69:
	case 0x6b:
	case 0xc0:
	case 0xc1:
	case 0xc6:
	case 0xc7:
	case 0xf6:
	case 0xf7:
	case 0xfe:
	case 0xff:
		return true;
	default:
		return (opcode >= 0x80 && opcode <= 0x8f) || (opcode >= 0xd0 && opcode <= 0xd3) ||
		       (opcode >= 0xd8 && opcode <= 0xdf);
	}
}

static bool plain_is_invalid(uint8_t opcode)
{
	switch (opcode) {
	case 0x60:
	case 0x61:
	case 0x82:
	case 0x9a:
	case 0xce:
	case 0xd4:
	case 0xd5:
	case 0xd6:
	case 0xea:
		return true;
	default:
		return opcode < 0x40 && (opcode & 7) >= 6;
	}
}

static bool has_modrm(const struct reading *reading)
{
	uint8_t opcode = reading->opcode;

	if (reading->map == MAP_PLAIN)
		return plain_has_modrm(opcode);
	if (reading->map != MAP_0F)
		return true;
	if (reading->vector)
		return opcode != 0x77;
	switch (opcode) {
	case 0x05 ... 0x09:
	case 0x0b:
	case 0x0e:
	case 0x30 ... 0x37:
	case 0x77:
	case 0x80 ... 0x8f:
	case 0xa0 ... 0xa2:
	case 0xa8 ... 0xaa:
	case 0xc8 ... 0xcf:
		return false;
	default:
		return true;
	}
}

static unsigned int wide_immediate(const struct reading *reading)
{
	return reading->narrow && !(reading->rex & REX_W) ? 2 : 4;
}

static unsigned int plain_immediate(const struct reading *reading)
{
	uint8_t opcode = reading->opcode;

	if (opcode < 0x40)
		return (opcode & 7) == 4 ? 1 : (opcode & 7) == 5 ? wide_immediate(reading) : 0;
	switch (opcode) {
	case 0x68:
	case 0x69:
	case 0x81:
	case 0xa9:
	case 0xc7:
		return wide_immediate(reading);
	case 0x6a:
	case 0x6b:
	case 0x70 ... 0x7f:
	case 0x80:
	case 0x83:
	case 0xa8:
	case 0xb0 ... 0xb7:
	case 0xc0:
	case 0xc1:
	case 0xc6:
	case 0xcd:
	case 0xe0 ... 0xe7:
	case 0xeb:
		return 1;
	case 0xa0 ... 0xa3:
		return reading->address32 ? 4 : 8;
	case 0xb8 ... 0xbf:
		return reading->rex & REX_W ? 8 : wide_immediate(reading);
	case 0xc2:
	case 0xca:
		return 2;
	case 0xc8:
		return 3;
	case 0xe8:
	case 0xe9:
		return 4;
	case 0xf6:
		return (reading->modrm >> 3 & 7) < 2 ? 1 : 0;
	case 0xf7:
		return (reading->modrm >> 3 & 7) < 2 ? wide_immediate(reading) : 0;
	default:
		return 0;
	}
}

static unsigned int immediate_bytes(const struct reading *reading)
{
	uint8_t opcode = reading->opcode;

	if (reading->map == MAP_PLAIN)
		return plain_immediate(reading);
	if (reading->map == MAP_0F3A)
		return 1;
	if (reading->map != MAP_0F)
		return 0;
	if (!reading->vector) {
		if (opcode >= 0x80 && opcode <= 0x8f)
			return 4;
		if (opcode == 0x0f || opcode == 0xa4 || opcode == 0xac || opcode == 0xba)
			return 1;
	}
	return (opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 ||
			       (opcode >= 0xc4 && opcode <= 0xc6)
		       ? 1
		       : 0;
}

static void read_memory(struct reading *reading)
{
	struct instruction *out = reading->out;
	uint8_t mod = reading->modrm >> 6, rm = reading->modrm & 7;

	if (mod == 3)
		return;
	out->has_memory = true;
	out->index = REGISTER_NONE;
	out->base = rm | (reading->rex & REX_B ? 8 : 0);
	if (rm == 4) {
		uint8_t sib = next_byte(reading);
		uint8_t index = (sib >> 3 & 7) | (reading->rex & REX_X ? 8 : 0);

		out->scale = sib >> 6;
		out->index = index == 4 ? REGISTER_NONE : index;
		rm = sib & 7;
		out->base = rm | (reading->rex & REX_B ? 8 : 0);
		if (rm == 5 && mod == 0) {
			out->base = REGISTER_NONE;
			mod = 2;
		}
	} else if (rm == 5 && mod == 0) {
		out->base = REGISTER_NONE;
		out->relative = true;
		mod = 2;
	}
	if (mod == 1)
		out->displacement = sign_extend(next_byte(reading), 1);
	else if (mod == 2)
		out->displacement = sign_extend(next_number(reading, 4), 4);
}

/* ---- meaning -------------------------------------------------------------------------------- */

static uint8_t word_size(const struct reading *reading)
{
	return reading->rex & REX_W ? 8 : reading->narrow ? 2 : 4;
}

static void use_register(struct reading *reading)
{
	struct instruction *out = reading->out;
	uint8_t number = (reading->modrm >> 3 & 7) | (reading->rex & REX_R ? 8 : 0);
	bool any_rex = false;

	for (size_t i = 0; i < reading->at && !any_rex; i++) {
		if ((reading->code[i] & 0xf0) == 0x40)
			any_rex = true;
		else if (!take_prefix(&(struct reading){0}, reading->code[i]))
			break;
	}
	if (out->size == 1 && !any_rex && number >= 4 && number < 8) {
		number -= 4;
		out->operand_high = true;
	}
	out->operand = number;
}

/* add or adc sbb and sub xor cmp, by their number in the opcode or in the ModRM byte */
static enum access_kind arithmetic(const struct reading *reading, unsigned int which)
{
	switch (which) {
	case 0:
		return reading->lock ? ACCESS_ATOMIC_ADD : ACCESS_ADD;
	case 5:
		return reading->lock ? ACCESS_ATOMIC_SUBTRACT : ACCESS_SUBTRACT;
	case 7:
		return ACCESS_READ_BLIND;
	default:
		return reading->lock ? ACCESS_ATOMIC_MODIFY : ACCESS_MODIFY;
	}
}

static void mean_register(struct reading *reading, enum access_kind kind, uint8_t size)
{
	reading->out->kind = kind;
	reading->out->size = size;
	use_register(reading);
}

static void mean_arithmetic(struct reading *reading)
{
	uint8_t opcode = reading->opcode;
	uint8_t size = opcode & 1 ? word_size(reading) : 1;

	if (opcode & 2) /* the memory is only read */
		mean_register(reading, ACCESS_READ_BLIND, size);
	else
		mean_register(reading, arithmetic(reading, opcode >> 3), size);
}

static void mean_immediate(struct reading *reading, enum access_kind kind, uint8_t size)
{
	reading->out->kind = kind;
	reading->out->size = size;
	reading->out->operand = REGISTER_NONE;
}

/* inc, dec, not, neg, test, mul, ...: groups FE, FF, F6, F7 */
static void mean_group(struct reading *reading)
{
	unsigned int which = reading->modrm >> 3 & 7;
	uint8_t size = reading->opcode & 1 ? word_size(reading) : 1;
	enum access_kind kind = ACCESS_READ_BLIND;

	if (reading->opcode >= 0xfe && which < 2) {
		kind = arithmetic(reading, which == 0 ? 0 : 5);
		reading->out->immediate = 1;
	} else if (reading->opcode < 0xf8 && (which == 2 || which == 3)) {
		kind = reading->lock ? ACCESS_ATOMIC_MODIFY : ACCESS_MODIFY;
	}
	mean_immediate(reading, kind, size);
}

static void mean_plain(struct reading *reading)
{
	uint8_t opcode = reading->opcode, size = opcode & 1 ? word_size(reading) : 1;

	if (opcode < 0x40) {
		mean_arithmetic(reading);
		return;
	}
	switch (opcode) {
	case 0x63: /* movsxd */
		mean_register(reading, ACCESS_READ, 4);
		return;
	case 0x80:
	case 0x81:
	case 0x83:
		mean_immediate(reading, arithmetic(reading, reading->modrm >> 3 & 7), size);
		return;
	case 0x84:
	case 0x85: /* test */
		mean_register(reading, ACCESS_READ_BLIND, size);
		return;
	case 0x86:
	case 0x87: /* xchg, which needs no lock prefix */
		mean_register(reading, ACCESS_EXCHANGE, size);
		return;
	case 0x88:
	case 0x89:
		mean_register(reading, ACCESS_WRITE, size);
		return;
	case 0x8a:
	case 0x8b:
		mean_register(reading, ACCESS_READ, size);
		return;
	case 0xc6:
	case 0xc7:
		mean_immediate(reading, ACCESS_WRITE, size);
		return;
	case 0x69:
	case 0x6b:
		mean_register(reading, ACCESS_READ_BLIND, size);
		return;
	case 0xc0:
	case 0xc1:
	case 0xd0 ... 0xd3: /* shifts */
		mean_immediate(reading, ACCESS_MODIFY, size);
		return;
	case 0xf6:
	case 0xf7:
	case 0xfe:
	case 0xff:
		mean_group(reading);
		return;
	default:
		return;
	}
}

static void mean_0f(struct reading *reading)
{
	uint8_t opcode = reading->opcode, size = opcode & 1 ? word_size(reading) : 1;

	switch (opcode) {
	case 0xb0:
	case 0xb1:
		mean_register(reading, reading->lock ? ACCESS_COMPARE : ACCESS_MODIFY, size);
		return;
	case 0xc0:
	case 0xc1:
		mean_register(reading, reading->lock ? ACCESS_FETCH_ADD : ACCESS_MODIFY, size);
		return;
	case 0xb6:
	case 0xbe:
		mean_register(reading, ACCESS_READ, 1);
		reading->out->operand_high = false;
		reading->out->operand = (reading->modrm >> 3 & 7) | (reading->rex & REX_R ? 8 : 0);
		return;
	case 0xb7:
	case 0xbf:
		mean_register(reading, ACCESS_READ, 2);
		return;
	case 0x40 ... 0x4f: /* cmov: the register is what was read only if it was moved */
	case 0xaf:
		mean_register(reading, ACCESS_READ_BLIND, word_size(reading));
		return;
	default:
		return;
	}
}

bool instruction_decode(const uint8_t *code, size_t size, struct instruction *ret)
{
	struct instruction out = {
		.base = REGISTER_NONE, .index = REGISTER_NONE, .operand = REGISTER_NONE};
	struct reading reading = {.code = code, .size = size, .out = &out};
	unsigned int bytes;
	uint64_t immediate;

	read_opcode(&reading);
	if (reading.failed || (reading.map == MAP_PLAIN && plain_is_invalid(reading.opcode)))
		return false;
	if (has_modrm(&reading)) {
		reading.has_modrm = true;
		reading.modrm = next_byte(&reading);
		read_memory(&reading);
	}
	bytes = immediate_bytes(&reading);
	immediate = next_number(&reading, bytes);
	if (reading.failed)
		return false;
	if (bytes && bytes <= 8)
		out.immediate = sign_extend(immediate, bytes);
	out.length = reading.at;
	/* Those that repeat trap with the program counter still on them. */
	if (out.has_memory && !reading.vector && !reading.address32) {
		if (reading.map == MAP_PLAIN)
			mean_plain(&reading);
		else if (reading.map == MAP_0F)
			mean_0f(&reading);
	}
	*ret = out;
	return true;
}

bool instruction_before(const uint8_t *code, size_t offset, struct instruction *ret)
{
	struct instruction instruction;
	size_t at = 0;

	while (at < offset) {
		if (!instruction_decode(code + at, offset - at, &instruction))
			return false;
		at += instruction.length;
	}
	if (!offset || at != offset)
		return false;
	*ret = instruction;
	return true;
}

uint64_t instruction_address(const struct instruction *instruction, const uint64_t registers[16],
			     uint64_t ip)
{
	uint64_t address = (int64_t)instruction->displacement;

	if (instruction->relative)
		return address + ip;
	if (instruction->base != REGISTER_NONE)
		address += registers[instruction->base];
	if (instruction->index != REGISTER_NONE)
		address += registers[instruction->index] << instruction->scale;
	return address;
}

uint64_t instruction_operand(const struct instruction *instruction, uint64_t value)
{
	if (instruction->operand == REGISTER_NONE)
		value = instruction->immediate;
	else if (instruction->operand_high)
		value >>= 8;
	if (instruction->size && instruction->size < 8)
		value &= (1ull << (8 * instruction->size)) - 1;
	return value;
}

const char *access_kind_name(enum access_kind kind)
{
	static const char *const names[ACCESS_KINDS] = {
		[ACCESS_UNKNOWN] = "not understood",
		[ACCESS_READ] = "read",
		[ACCESS_READ_BLIND] = "compare",
		[ACCESS_WRITE] = "write",
		[ACCESS_ADD] = "add",
		[ACCESS_ATOMIC_ADD] = "atomic add",
		[ACCESS_FETCH_ADD] = "atomic fetch and add",
		[ACCESS_EXCHANGE] = "atomic exchange",
		[ACCESS_COMPARE] = "atomic compare and exchange",
		[ACCESS_MODIFY] = "modify",
		[ACCESS_ATOMIC_MODIFY] = "atomic modify",
		[ACCESS_SUBTRACT] = "subtract",
		[ACCESS_ATOMIC_SUBTRACT] = "atomic subtract",
	};

	return kind < ACCESS_KINDS ? names[kind] : names[ACCESS_UNKNOWN];
}
