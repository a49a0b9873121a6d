/* SPDX-License-Identifier: GPL-2.0-only */
/* demangle.h - linker names of C++ and Rust as their authors wrote them */
#ifndef SYMBOLS_DEMANGLE_H
#define SYMBOLS_DEMANGLE_H

#include <stddef.h>

/* Into `out`, without return types. A name that is not mangled, or that would become longer than
 * `out`, stays as it is, cut at `size`; versions (`@@GLIBC_2.2.5`) go. Returns `out`. */
char *demangle(const char *name, char *out, size_t size);

#endif
