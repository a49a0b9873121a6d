// SPDX-License-Identifier: GPL-2.0-only
/*
 * svg.c - one picture, in one file, that needs nothing else
 *
 * It is a whole picture without its script (where pages show pictures, scripts do not run); with
 * it, in a browser, it can be searched, zoomed and walked through by keyboard.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/units.h"
#include "model/stacks/tree.h"
#include "show/flame/flame.h"

/* The two files beside this one, as they are. */
__asm__("	.section .rodata\n"
	"flame_css:	.incbin \"user/show/flame/flame.css\"\n"
	"	.byte 0\n"
	"flame_js:	.incbin \"user/show/flame/flame.js\"\n"
	"	.byte 0\n"
	"	.previous\n");
extern const char flame_css[], flame_js[];

#define WIDTH  1200
#define SIDE   10
#define ROW    18
#define TOP    66
#define BOTTOM 52
#define LETTER 7.25
/* More than these nobody can see, and browsers grow slow. */
#define SHOWN_MAX 20000

struct shown {
	uint32_t node, depth;
	uint64_t begin;
};

struct picture {
	FILE *out;
	const struct stack_tree *tree;
	const struct flame_options *options;
	VECTOR(struct shown) shown; /* outer before inner, left to right */
	uint32_t rows;
	uint64_t narrowest; /* what is narrower is left out */
	size_t left_out;
	uint64_t kinds; /* that occur, a bit each */
};

/* ---- which frames ---------------------------------------------------------------------------- */

static int compare_totals(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;

	return one > two ? -1 : one < two;
}

/* The total that SHOWN_MAX nodes have at least. */
static int find_narrowest(struct picture *picture)
{
	const struct stack_tree *tree = picture->tree;
	CLEANUP_FREE uint64_t *totals = NULL;

	picture->narrowest = 1;
	if (tree->nodes.count <= SHOWN_MAX)
		return 0;
	totals = calloc(tree->nodes.count, sizeof(*totals));
	if (!totals)
		return -ENOMEM;
	for (size_t i = 0; i < tree->nodes.count; i++)
		totals[i] = tree->nodes.items[i].total;
	qsort(totals, tree->nodes.count, sizeof(*totals), compare_totals);
	picture->narrowest = totals[SHOWN_MAX] + 1;
	return 0;
}

static bool show(struct picture *picture, uint32_t node, uint32_t depth, uint64_t begin)
{
	const struct tree_node *it = &picture->tree->nodes.items[node];
	struct shown *shown;

	if (it->total < picture->narrowest) {
		picture->left_out += it->total > 0;
		return true;
	}
	shown = vector_add(&picture->shown);
	if (!shown)
		return false;
	*shown = (struct shown){node, depth, begin};
	if (depth + 1 > picture->rows)
		picture->rows = depth + 1;
	picture->kinds |= 1u << it->kind;
	return true;
}

