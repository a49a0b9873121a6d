# SPDX-License-Identifier: GPL-2.0-only
"""The results as text within 100 columns, and as Markdown."""

import textwrap

WIDTH = 100
SLOW_DOWN_MEANS = ("Against the same workload untraced just before and after: median of the pairs "
                   "(%s), ± half of what the middle half of them spans.%s")
FACTS_MEAN = ("ready: from its start until it could trace. MiB: the most that one of its processes "
              "had resident; the memory of BPF maps that it has not mapped is the kernel's and not "
              "in it. CPU: its own, of one run. B/event: of its file, by event in it. lost: events, "
              "by its own account; seen: switches of the program against the kernel's count of "
              "them, both on pipe. whole: share of the stacks of blocked threads (by time, where "
              "it has but sums) that reach main() or the thread's first function, on futex.")


def ratio(cell, digits=2):
    """1.17 ±.02: the median, and half of what the middle half of the pairs spans."""
    if not cell:
        return "-"
    if "failed" in cell:
        return "failed"
    median, spread = cell["median"], (cell["high"] - cell["low"]) / 2
    if cell["pairs"] < 2:
        return f"{median:.{digits}f}"
    digits = digits if median < 9.95 else 1
    return f"{median:.{digits}f} ±{spread:.{digits}f}"


def slow_down_means(result):
    def span(pairs):
        least, most = pairs
        return str(most) if least == most else f"{least} to {most}"

    ours, peers = result["pairs"]["ours"], result["pairs"]["peers"]
    counts = [f"{span(ours)} of ours and of the floor"] * bool(ours[1]) \
        + [f"{span(peers)} of each peer"] * bool(peers[1])
    heavy = [name for name, tool in result["tools"].items() if tool.get("heavy")]
    return SLOW_DOWN_MEANS % (", ".join(counts) or "none",
                              f" A quarter of the work with {' and '.join(heavy)}." if heavy
                              else "")


def number(value, form="{:.0f}"):
    return "-" if value is None else form.format(value)


def share(value):
    """Never 100 % of what is not all of it."""
    if value is None:
        return "-"
    text = f"{value:.2%}"
    return "99.99%" if text == "100.00%" and value != 1 else text


FACTS = (
    ("ready ms", lambda f: number(f.get("ready_ms"))),
    ("MiB", lambda f: number(f.get("memory_mib"))),
    ("CPU ms", lambda f: number(f.get("cpu_ms"))),
    ("B/event", lambda f: number(f.get("bytes_per_event"), "{:.1f}")),
    ("lost", lambda f: number(f.get("lost"), "{:,}")),
    ("seen", lambda f: share(f.get("switches_seen"))),
    ("whole", lambda f: share(f.get("whole_stacks"))),
)


def slow_downs(result, kind):
    names = [n for n, w in result["workloads"].items() if w["kind"] == kind]
    rows = [[tool] + [ratio(result["slow_down"][name].get(tool)) for name in names]
            for tool in result["tools"] if any(result["slow_down"][n].get(tool) for n in names)]
    return names, rows


def facts(result):
    """Only those columns that anybody has something in."""
    rows = [[tool] + [form(told) for _, form in FACTS] for tool, told in result["tools"].items()]
    used = [0] + [i for i in range(1, len(FACTS) + 1) if any(row[i] != "-" for row in rows)]
    return [FACTS[i - 1][0] for i in used[1:]], [[row[i] for i in used] for row in rows]


def text_table(title, heads, rows):
    first = max(len(title), 22, *(len(row[0]) for row in rows))
    wide = min((WIDTH - first) // max(1, len(heads)), 14)
    lines = [title.ljust(first) + "".join(head.rjust(wide) for head in heads)]
    lines += [row[0].ljust(first) + "".join(cell.rjust(wide) for cell in row[1:]) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def piece_text(piece):
    rows = [[str(part) for part in row] for row in piece["rows"]]
    widths = [max(len(row[i]) for row in rows if len(row) > i)
              for i in range(max(map(len, rows), default=0))]
    lines = [piece["title"]]
    for row in rows:
        if len(row) == 1:  # a sentence
            lines += textwrap.wrap(row[0], WIDTH, initial_indent="  ", subsequent_indent="  ")
            continue
        lines.append("  " + "  ".join(
            part.ljust(width) for part, width in zip(row, widths)).rstrip())
    return "\n".join(lines)


def goals_piece(result):
    return {"title": "numbers to reach", "rows": [
        [goal["what"], goal["goal"], goal["here"], "" if goal["reached"] else "missed"]
        for goal in result["goals"]]}


def notes(result):
    lines = [f"left out: {name}, not installed" for name in result["missing"]]
    reasons = {}
    for workload, cells in result["slow_down"].items():
        for tool, cell in cells.items():
            if cell and "failed" in cell:
                reasons.setdefault((tool, cell["failed"]), []).append(workload)
    lines += [f"failed: {tool} on {', '.join(where)}: {why}"
              for (tool, why), where in reasons.items()]
    return lines + result["notes"]


def machine(result):
    about = result["machine"]
    return (f"{about['cpus']} CPUs ({about['model']}), Linux {about['kernel']}, {about['system']}; "
            f"load {about['load']:.1f} when it began")


def as_text(result):
    parts = [f"ptrace-lab {result['version']} beside its peers\n" + machine(result)]
    for kind in ("kernel", "programs"):
        names, rows = slow_downs(result, kind)
        if rows:
            parts.append(text_table("slow-down", names, rows))
    parts.append(textwrap.fill(slow_down_means(result), WIDTH))
    if result["tools"]:
        parts += [text_table("the tool itself", *facts(result)), textwrap.fill(FACTS_MEAN, WIDTH)]
    if result["goals"]:
        parts.append(piece_text(goals_piece(result)))
    parts += [piece_text(piece) for piece in result["pieces"]]
    parts.append("\n".join(f"{name:22}{tool['records']}" for name, tool in result["tools"].items()))
    parts.append("\n".join(f"{name:22}{load['about']}"
                           for name, load in result["workloads"].items()))
    if notes(result):
        parts.append("\n".join(notes(result)))
    return "\n\n".join(parts)


def markdown_table(heads, rows):
    return "\n".join(["| " + " | ".join(heads) + " |",
                      "|---" + "|---:" * (len(heads) - 1) + "|"]
                     + ["| " + " | ".join(row) + " |" for row in rows])


def as_markdown(result):
    """What README shows between its markers."""
    parts = [f"Measured by `make bench` on {result['machine']['date']}: {machine(result)}. "
             f"{slow_down_means(result)}"]
    for kind in ("kernel", "programs"):
        names, rows = slow_downs(result, kind)
        if rows:
            parts.append(markdown_table(["slow-down"] + names, rows))
    names, rows = facts(result)
    parts += [markdown_table(["the tool itself"] + names, rows), FACTS_MEAN]
    for piece in [goals_piece(result)] * bool(result["goals"]) + result["pieces"]:
        rows = [[str(part) for part in row] for row in piece["rows"]]
        wide = max(map(len, rows), default=0)
        parts.append(markdown_table([piece["title"]] + [""] * (wide - 1),
                                    [row + [""] * (wide - len(row)) for row in rows]))
    parts += ["- " + note for note in notes(result)]
    return "\n\n".join(parts)
