// SPDX-License-Identifier: GPL-2.0-only
/* schema_put.c - from tables of members to a JSON schema */
#include "base/json.h"
#include "model/model.h"
#include "show/json/schema.h"

/* "type": one name, or that or null. */
static void put_type(struct json *json, const char *type, bool nullable)
{
	if (!nullable) {
		json_string(json, "type", type);
		return;
	}
	json_array(json, "type");
	json_string(json, NULL, type);
	json_string(json, NULL, "null");
	json_array_end(json);
}

static void put_count(struct json *json)
{
	json_string(json, "type", "integer");
	json_unsigned(json, "minimum", 0);
}

static const char *name_of_reason(unsigned int value)
{
	return reason_name((enum reason)value);
}

static const char *name_of_verdict(unsigned int value)
{
	return verdict_name((enum verdict)value);
}

static void put_names(struct json *json, const char *(*name)(unsigned int), unsigned int count)
{
	json_array(json, "enum");
	for (unsigned int value = 0; value < count; value++)
		json_string(json, NULL, name(value));
	json_array_end(json);
}

static void put_cells(struct json *json)
{
	json_string(json, "type", "array");
	json_unsigned(json, "maxItems", BAR_CELLS);
	json_object(json, "items");
	json_string(json, "type", "array");
	json_unsigned(json, "minItems", STATE_COUNT);
	json_unsigned(json, "maxItems", STATE_COUNT);
	json_object(json, "items");
	put_count(json);
	json_object_end(json);
	json_object_end(json);
}

/* An object of objects with a soft and a hard limit, each a number or "unlimited". */
static void put_limits(struct json *json)
{
	static const char *const names[] = {"soft", "hard"};

	json_string(json, "type", "object");
	json_object(json, "additionalProperties");
	json_string(json, "type", "object");
	json_bool(json, "additionalProperties", false);
	json_array(json, "required");
	for (size_t i = 0; i < 2; i++)
		json_string(json, NULL, names[i]);
	json_array_end(json);
	json_object(json, "properties");
	for (size_t i = 0; i < 2; i++) {
		json_object(json, names[i]);
		json_array(json, "type");
		json_string(json, NULL, "integer");
		json_string(json, NULL, "string");
		json_array_end(json);
		json_object_end(json);
	}
	json_object_end(json);
	json_object_end(json);
}

static void put_simple(struct json *json, const struct member *member)
{
	switch (member->kind) {
	case STRING:
		put_type(json, "string", member->nullable);
		break;
	case COUNT:
		put_type(json, "integer", member->nullable);
		json_unsigned(json, "minimum", 0);
		break;
	case SIGNED:
		put_type(json, "integer", member->nullable);
		break;
	case REAL:
		put_type(json, "number", member->nullable);
		break;
	case BOOLEAN:
		put_type(json, "boolean", member->nullable);
		break;
	case REASON:
		put_names(json, name_of_reason, REASON_COUNT);
		break;
	case VERDICT:
		put_names(json, name_of_verdict, VERDICT_UNDECIDED + 1);
		break;
	case CELLS:
		put_cells(json);
		break;
	case STRINGS:
	case COUNTS:
		json_string(json, "type", "array");
		json_object(json, "items");
		if (member->kind == STRINGS)
			json_string(json, "type", "string");
		else
			put_count(json);
		json_object_end(json);
		break;
	case LIMITS:
		put_limits(json);
		break;
	case TEXTS:
		json_string(json, "type", "object");
		json_object(json, "additionalProperties");
		json_string(json, "type", "string");
		json_object_end(json);
		break;
	default:
		break;
	}
}

/* All members are always there, and there are no others. Nests as deep as the tables do. */
static void put_object(struct json *json, const struct member *members, bool nullable)
{
	const struct member *member;

	put_type(json, "object", nullable);
	json_bool(json, "additionalProperties", false);
	json_array(json, "required");
	for (member = members; member->name; member++)
		if (!member->optional)
			json_string(json, NULL, member->name);
	json_array_end(json);
	json_object(json, "properties");
	for (member = members; member->name; member++) {
		json_object(json, member->name);
		json_string(json, "description", member->text);
		if (member->kind == OBJECT) {
			put_object(json, member->members, member->nullable);
		} else if (member->kind == OBJECTS) {
			json_string(json, "type", "array");
			json_object(json, "items");
			put_object(json, member->members, false);
			json_object_end(json);
		} else {
			put_simple(json, member);
		}
		json_object_end(json);
	}
	json_object_end(json);
}

int schema_write(FILE *out, const char *title, const char *text, const struct member *members)
{
	struct json json = json_start(out, true);

	json_object(&json, NULL);
	json_string(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_string(&json, "title", title);
	json_string(&json, "description", text);
	put_object(&json, members, false);
	json_object_end(&json);
	return json_finish(&json);
}
