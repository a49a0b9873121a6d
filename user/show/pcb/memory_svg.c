// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory_svg.c - the address space of a process as a picture
 *
 * One column from the highest address at the top to the lowest at the bottom. Sizes differ by
 * factors of a million: the height of a segment grows with the logarithm of its size, so that all
 * can be seen, and the picture says so; the gaps between them, terabytes of nothing, are all one
 * broken line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "base/xml.h"
#include "show/pcb/pcb.h"

#define WIDTH	    960
#define LEFT	    190 /* addresses stand left of it */
#define COLUMN	    230
#define TOP	    98
#define STEP	    7 /* pixels for each doubling of the size */
#define HEIGHT_MIN  22
#define GAP_HEIGHT  22
#define GAP_MIN	    (64ull << 10)
#define PROCESS_GAP 40
#define POINTER	    70 /* length of the line for a stack pointer, beside the words */

static const char *const colours[AREA_KINDS] = {
	[AREA_CODE] = "#7fb069",    [AREA_CONSTANTS] = "#b5cfa3", [AREA_DATA] = "#f0c05a",
	[AREA_HEAP] = "#e8985e",    [AREA_STACK] = "#6a9fd4",	  [AREA_THREAD_STACK] = "#8fbbe8",
	[AREA_LIBRARY] = "#c9c3d9", [AREA_FILE] = "#d8d8d8",	  [AREA_SHARED] = "#e39ac0",
	[AREA_KERNEL] = "#bdbdbd",  [AREA_ANONYMOUS] = "#e5e0d0", [AREA_GUARD] = "#f4f4f4",
};

static unsigned int height_of(const struct segment *segment)
{
	uint64_t pages = (segment->end - segment->begin) >> 12;
	unsigned int doublings = 0;

	while (pages > 1) {
		pages >>= 1;
		doublings++;
	}
	return HEIGHT_MIN + doublings * STEP / 2;
}

static bool has_gap(const struct segments *segments, size_t index)
{
	const struct segment *segment = &segments->items.items[index];

	return index + 1 < segments->items.count && segment[1].begin - segment->end >= GAP_MIN;
}

static unsigned int total_height(const struct segments *segments)
{
	unsigned int height = 0;

	for (size_t i = 0; i < segments->items.count; i++)
		height += height_of(&segments->items.items[i]) +
			  (has_gap(segments, i) ? GAP_HEIGHT : 0);
	return height;
}

static void put_label(FILE *out, const struct snapshot *snapshot, const struct segment *segment)
{
	const struct pl_pcb_task *owner = snapshot_task(snapshot, segment->use.tid);

	fprintf(out, "%s", area_kind_name(segment->use.kind));
	if (owner) {
		fputs(" of ", out);
		xml_text(out, owner->comm);
		fprintf(out, " %u", owner->head.tid);
	} else if (*segment->name) {
		const char *slash = strrchr(segment->name, '/');

		fputs(" · ", out);
		xml_text(out, slash && slash[1] ? slash + 1 : segment->name);
	}
}

/* Where the stack pointer of its thread stands: how much of the stack is in use. */
static void put_stack_pointer(FILE *out, const struct snapshot *snapshot,
			      const struct segment *segment, unsigned int y, unsigned int height)
{
	const struct pl_pcb_task *owner = snapshot_task(snapshot, segment->use.tid);
	uint64_t sp = owner ? owner->registers[PL_REG_SP] : 0;
	double share;

	if (sp < segment->begin || sp >= segment->end)
		return;
	share = (double)(segment->end - sp) / (double)(segment->end - segment->begin);
	fprintf(out,
		"<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"sp\"><title>stack "
		"pointer: %s in use</title></line>\n",
		LEFT + COLUMN - POINTER, LEFT + COLUMN, y + share * height, y + share * height,
		format_bytes(segment->end - sp).text);
}

static void put_segment(FILE *out, const struct snapshot *snapshot, const struct segment *segment,
			unsigned int y)
{
	unsigned int height = height_of(segment);

	fprintf(out, "<g><title>%#" PRIx64 " to %#" PRIx64 ", %s</title>", segment->begin,
		segment->end, segment->rights);
	fprintf(out, "<rect x=\"%d\" y=\"%u\" width=\"%d\" height=\"%u\" fill=\"%s\"/>", LEFT, y,
		COLUMN, height, colours[segment->use.kind]);
	fprintf(out, "<text x=\"%d\" y=\"%u\" class=\"address\">%#" PRIx64 "</text>", LEFT - 10,
		y + height - 2, segment->begin);
	fprintf(out, "<text x=\"%d\" y=\"%u\" class=\"inside\">%s  %s</text>", LEFT + 10,
		y + height / 2 + 4, segment->rights,
		format_bytes(segment->end - segment->begin).text);
	fprintf(out, "<text x=\"%d\" y=\"%u\">", LEFT + COLUMN + 14, y + height / 2 + 4);
	put_label(out, snapshot, segment);
	fputs("</text>", out);
	put_stack_pointer(out, snapshot, segment, y, height);
	fputs("</g>\n", out);
}

