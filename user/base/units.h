/* SPDX-License-Identifier: GPL-2.0-only */
/* units.h - figures with their units, for people to read and to type */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdint.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

struct figure {
	char text[32];
};

/* CLOCK_MONOTONIC, the clock of all recorded times. */
uint64_t monotonic_ns(void);

/* Three significant digits and a unit: "0 ns", "840 ns", "4.21 ms", "61.3 s"; two units from two
 * minutes on: "2 min 5 s", "3 h 20 min", "2 d 4 h". Rounded half up, and carried to the next unit:
 * never "1000 us". */
struct figure format_duration(uint64_t ns);
/* Digits in groups: "1,000,000". */
struct figure format_count(uint64_t count);
/* "512 B", "1.50 KiB", "8.00 MiB"; "1020 KiB" exists, because 1024 make the next unit. */
struct figure format_bytes(uint64_t bytes);
/* "47 %", "3.2 %" below ten, "< 0.1 %" for a little, "> 99 %" for nearly all,
 * "0 %" for nothing, "-" of nothing. */
struct figure format_share(uint64_t part, uint64_t whole);

/* "10", "1.5s", "200ms", "2min" (a bare number means seconds; ns, us, ms, s, min, h).
 * 0, or -EINVAL, -ERANGE. */
int parse_duration(const char *text, uint64_t *ret_ns);
/* "4096", "64K", "8M", "1G", also "64KiB": powers of 1024. */
int parse_size(const char *text, uint64_t *ret_bytes);
/* A whole decimal number within bounds. */
int parse_number(const char *text, int64_t min, int64_t max, int64_t *ret);

#endif
