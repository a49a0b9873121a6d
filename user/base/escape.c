// SPDX-License-Identifier: GPL-2.0-only
#include "base/escape.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wchar.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The well-formed byte sequences of the Unicode standard (table 3-7): the second byte's bounds keep
 * out overlong forms, surrogates and what lies above U+10FFFF. */
static const struct {
	unsigned char first_min, first_max, second_min, second_max, length;
} sequences[] = {
	{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_decode(const char *text, uint32_t *ret)
{
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t character;
	size_t i, length;

	if (!bytes[0])
		return 0;
	if (bytes[0] < 0x80) {
		*ret = bytes[0];
		return 1;
	}
	for (i = 0; i < ARRAY_SIZE(sequences); i++) {
		if (bytes[0] >= sequences[i].first_min && bytes[0] <= sequences[i].first_max)
			break;
	}
	if (i == ARRAY_SIZE(sequences) || bytes[1] < sequences[i].second_min ||
	    bytes[1] > sequences[i].second_max)
		return 0;
	length = sequences[i].length;
	character = bytes[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	*ret = character;
	return length;
}

size_t utf8_length(const char *text)
{
	uint32_t character;

	return utf8_decode(text, &character);
}

bool character_is_hostile(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1f},	    /* control characters */
		{0x7f, 0x9f},	    /* delete, and the second set of control characters */
		{0xad, 0xad},	    /* soft hyphen */
		{0x061c, 0x061c},   /* Arabic letter mark */
		{0x180e, 0x180e},   /* Mongolian vowel separator */
		{0x200b, 0x200f},   /* zero width, direction marks */
		{0x2028, 0x202e},   /* line and paragraph separators, direction overrides */
		{0x2060, 0x206f},   /* invisible operators, direction isolates */
		{0xfeff, 0xfeff},   /* byte order mark */
		{0xfff9, 0xfffb},   /* interlinear annotation */
		{0xe0000, 0xe0fff}, /* tags */
	};

	if (character >= 0x20 && character < 0x7f)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	}
	return false;
}

/* What one character or bad byte at `text` becomes: its bytes in `ret_piece`, whose length is
 * returned; `ret_used` bytes of `text` are done with. */
static size_t escape_one(const char *text, char ret_piece[20], size_t *ret_used)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t character;
	size_t length = utf8_decode(text, &character);
	char *end = ret_piece;

	*ret_used = length ? length : 1;
	if (length == 1 && character == '\\') {
		memcpy(ret_piece, "\\\\", 2);
		return 2;
	}
	if (length && !character_is_hostile(character)) {
		memcpy(ret_piece, text, length);
		return length;
	}
	for (size_t i = 0; i < *ret_used; i++) {
		unsigned char byte = (unsigned char)text[i];

		*end++ = '\\';
		*end++ = 'x';
		*end++ = hex[byte >> 4];
		*end++ = hex[byte & 15];
	}
	return (size_t)(end - ret_piece);
}

char *escape_text(char *out, size_t size, const char *text)
{
	size_t filled = 0, used;
	char piece[20];

	if (!size)
		return out;
	for (; text && *text; text += used) {
		size_t length = escape_one(text, piece, &used);

		if (length >= size - filled)
			break;
		memcpy(out + filled, piece, length);
		filled += length;
	}
	out[filled] = '\0';
	return out;
}

/* The C library knows the widths, but only in a UTF-8 locale: ours may be "C". */
static locale_t utf8_locale;
static pthread_once_t utf8_locale_once = PTHREAD_ONCE_INIT;

static void load_utf8_locale(void)
{
	utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static size_t character_width(uint32_t character)
{
	locale_t before;
	int width;

	pthread_once(&utf8_locale_once, load_utf8_locale);
	if (!utf8_locale)
		return 1;
	before = uselocale(utf8_locale);
	width = wcwidth((wchar_t)character);
	uselocale(before);
	return width < 0 ? 1 : (size_t)width;
}

size_t text_width(const char *text)
{
	size_t width = 0;

	while (*text) {
		uint32_t character = 0;
		size_t length = utf8_decode(text, &character);

		/* A terminal shows one sign in place of a bad byte. */
		width += length > 1 ? character_width(character) : 1;
		text += length ? length : 1;
	}
	return width;
}