static unsigned int put_process(FILE *out, const struct snapshot *snapshot,
				const struct pl_pcb_task *task, const struct segments *segments,
				unsigned int y)
{
	char sharing[96] = "private to the process, which has one thread";

	if (task->threads > 1)
		snprintf(sharing, sizeof(sharing),
			 "shared by the %u threads, and private to the process where it says p",
			 task->threads);
	fprintf(out, "<text x=\"20\" y=\"%u\" class=\"title\">", y - 70);
	xml_text(out, task->comm);
	fprintf(out, " · process %u</text>\n", task->head.tgid);
	fprintf(out,
		"<text x=\"20\" y=\"%u\" class=\"note\">%s resident of %s mapped; page faults: %s without "
		"and %s with waiting for a disk</text>\n",
		y - 50, format_bytes(pcb_resident(task)).text, format_bytes(task->total).text,
		format_count(task->minor_faults).text, format_count(task->major_faults).text);
	fprintf(out,
		"<text x=\"20\" y=\"%u\" class=\"note\">All of it is %s. Heights grow with the logarithm "
		"of the size;</text>\n<text x=\"20\" y=\"%u\" class=\"note\">the red line is a stack "
		"pointer: what is above it is in use.</text>\n",
		y - 32, sharing, y - 14);
	for (size_t i = segments->items.count; i-- > 0;) {
		const struct segment *segment = &segments->items.items[i];

		if (has_gap(segments, i)) {
			fprintf(out,
				"<text x=\"%d\" y=\"%u\" class=\"gap\">· · · %s of nothing · · "
				"·</text>\n",
				LEFT + COLUMN / 2, y + GAP_HEIGHT / 2 + 4,
				format_bytes(segment[1].begin - segment->end).text);
			y += GAP_HEIGHT;
		}
		put_segment(out, snapshot, segment, y);
		y += height_of(segment);
	}
	return y;
}

static void put_style(FILE *out)
{
	fputs("<style>\n"
	      "text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #222 }\n"
	      ".title { font-size: 16px; font-weight: bold } .note { fill: #666 }\n"
	      ".address { text-anchor: end; fill: #666 } .inside { fill: #222 }\n"
	      ".gap { text-anchor: middle; fill: #999 }\n"
	      "rect { stroke: #fff } .sp { stroke: #b00; stroke-width: 2 }\n"
	      ".page { fill: #fff; stroke: none }\n"
	      "@media (prefers-color-scheme: dark) {\n"
	      " .page { fill: #1c1c1e } text, .title { fill: #eee } .note, .address, .gap { fill: "
	      "#999 }\n"
	      " .inside { fill: #111 } rect { stroke: #1c1c1e }\n"
	      "}\n</style>\n",
	      out);
}

static bool is_drawn(const struct pl_pcb_task *task)
{
	return pcb_is_leader(task) && task->flags & PL_PCB_HAS_MEMORY;
}

int show_memory_svg(FILE *out, const struct snapshot *snapshot, const struct pcb_view *view)
{
	const struct pl_pcb_task *task;
	unsigned int height = 0, y = 0;
	struct segments segments;
	int error = 0;

	snapshot_for_each(snapshot, task)
	{
		if (error || !is_drawn(task))
			continue;
		error = pcb_segments(snapshot, task->head.tgid, &segments);
		if (!error)
			height += TOP + total_height(&segments) + PROCESS_GAP;
		if (!error)
			vector_free(&segments.items);
	}
	if (error)
		return error;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" width=\"%d\" "
		"height=\"%u\">\n",
		WIDTH, height, WIDTH, height);
	put_style(out);
	fprintf(out, "<rect class=\"page\" width=\"%d\" height=\"%u\"/>\n", WIDTH, height);
	snapshot_for_each(snapshot, task)
	{
		if (error || !is_drawn(task))
			continue;
		error = pcb_segments(snapshot, task->head.tgid, &segments);
		if (error)
			break;
		y = put_process(out, snapshot, task, &segments, y + TOP) + PROCESS_GAP;
		vector_free(&segments.items);
	}
	fputs("</svg>\n", out);
	errno = 0;
	if (!error && (fflush(out) || ferror(out)))
		error = errno ? -errno : -EIO;
	return error;
}