/* Depth first. `begin` of a node is where its left neighbour ends. */
static int collect(struct picture *picture)
{
	const struct tree_node *nodes = picture->tree->nodes.items;
	uint64_t begin = 0;
	uint32_t depth = 0, node = 0;

	for (;;) {
		if (!show(picture, node, depth, begin))
			return -ENOMEM;
		if (nodes[node].child) {
			node = nodes[node].child;
			depth++;
			continue;
		}
		begin += nodes[node].total;
		while (node && !nodes[node].sibling) {
			node = nodes[node].parent;
			depth--;
			/* Its own time lies right of its children's. */
			begin += nodes[node].self;
		}
		if (!node)
			return 0;
		node = nodes[node].sibling;
	}
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Control characters and broken UTF-8 are gone already; XML has characters of its own. */
static void put_xml(FILE *out, const char *text, size_t most)
{
	for (; *text && most; text++) {
		const char *entity = *text == '&'   ? "&amp;"
				     : *text == '<' ? "&lt;"
				     : *text == '>' ? "&gt;"
				     : *text == '"' ? "&quot;"
						    : NULL;

		if (entity)
			fputs(entity, out);
		else
			putc(*text, out);
		/* Whole characters only. */
		most -= (text[1] & 0xc0) != 0x80;
	}
}

static struct figure amount(const struct stack_tree *tree, uint64_t weight)
{
	struct figure figure;

	if (tree->kind != TREE_SWITCHES)
		return format_duration(weight);
	figure = format_count(weight);
	return figure;
}

static size_t letters_of(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

/* ---- what changed ---------------------------------------------------------------------------- */

/* How much larger its share of the whole is than it was: in steps, as eyes tell no more apart. */
static const char *change_class(const struct stack_tree *tree, const struct tree_node *node)
{
	static const char *const more[] = {"d0", "p1", "p2", "p3", "p4"};
	static const char *const less[] = {"d0", "m1", "m2", "m3", "m4"};
	const struct tree_node *root = &tree->nodes.items[0];
	double now = (double)node->total / (root->total ? root->total : 1);
	double before = (double)node->other_total / (root->other_total ? root->other_total : 1);
	double change = now > before ? now - before : before - now;
	int step = change < 0.001  ? 0
		   : change < 0.01 ? 1
		   : change < 0.05 ? 2
		   : change < 0.20 ? 3
				   : 4;

	return now > before ? more[step] : less[step];
}

/* ---- the picture ----------------------------------------------------------------------------- */

/* "12.3 ms, < 0.1 %" */
static void put_amount(struct picture *picture, uint64_t part, uint64_t whole)
{
	fprintf(picture->out, "%s, ", amount(picture->tree, part).text);
	put_xml(picture->out, format_share(part, whole).text, SIZE_MAX);
}

static void put_place(struct picture *picture, uint32_t node)
{
	struct flame_options lines = {.lines = true};
	struct flame_name name = flame_name(picture->tree, node, &lines);
	const char *place = strrchr(name.text, '(');

	if (!place)
		return;
	fputs("\n", picture->out);
	put_xml(picture->out, place, SIZE_MAX);
}

/* What the frame is and has: browsers show it beside the pointer, and our script below. */
static void put_title(struct picture *picture, uint32_t index, const char *name)
{
	const struct stack_tree *tree = picture->tree;
	const struct tree_node *node = &tree->nodes.items[index], *root = &tree->nodes.items[0];

	fputs("<title>", picture->out);
	put_xml(picture->out, name, SIZE_MAX);
	fputs("\n", picture->out);
	put_amount(picture, node->total, root->total);
	if (node->self && node->self != node->total)
		fprintf(picture->out, "\n%s itself", amount(tree, node->self).text);
	if (picture->options->diff) {
		fputs("\nbefore: ", picture->out);
		put_amount(picture, node->other_total, root->other_total);
	}
	if (node->file && node->line && !picture->options->lines)
		put_place(picture, index);
	fputs("</title>", picture->out);
}

static void put_frame(struct picture *picture, const struct shown *shown)
{
	const struct stack_tree *tree = picture->tree;
	const struct tree_node *node = &tree->nodes.items[shown->node];
	const struct tree_node *root = &tree->nodes.items[0];
	double scale = (double)(WIDTH - 2 * SIDE) / root->total;
	double x = SIDE + shown->begin * scale, w = node->total * scale;
	unsigned int y = TOP + (picture->rows - 1 - shown->depth) * ROW;
	struct flame_name name = flame_name(tree, shown->node, picture->options);
	int fits = (w - 6) / LETTER;
	char class[16];

	if (picture->options->diff)
		snprintf(class, sizeof(class), "%s", change_class(tree, node));
	else
		snprintf(class, sizeof(class), "k%d v%d", node->kind, node->label * 7 % 4);
	fprintf(picture->out, "<g class=\"f %s\" data-p=\"%" PRIu64 ",%" PRIu64 ",%" PRIu32 "\">",
		class, shown->begin, node->total, shown->depth);
	put_title(picture, shown->node, name.text);
	fprintf(picture->out, "<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\"/>", x, y,
		w > 0.4 ? w - 0.2 : 0.2, ROW - 1);
	fprintf(picture->out, "<text x=\"%.2f\" y=\"%u\">", x + 4, y + 13);
	if (fits >= 3) {
		bool cut = letters_of(name.text) > (size_t)fits;

		put_xml(picture->out, name.text, cut ? (size_t)fits - 1 : SIZE_MAX);
		if (cut)
			fputs("…", picture->out);
	}
	fputs("</text></g>\n", picture->out);
}

static void put_legend(struct picture *picture, unsigned int y)
{
	static const char *const names[NODE_KINDS] = {
		[NODE_NATIVE] = "native",   [NODE_KERNEL] = "kernel", [NODE_INLINED] = "inlined",
		[NODE_JIT] = "jit",	    [NODE_PYTHON] = "Python", [NODE_MARKER] = "not known",
		[NODE_RUNNING] = "running", [NODE_READY] = "ready",   [NODE_BLOCKED] = "blocked",
	};
	static const char *const changes[][2] = {
		{"m4", "less than before"}, {"d0", "the same"}, {"p4", "more than before"}};
	unsigned int x = SIDE;

	for (int kind = 0; !picture->options->diff && kind < NODE_KINDS; kind++) {
		if (!names[kind] || !(picture->kinds & 1u << kind))
			continue;
		fprintf(picture->out,
			"<g class=\"k%d chip\"><rect x=\"%u\" y=\"%u\" width=\"12\" height=\"12\"/>"
			"</g><text class=\"dim\" x=\"%u\" y=\"%u\">%s</text>\n",
			kind, x, y - 10, x + 17, y, names[kind]);
		x += 17 + LETTER * strlen(names[kind]) + 20;
	}
	for (size_t i = 0; picture->options->diff && i < 3; i++) {
		fprintf(picture->out,
			"<g class=\"%s chip\"><rect x=\"%u\" y=\"%u\" width=\"12\" height=\"12\"/>"
			"</g><text class=\"dim\" x=\"%u\" y=\"%u\">%s</text>\n",
			changes[i][0], x, y - 10, x + 17, y, changes[i][1]);
		x += 17 + LETTER * strlen(changes[i][1]) + 20;
	}
	if (picture->left_out)
		fprintf(picture->out,
			"<text class=\"dim\" x=\"%u\" y=\"%u\">%zu frames are too narrow to be "
			"shown</text>\n",
			x, y, picture->left_out);
}

static void put_head(struct picture *picture, const struct model *model)
{
	const struct tree_node *root = &picture->tree->nodes.items[0];
	unsigned int height = TOP + picture->rows * ROW + BOTTOM;
	bool counts = picture->tree->kind == TREE_SWITCHES;
	FILE *out = picture->out;
	char title[512], plain[512];

	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100%%\" height=\"%u\" "
		"viewBox=\"0 0 %d %u\" preserveAspectRatio=\"xMinYMin\" data-total=\"%" PRIu64
		"\" data-unit=\"%s\" data-top=\"%d\" data-rows=\"%u\">\n<style>\n%s</style>\n",
		height, WIDTH, height, root->total, counts ? "switches" : "ns", TOP, picture->rows,
		flame_css);
	snprintf(title, sizeof(title), "%s · %s", tree_kind_name(picture->tree->kind),
		 picture->options->title);
	fprintf(out, "<text class=\"title\" x=\"%d\" y=\"24\">", SIDE);
	put_xml(out, escape_text(plain, sizeof(plain), title), 90);
	fprintf(out, "</text>\n<text class=\"dim\" x=\"%d\" y=\"46\">%s%s in %s", SIDE,
		amount(picture->tree, root->total).text, counts ? " switches" : "",
		format_duration(model->end - model->begin).text);
	if (picture->options->diff)
		fprintf(out, ", before: %s; colours compare shares",
			amount(picture->tree, root->other_total).text);
	fprintf(out,
		"</text>\n"
		"<g class=\"active\" style=\"display:none\">\n"
		"<foreignObject x=\"%d\" data-right=\"270\" y=\"8\" width=\"260\" height=\"24\">"
		"<input xmlns=\"http://www.w3.org/1999/xhtml\" id=\"search\" type=\"search\" "
		"placeholder=\"search: text or pattern ( / )\" aria-label=\"search\"/>"
		"</foreignObject>\n"
		"<text id=\"invert\" class=\"button\" x=\"%d\" data-right=\"330\" y=\"24\">flip"
		"</text>\n"
		"<text id=\"reset\" class=\"button\" x=\"%d\" data-right=\"430\" y=\"24\" "
		"style=\"display:none\">reset zoom</text>\n"
		"<text id=\"matched\" x=\"%d\" data-right=\"430\" y=\"46\"/>\n</g>\n",
		WIDTH - 270, WIDTH - 330, WIDTH - 430, WIDTH - 430);
}

static void put_foot(struct picture *picture)
{
	unsigned int y = TOP + picture->rows * ROW + 18;

	fprintf(picture->out, "<text id=\"details\" x=\"%d\" y=\"%u\"/>\n", SIDE, y);
	put_legend(picture, y + 22);
	fprintf(picture->out, "<script><![CDATA[\n%s]]></script>\n</svg>\n", flame_js);
}

int show_flame_svg(FILE *out, const struct stack_tree *tree, const struct model *model,
		   const struct flame_options *options)
{
	struct picture picture = {.out = out, .tree = tree, .options = options};
	const struct shown *shown;
	int r;

	errno = 0;
	r = find_narrowest(&picture);
	if (!r && tree->nodes.items[0].total)
		r = collect(&picture);
	if (!r) {
		put_head(&picture, model);
		vector_for_each (&picture.shown, shown)
			put_frame(&picture, shown);
		if (!picture.shown.count)
			fprintf(out,
				"<text x=\"%d\" y=\"%d\">There is nothing of this kind.</text>\n",
				SIDE, TOP);
		put_foot(&picture);
		r = ferror(out) ? (errno ? -errno : -EIO) : 0;
	}
	vector_free(&picture.shown);
	return r;
}
