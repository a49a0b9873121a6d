// SPDX-License-Identifier: GPL-2.0-only
// Opens our exports in the programs they are made for, and says what these made of them.
//
//	node check.mjs FOLDER NAME THREAD
//
// FOLDER has NAME.folded, .json, .pb.gz and .svg of one recording. Prints one JSON object; ends with 1
// after the first thing that is not as it should be. Screenshots of the picture stay in FOLDER.
import fs from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(path.join(here, "package.json"));
const { chromium } = require("playwright-core");
const { Profile } = require("pprof-format");
const Ajv = require("ajv");
const [folder, name, thread] = process.argv.slice(2);
const file = (end) => path.join(folder, name + end);
const result = {};

function expect(condition, sentence) {
	if (!condition)
		throw new Error(sentence);
}

function foldedSum() {
	let sum = 0n;

	for (const line of fs.readFileSync(file(".folded"), "utf8").split("\n").filter(Boolean))
		sum += BigInt(line.slice(line.lastIndexOf(" ") + 1));
	return sum;
}

function checkSpeedscopeFile(sum) {
	const schema = JSON.parse(fs.readFileSync(
		path.join(here, "node_modules/speedscope/dist/release/file-format-schema.json")));
	const ajv = new Ajv({ strict: false });
	const profile = JSON.parse(fs.readFileSync(file(".json")));
	const validate = ajv.compile(schema);

	expect(validate(profile), "speedscope's schema: " + ajv.errorsText(validate.errors));
	expect(!validate({ ...profile, profiles: [{}] }), "the schema takes anything");
	const total = profile.profiles.flatMap((p) => p.weights).reduce((a, b) => a + BigInt(b), 0n);

	expect(total === sum, `speedscope's weights are ${total}, not ${sum}`);
	for (const p of profile.profiles)
		expect(p.samples.flat().every((i) => i >= 0 && i < profile.shared.frames.length),
			"a frame that is not there");
	result.profiles = profile.profiles.length;
}

function checkPprof(sum) {
	const profile = Profile.decode(zlib.gunzipSync(fs.readFileSync(file(".pb.gz"))));
	const text = (id) => profile.stringTable.strings[Number(id)];
	const locations = new Map(profile.location.map((l) => [Number(l.id), l]));
	const functions = new Map(profile.function.map((f) => [Number(f.id), f]));
	const mappings = new Set(profile.mapping.map((m) => Number(m.id)));
	let total = 0n, names = new Set();

	for (const sample of profile.sample) {
		total += BigInt(sample.value[0]);
		for (const id of sample.locationId) {
			const location = locations.get(Number(id));

			expect(location && location.line.length === 1, "a location that is not there");
			expect(!Number(location.mappingId) || mappings.has(Number(location.mappingId)),
				"a mapping that is not there");
			names.add(text(functions.get(Number(location.line[0].functionId)).name));
		}
		const labels = Object.fromEntries(sample.label.map(
			(l) => [text(l.key), Number(l.str) ? text(l.str) : Number(l.num)]));

		expect(labels.thread !== undefined && labels.tid > 0, "a sample of no thread");
	}
	expect(total === sum, `pprof's values are ${total}, not ${sum}`);
	result.pprof = { samples: profile.sample.length, functions: names.size,
			 type: text(profile.sampleType[0].type) };
}

async function newPage(browser, options) {
	const page = await browser.newPage({ viewport: { width: 1200, height: 600 }, ...options });

	page.faults = [];
	page.on("pageerror", (e) => page.faults.push(e.message));
	page.on("dialog", (d) => { page.faults.push("a dialog: " + d.message()); d.dismiss(); });
	page.on("request", (r) => /^(file|data|blob):/.test(r.url()) ||
		page.faults.push("asks the network for " + r.url()));
	return page;
}

async function checkInSpeedscope(browser, end) {
	const page = await newPage(browser);
	const index = path.join(here, "node_modules/speedscope/dist/release/index.html");
	const data = fs.readFileSync(file(end)).toString("base64");

	await page.goto(`file://${index}#localProfilePath=/dev/null`);
	await page.waitForFunction(() => window.speedscope);
	await page.evaluate(([n, d]) => window.speedscope.loadFileFromBase64(n, d), [name + end, data]);
	await page.waitForFunction(() => /Left Heavy/.test(document.body.innerText), { timeout: 20000 });
	await page.waitForTimeout(300);
	await page.screenshot({ path: file(end + ".speedscope.png") });
	expect(!page.faults.length, `speedscope and ${end}: ${page.faults[0]}`);
	await page.close();
}

