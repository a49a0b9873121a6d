// SPDX-License-Identifier: GPL-2.0-only
/* states_svg.c - the diagram of the textbooks as a picture */
#include <errno.h>
#include <inttypes.h>

#include "base/units.h"
#include "base/xml.h"
#include "model/timeline/transitions.h"
#include "show/states/states.h"

#define WIDTH  880
#define HEIGHT 640
#define BOX_W  170
#define BOX_H  64

struct box {
	const char *name, *colour;
	int x, y; /* of its middle */
};

enum { NEW, READY, RUNNING, BLOCKED, STOPPED, ENDED, BOXES };

static const struct box boxes[BOXES] = {
	[NEW] = {"new", "#d8d8d8", 150, 80},	      [READY] = {"ready", "#f0c05a", 330, 220},
	[RUNNING] = {"running", "#7fb069", 700, 220}, [BLOCKED] = {"blocked", "#6a9fd4", 515, 400},
	[STOPPED] = {"stopped", "#c9a0c8", 515, 510}, [ENDED] = {"ended", "#d8d8d8", 760, 80},
};

static void put_box(FILE *out, int which, const char *note)
{
	const struct box *box = &boxes[which];

	fprintf(out,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"14\" fill=\"%s\"/>"
		"<text x=\"%d\" y=\"%d\" class=\"state\">%s</text>"
		"<text x=\"%d\" y=\"%d\" class=\"inside\">%s</text>\n",
		box->x - BOX_W / 2, box->y - BOX_H / 2, BOX_W, BOX_H, box->colour, box->x,
		box->y - 2, box->name, box->x, box->y + 18, note);
}

/* Each a line along a path, and where its words are beside it. */
static const struct {
	enum arrow arrow;
	const char *path;
	int x, y;
} lines[] = {
	{ARROW_BORN, "M 150 112 C 150 170, 190 210, 241 218", 150, 190},
	{ARROW_DISPATCHED, "M 415 205 C 480 180, 550 180, 611 205", 515, 176},
	{ARROW_PREEMPTED, "M 615 237 C 550 262, 480 262, 419 237", 515, 276},
	{ARROW_BLOCKED, "M 680 252 C 680 330, 660 390, 604 400", 612, 345},
	{ARROW_WOKEN, "M 430 400 C 372 390, 350 330, 350 256", 412, 345},
	/* A stopped thread goes on where it was: most were blocked or about to run. */
	{ARROW_STOPPED, "M 735 252 C 735 440, 700 510, 604 512", 765, 440},
	{ARROW_CONTINUED, "M 430 512 C 330 510, 295 440, 295 256", 262, 440},
	{ARROW_ENDED, "M 720 188 C 730 160, 745 140, 757 116", 690, 150},
};

static void put_arrows(FILE *out, const uint64_t *arrows)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		fprintf(out,
			"<path d=\"%s\" marker-end=\"url(#tip)\"/><text x=\"%d\" y=\"%d\" "
			"class=\"count\">%s %s</text>\n",
			lines[i].path, lines[i].x, lines[i].y,
			format_count(arrows[lines[i].arrow]).text, arrow_name(lines[i].arrow));
}

static void put_style(FILE *out)
{
	fputs("<style>\n"
	      "text { font: 14px system-ui, sans-serif; fill: #222; text-anchor: middle }\n"
	      ".title { font-size: 18px; font-weight: bold; text-anchor: start }\n"
	      ".state { font-size: 17px; font-weight: bold; fill: #111 } .inside { fill: #222; "
	      "font-size: 12px }\n"
	      ".note { text-anchor: start; fill: #666 }\n"
	      "path { fill: none; stroke: #555; stroke-width: 2 } .tip { fill: #555; stroke: none }\n"
	      ".page { fill: #fff }\n"
	      "@media (prefers-color-scheme: dark) { .page { fill: #1c1c1e } .title, .count { fill: "
	      "#eee } .note { fill: #999 } path { stroke: #aaa } .tip { fill: #aaa } }\n"
	      "</style>\n",
	      out);
}

static void put_boxes(FILE *out, const struct states_figures *sum)
{
	put_box(out, NEW, "");
	put_box(out, READY, format_duration(sum->ready_ns).text);
	put_box(out, RUNNING, format_duration(sum->running_ns).text);
	put_box(out, BLOCKED, format_duration(sum->blocked_ns).text);
	put_box(out, STOPPED, format_duration(sum->stopped_ns).text);
	put_box(out, ENDED, "");
}

int show_states_svg(FILE *out, const struct model *model, const struct states_view *view)
{
	struct states_figures sum = states_add_up(model, view);

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
		"height=\"%d\">\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	put_style(out);
	fprintf(out,
		"<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" "
		"markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path class=\"tip\" d=\"M 0 0 "
		"L 10 5 L 0 10 z\"/></marker></defs>\n"
		"<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n<text x=\"24\" y=\"34\" "
		"class=\"title\">",
		WIDTH, HEIGHT);
	xml_text(out, view->title);
	fputs("</text>\n", out);
	put_arrows(out, sum.arrows);
	put_boxes(out, &sum);
	fprintf(out,
		"<text x=\"24\" y=\"%d\" class=\"note\">%s threads, all their times added up</text>\n",
		HEIGHT - 24, format_count(sum.threads).text);
	fputs("</svg>\n", out);
	errno = 0;
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
