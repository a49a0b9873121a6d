/* SPDX-License-Identifier: GPL-2.0-only */
/* flame.h - stack trees in the formats of those who draw them; one file per format */
#ifndef SHOW_FLAME_H
#define SHOW_FLAME_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct model;
struct stack_tree;

struct flame_options {
	const char *title; /* what was traced */
	bool diff;	   /* show what changed against the other recording */
	bool lines;	   /* frames say their line */
};

/* All return 0, or -errno of writing or for lack of memory. */

/* "process;thread;root;...;leaf WEIGHT", a line per node that has any of its own; with `diff`
 * "... BEFORE AFTER". */
int show_flame_folded(FILE *out, const struct stack_tree *tree,
		      const struct flame_options *options);
/* One self-contained picture that can be searched and zoomed in a browser. */
int show_flame_svg(FILE *out, const struct stack_tree *tree, const struct model *model,
		   const struct flame_options *options);
/* speedscope's own JSON: a profile per thread. */
int show_flame_speedscope(FILE *out, const struct stack_tree *tree, const struct model *model,
			  const struct flame_options *options);
/* pprof's profile.proto, gzip'ed. */
int show_flame_pprof(FILE *out, const struct stack_tree *tree, const struct model *model,
		     const struct flame_options *options);

/* What a frame is called, harmless on any medium that takes UTF-8. */
struct flame_name {
	char text[1024];
};
struct flame_name flame_name(const struct stack_tree *tree, uint32_t node,
			     const struct flame_options *options);
/* Whether a node is a process or thread that the formats tell apart by other means. */
bool flame_is_owner(const struct stack_tree *tree, uint32_t node);

#endif