async function openPicture(browser, colorScheme) {
	const page = await newPage(browser, { colorScheme });

	await page.goto("file://" + file(".svg"));
	return page;
}

const widthOf = (page, text) => page.evaluate((t) => {
	const of = [...document.querySelectorAll(".f")].find(
		(g) => g.style.display !== "none" && g.querySelector("text").textContent.startsWith(t));

	return of ? +of.querySelector("rect").getAttribute("width") : 0;
}, text);

const clickOn = (page, text) => page.evaluate((t) => {
	[...document.querySelectorAll(".f")].find(
		(g) => g.querySelector("text").textContent.startsWith(t))
		.dispatchEvent(new MouseEvent("click", { bubbles: true }));
}, text);

const textOf = (page, id) => page.evaluate((i) => document.getElementById(i).textContent, id);

async function checkPicture(browser) {
	const page = await openPicture(browser, "light");
	const narrow = await widthOf(page, thread);

	expect(narrow > 10, `${thread} cannot be seen`);
	result.frames = await page.evaluate(() => document.querySelectorAll(".f").length);
	await page.screenshot({ path: file(".light.png") });
	// Searched: with the keyboard, by typing.
	await page.keyboard.press("/");
	await page.keyboard.type(thread.slice(0, 6));
	expect(/^matched [\d.]+ % \(/.test(await textOf(page, "matched")), "the search finds nothing");
	expect(await page.evaluate(() => document.querySelectorAll(".hit").length) > 0, "no hit shows");
	result.matched = await textOf(page, "matched");
	await page.screenshot({ path: file(".search.png") });
	await page.keyboard.press("Escape");
	expect(await textOf(page, "matched") === "", "the search stays");
	// Zoomed by a click, and back by a key.
	await clickOn(page, thread);
	expect(await widthOf(page, thread) > 1100, "a click does not zoom");
	expect((await textOf(page, "details")).startsWith(thread), "what was clicked is not said");
	await page.screenshot({ path: file(".zoom.png") });
	await page.keyboard.press("Escape");
	expect(Math.abs(await widthOf(page, thread) - narrow) < 1, "no way back from the zoom");
	// Walked by keyboard: from the root to a child, and into it.
	await page.keyboard.press("ArrowUp");
	await page.keyboard.press("ArrowUp");
	const walked = (await textOf(page, "details")).split(" · ")[0];

	expect(walked && walked !== "all", "the arrows lead nowhere");
	await page.keyboard.press("Enter");
	expect(await widthOf(page, walked.slice(0, 20)) > 1100, "Enter does not zoom");
	await page.keyboard.press("i");
	await page.keyboard.press("0");
	// A window of another width.
	await page.setViewportSize({ width: 700, height: 600 });
	await page.waitForTimeout(100);
	expect(await page.evaluate(() => document.documentElement.scrollWidth) <= 700, "too wide");
	expect(!page.faults.length, "the picture: " + page.faults[0]);
	await page.close();

	const dark = await openPicture(browser, "dark");

	await dark.screenshot({ path: file(".dark.png") });
	expect(await dark.evaluate(() => getComputedStyle(document.documentElement).backgroundColor) !==
		"rgb(255, 255, 255)", "it is not dark in the dark");
	await dark.close();
}

let browser;

try {
	const sum = foldedSum();

	result.sum = Number(sum);
	checkSpeedscopeFile(sum);
	checkPprof(sum);
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
		args: ["--headless", "--no-sandbox", "--disable-quic", "--no-first-run",
		       "--disable-background-networking", "--disable-component-update",
		       "--disable-sync", "--enable-unsafe-swiftshader", "--use-angle=swiftshader",
		       "--allow-file-access-from-files"],
	});
	for (const end of [".folded", ".json", ".pb.gz"])
		await checkInSpeedscope(browser, end);
	await checkPicture(browser);
	console.log(JSON.stringify(result));
} catch (error) {
	console.error(error.message);
	process.exitCode = 1;
} finally {
	await browser?.close();
}
