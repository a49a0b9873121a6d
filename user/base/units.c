// SPDX-License-Identifier: GPL-2.0-only
#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_MIN  (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MIN)

typedef unsigned __int128 wide;

static uint64_t divide_rounded(wide value, uint64_t by)
{
	return (value + by / 2) / by;
}

/* Three significant digits of value / unit; false if that rounds up to `limit`, where the next
 * larger unit takes over. */
static bool format_three_digits(struct figure *figure, uint64_t value, uint64_t unit,
				uint64_t limit, const char *name)
{
	uint64_t hundredths = divide_rounded((wide)value * 100, unit);
	uint64_t tenths = divide_rounded((wide)value * 10, unit);
	uint64_t whole = divide_rounded(value, unit);

	if (hundredths < 1000)
		snprintf(figure->text, sizeof(figure->text), "%" PRIu64 ".%02" PRIu64 " %s",
			 hundredths / 100, hundredths % 100, name);
	else if (tenths < 1000)
		snprintf(figure->text, sizeof(figure->text), "%" PRIu64 ".%" PRIu64 " %s",
			 tenths / 10, tenths % 10, name);
	else if (whole < limit)
		snprintf(figure->text, sizeof(figure->text), "%" PRIu64 " %s", whole, name);
	else
		return false;
	return true;
}

static void format_two_units(struct figure *figure, uint64_t small, uint64_t ratio,
			     const char *large_name, const char *small_name)
{
	snprintf(figure->text, sizeof(figure->text), "%" PRIu64 " %s %" PRIu64 " %s", small / ratio,
		 large_name, small % ratio, small_name);
}

struct figure format_duration(uint64_t ns)
{
	struct figure figure;
	uint64_t seconds = divide_rounded(ns, NS_PER_S);
	uint64_t minutes = divide_rounded(ns, NS_PER_MIN);
	uint64_t hours = divide_rounded(ns, NS_PER_HOUR);

	if (ns < NS_PER_US)
		snprintf(figure.text, sizeof(figure.text), "%" PRIu64 " ns", ns);
	else if (ns < NS_PER_MS && format_three_digits(&figure, ns, NS_PER_US, 1000, "us"))
		;
	else if (ns < NS_PER_S && format_three_digits(&figure, ns, NS_PER_MS, 1000, "ms"))
		;
	else if (ns < 2 * NS_PER_MIN && format_three_digits(&figure, ns, NS_PER_S, 120, "s"))
		;
	else if (seconds < 2 * 3600)
		format_two_units(&figure, seconds, 60, "min", "s");
	else if (minutes < 2 * 24 * 60)
		format_two_units(&figure, minutes, 60, "h", "min");
	else
		format_two_units(&figure, hours, 24, "d", "h");
	return figure;
}

struct figure format_count(uint64_t count)
{
	struct figure figure;
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	char *end = figure.text;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*end++ = ',';
		*end++ = digits[i];
	}
	*end = '\0';
	return figure;
}

struct figure format_bytes(uint64_t bytes)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	const size_t last = sizeof(names) / sizeof(names[0]) - 1;
	struct figure figure;
	uint64_t unit = 1024;
	size_t i;

	if (bytes < unit) {
		snprintf(figure.text, sizeof(figure.text), "%" PRIu64 " B", bytes);
		return figure;
	}
	for (i = 0; i < last; i++, unit *= 1024) {
		if (format_three_digits(&figure, bytes, unit, 1024, names[i]))
			return figure;
	}
	format_three_digits(&figure, bytes, unit, 1024, names[last]);
	return figure;
}

struct figure format_share(uint64_t part, uint64_t whole)
{
	struct figure figure;
	wide percent, tenths;

