/* SPDX-License-Identifier: GPL-2.0-only */
/* format_text.h - a text of whatever length it needs */
#ifndef BASE_FORMAT_TEXT_H
#define BASE_FORMAT_TEXT_H

/* To be freed; NULL for lack of memory. */
__attribute__((format(printf, 1, 2))) char *format_text(const char *format, ...);

#endif
