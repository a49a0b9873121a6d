(function () {
	"use strict";
	const script = document.currentScript;
	const svg = (script && script.closest("svg")) || document.documentElement;
	const ROW = 18, SIDE = 10, LETTER = 7.25;
	const total = +svg.dataset.total, unit = svg.dataset.unit;
	const top = +svg.dataset.top, rows = +svg.dataset.rows;
	const $ = (name) => svg.querySelector("#" + name);
	const details = $("details"), matched = $("matched"), reset = $("reset"), input = $("search");
	const frames = Array.from(svg.querySelectorAll(".f"), function (g) {
		const at = g.dataset.p.split(",");
		const title = g.querySelector("title");
		const words = title.textContent.split("\n");

		title.remove(); /* a tooltip of our own comes at once */
		return { g: g, x: +at[0], w: +at[1], d: +at[2], name: words[0],
			 text: words.slice(1).join(" · "), rect: g.querySelector("rect"),
			 label: g.querySelector("text"), shown: true };
	});
	let focus = frames[0], selected = null, inverted = false, width = 1200;

	function inside(f) {
		return f.x < focus.x + focus.w && f.x + f.w > focus.x;
	}

	function layout() {
		const scale = (width - 2 * SIDE) / focus.w;

		for (const f of frames) {
			const above = f.d < focus.d && f.x <= focus.x && f.x + f.w >= focus.x + focus.w;
			const x = above ? SIDE : SIDE + (f.x - focus.x) * scale;
			const w = above ? width - 2 * SIDE : f.w * scale;
			const y = top + (inverted ? f.d : rows - 1 - f.d) * ROW;
			const fits = Math.floor((w - 6) / LETTER);

			f.shown = above || (f.d >= focus.d && inside(f) && w >= 0.3);
			f.g.style.display = f.shown ? "" : "none";
			if (!f.shown)
				continue;
			f.left = x;
			f.y = y;
			f.g.classList.toggle("up", above);
			f.rect.setAttribute("x", x.toFixed(2));
			f.rect.setAttribute("y", y);
			f.rect.setAttribute("width", Math.max(w - 0.2, 0.2).toFixed(2));
			f.label.setAttribute("x", (x + 4).toFixed(2));
			f.label.setAttribute("y", y + 13);
			f.label.textContent = fits < 3 ? "" : f.name.length <= fits
				? f.name : f.name.slice(0, fits - 1) + "…";
		}
		reset.style.display = focus === frames[0] ? "none" : "";
	}

	function resize() {
		width = Math.max(svg.getBoundingClientRect().width || 1200, 320);
		for (const e of svg.querySelectorAll("[data-right]"))
			e.setAttribute("x", width - +e.dataset.right);
		layout();
	}

	function amount(n) {
		if (unit !== "ns")
			return n.toLocaleString("en") + " " + unit;
		for (const u of [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]]) {
			if (n >= u[0])
				return (n / u[0]).toPrecision(3) + " " + u[1];
		}
		return n + " ns";
	}

	function share(n) {
		return (total ? 100 * n / total : 0).toFixed(2) + " %";
	}

	function tell(f) {
		details.textContent = f ? f.name + " · " + f.text : "";
	}

	function select(f) {
		if (selected)
			selected.g.classList.remove("sel");
		selected = f;
		if (f)
			f.g.classList.add("sel");
		tell(f);
	}

	function zoom(f) {
		focus = f;
		layout();
		select(f);
	}

	/* Frames stand in the order of their begins, outer ones first: what is inside a match does not
	 * count again. */
	function search(text) {
		let pattern = null, sum = 0, until = -1, count = 0;

		if (text) {
			const flags = /[A-Z]/.test(text) ? "" : "i";

			try {
				pattern = new RegExp(text, flags);
			} catch (e) {
				pattern = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), flags);
			}
		}
		for (const f of frames) {
			const hit = pattern !== null && pattern.test(f.name);

			f.g.classList.toggle("hit", hit);
			if (!hit)
				continue;
			count++;
			if (f.x >= until) {
				sum += f.w;
				until = f.x + f.w;
			}
		}
		matched.textContent = pattern
			? "matched " + share(sum) + " (" + amount(sum) + ", " + count + " frames)" : "";
	}

	function parent(f) {
		return frames.find((p) => p.d === f.d - 1 && p.x <= f.x && p.x + p.w >= f.x + f.w);
	}

	function child(f) {
		let best = null;

		for (const c of frames) {
			if (c.d === f.d + 1 && c.shown && c.x >= f.x && c.x + c.w <= f.x + f.w &&
			    (!best || c.w > best.w))
				best = c;
		}
		return best;
	}

	function beside(f, step) {
		const row = frames.filter((s) => s.d === f.d && s.shown);

		return row[row.indexOf(f) + step];
	}

	function on_key(event) {
		const at = selected || focus;
		const up = inverted ? parent : child, down = inverted ? child : parent;
		const keys = {
			"/": () => input.focus(),
			Escape: () => { input.value = ""; search(""); zoom(frames[0]); },
			0: () => zoom(frames[0]),
			Enter: () => zoom(at),
			Backspace: () => zoom(parent(focus) || focus),
			ArrowUp: () => select(up(at) || at),
			ArrowDown: () => select(down(at) || at),
			ArrowLeft: () => select(beside(at, -1) || at),
			ArrowRight: () => select(beside(at, 1) || at),
			i: () => { inverted = !inverted; layout(); },
		};
		const find = (event.ctrlKey || event.metaKey) && event.key === "f";

		if (event.target === input) {
			if (event.key === "Escape") {
				input.value = "";
				search("");
			}
			if (event.key === "Escape" || event.key === "Enter")
				input.blur();
			return;
		}
		if (find) {
			event.preventDefault();
			input.focus();
			input.select();
		} else if (!event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key]) {
			event.preventDefault();
			keys[event.key]();
		}
	}

	if (!frames.length)
		return;
	for (const f of frames) {
		f.g.addEventListener("click", () => zoom(f));
		f.g.addEventListener("mouseenter", () => tell(f));
		f.g.addEventListener("mouseleave", () => tell(selected));
	}
	reset.addEventListener("click", () => zoom(frames[0]));
	$("invert").addEventListener("click", () => { inverted = !inverted; layout(); });
	input.addEventListener("input", () => search(input.value));
	document.addEventListener("keydown", on_key);
	window.addEventListener("resize", resize);
	svg.removeAttribute("viewBox");
	for (const e of svg.querySelectorAll(".active"))
		e.style.display = "";
	resize();
})();