	if (!whole) {
		strcpy(figure.text, "-");
		return figure;
	}
	percent = ((wide)part * 100 + whole / 2) / whole;
	tenths = ((wide)part * 1000 + whole / 2) / whole;
	if (!part)
		strcpy(figure.text, "0 %");
	else if ((wide)part * 1000 < whole)
		strcpy(figure.text, "< 0.1 %");
	else if (part < whole && percent == 100)
		strcpy(figure.text, "> 99 %"); /* not all of it, so not "100 %" */
	else if (tenths < 100)
		snprintf(figure.text, sizeof(figure.text), "%u.%u %%", (unsigned int)tenths / 10,
			 (unsigned int)tenths % 10);
	else if (percent <= UINT64_MAX)
		snprintf(figure.text, sizeof(figure.text), "%" PRIu64 " %%", (uint64_t)percent);
	else
		snprintf(figure.text, sizeof(figure.text), "> %" PRIu64 " %%", UINT64_MAX);
	return figure;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits at `*text`, which moves past them. 0, -EINVAL if there are none, -ERANGE. */
static int take_digits(const char **text, uint64_t *ret)
{
	uint64_t value = 0;
	const char *c = *text;
	bool overflow = false;

	if (!is_digit(*c))
		return -EINVAL;
	for (; is_digit(*c); c++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
			overflow = true;
	}
	*text = c;
	if (overflow)
		return -ERANGE;
	*ret = value;
	return 0;
}

/* ".25" at `*text` as a numerator over a power of ten. Digits after the eighteenth are worth less
 * than a nanosecond in every unit and only have to be digits. */
static int take_fraction(const char **text, uint64_t *ret_numerator, uint64_t *ret_denominator)
{
	uint64_t numerator = 0, denominator = 1;
	const char *c = *text;

	if (*c == '.') {
		if (!is_digit(*++c))
			return -EINVAL;
		for (int digits = 0; is_digit(*c); c++, digits++) {
			if (digits >= 18)
				continue;
			numerator = numerator * 10 + (*c - '0');
			denominator *= 10;
		}
	}
	*text = c;
	*ret_numerator = numerator;
	*ret_denominator = denominator;
	return 0;
}

static int duration_unit(const char *name, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"", NS_PER_S},		{"ns", 1},
		{"us", NS_PER_US},	{"\u00b5s", NS_PER_US},
		{"\u03bcs", NS_PER_US}, {"ms", NS_PER_MS},
		{"s", NS_PER_S},	{"min", NS_PER_MIN},
		{"h", NS_PER_HOUR},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(name, units[i].name)) {
			*ret_ns = units[i].ns;
			return 0;
		}
	}
	return -EINVAL;
}

int parse_duration(const char *text, uint64_t *ret_ns)
{
	uint64_t whole = 0, numerator, denominator, unit;
	bool overflow = false;
	wide ns;
	int err;

	if (*text != '.') {
		err = take_digits(&text, &whole);
		if (err == -EINVAL)
			return err;
		overflow = err == -ERANGE;
	}
	err = take_fraction(&text, &numerator, &denominator);
	if (!err)
		err = duration_unit(text, &unit);
	if (err)
		return err;
	ns = (wide)whole * unit + divide_rounded((wide)numerator * unit, denominator);
	if (overflow || ns > UINT64_MAX)
		return -ERANGE;
	*ret_ns = ns;
	return 0;
}

int parse_size(const char *text, uint64_t *ret_bytes)
{
	static const char letters[] = "KMGTPE";
	uint64_t value, unit = 1;
	const char *letter;
	int range = take_digits(&text, &value);

	if (range == -EINVAL)
		return range;
	letter = *text == 'k' ? letters : *text ? strchr(letters, *text) : NULL;
	if (letter) {
		unit <<= 10 * (letter - letters + 1);
		text++;
		if (!strncmp(text, "iB", 2))
			text += 2;
	} else if (*text == 'B') {
		text++;
	}
	if (*text)
		return -EINVAL;
	if (range || __builtin_mul_overflow(value, unit, &value))
		return -ERANGE;
	*ret_bytes = value;
	return 0;
}

int parse_number(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = *text == '-';
	uint64_t magnitude;
	int64_t value;
	int range;

	text += negative;
	range = take_digits(&text, &magnitude);
	if (range == -EINVAL || *text)
		return -EINVAL;
	if (range || magnitude > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	/* Through unsigned arithmetic, because -INT64_MIN does not exist. */
	value = (int64_t)(negative ? 0 - magnitude : magnitude);
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}
