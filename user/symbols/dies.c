// SPDX-License-Identifier: GPL-2.0-only
#include "symbols/dies.h"

#include <dwarf.h>

/* Deeper than any real program's scopes; damaged debug information may have loops. */
#define DEPTH_MAX 64

static bool is_thread_operation(uint8_t atom)
{
	return atom == DW_OP_form_tls_address || atom == DW_OP_GNU_push_tls_address;
}

struct die_location die_location(Dwarf_Die *variable)
{
	struct die_location location = {.where = DIE_NOWHERE};
	Dwarf_Attribute attribute;
	Dwarf_Op *operations;
	size_t count;

	if (dwarf_attr_integrate(variable, DW_AT_const_value, &attribute))
		location.where = DIE_CONSTANT;
	if (!dwarf_attr_integrate(variable, DW_AT_location, &attribute))
		return location;
	/* A list of places is no single expression. */
	if (dwarf_getlocation(&attribute, &operations, &count) || !count) {
		if (dwarf_whatform(&attribute) == DW_FORM_loclistx ||
		    dwarf_whatform(&attribute) == DW_FORM_sec_offset)
			location.where = DIE_REGISTER;
		return location;
	}
	if (is_thread_operation(operations[count - 1].atom)) {
		location.where = DIE_THREAD;
	} else if (operations[0].atom == DW_OP_addr && count == 1) {
		location.where = DIE_FIXED;
		location.address = operations[0].number;
	} else if (operations[0].atom == DW_OP_addrx && count == 1) {
		Dwarf_Attribute address;

		if (!dwarf_getlocation_attr(&attribute, operations, &address) &&
		    !dwarf_formaddr(&address, &location.address))
			location.where = DIE_FIXED;
	} else if (operations[0].atom == DW_OP_fbreg ||
		   operations[0].atom == DW_OP_call_frame_cfa) {
		location.where = DIE_STACK;
	} else {
		location.where = DIE_REGISTER;
	}
	return location;
}

bool die_type(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Die type;

	if (!dwarf_attr_integrate(die, DW_AT_type, &attribute) ||
	    !dwarf_formref_die(&attribute, &type))
		return false;
	*ret = type;
	return true;
}

bool die_plain_type(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Die type;

	return die_type(die, &type) && !dwarf_peel_type(&type, ret);
}

struct walk {
	bool (*visit)(void *context, Dwarf_Die *variable, Dwarf_Die *function);
	void *context;
};

static bool walk_children(struct walk *walk, Dwarf_Die *parent, Dwarf_Die *function,
			  unsigned int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die))
		return true;
	do {
		bool more = true;

		switch (dwarf_tag(&die)) {
		case DW_TAG_variable:
			more = walk->visit(walk->context, &die, function);
			break;
		case DW_TAG_subprogram:
			more = walk_children(walk, &die, &die, depth + 1);
			break;
		case DW_TAG_lexical_block:
		case DW_TAG_namespace:
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
			more = walk_children(walk, &die, function, depth + 1);
			break;
		default:
			break;
		}
		if (!more)
			return false;
	} while (!dwarf_siblingof(&die, &die));
	return true;
}

void dies_variables(Dwarf_Die *unit,
		    bool (*visit)(void *context, Dwarf_Die *variable, Dwarf_Die *function),
		    void *context)
{
	struct walk walk = {visit, context};

	walk_children(&walk, unit, NULL, 0);
}
