// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON report against its own schema, which allows no member more and none less: neither can
 * change without the other. Python's jsonschema does the comparing.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "skip.h"

#include "base/cleanup.h"
#include "show/show.h"
#include "show_models.h"

typedef struct sketch *(*sketch_function)(void);

static const sketch_function sketches[] = {
	sketch_lock,   sketch_race,    sketch_pipeline, sketch_storm,
	sketch_attach, sketch_machine, sketch_hostile,
};
#define SKETCHES (sizeof(sketches) / sizeof(*sketches))

static char *json_of(const struct model *model)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(show_json(out, model), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* ---- with python --------------------------------------------------------------------------- */

static bool python_can(const char *what)
{
	char command[256];

	snprintf(command, sizeof(command), "python3 -W ignore -c '%s' 2>/dev/null", what);
	return system(command) == 0;
}

struct folder {
	char path[64];
	unsigned int files;
};

static void open_folder(struct folder *folder)
{
	*folder = (struct folder){"/tmp/ptrace-lab-test-XXXXXX", 0};
	assert_non_null(mkdtemp(folder->path));
}

static void close_folder(struct folder *folder)
{
	char path[128];

	for (unsigned int i = 0; i < folder->files; i++) {
		snprintf(path, sizeof(path), "%s/%u.json", folder->path, i);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/schema.json", folder->path);
	unlink(path);
	rmdir(folder->path);
}

static FILE *create_in(const struct folder *folder, const char *name)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	out = fopen(path, "w");
	assert_non_null(out);
	return out;
}

static void add_report(struct folder *folder, const struct model *model)
{
	char name[32];
	FILE *out;

	snprintf(name, sizeof(name), "%u.json", folder->files++);
	out = create_in(folder, name);
	assert_int_equal(show_json(out, model), 0);
	assert_int_equal(fclose(out), 0);
}

/* Runs a program of python with the folder as its argument: its exit status. */
static int run_python(const struct folder *folder, const char *program)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		execlp("python3", "python3", "-W", "ignore", "-c", program, folder->path,
		       (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char validate[] =
	"import glob, json, sys, jsonschema\n"
	"load = lambda path: json.load(open(path, encoding='utf-8'))\n"
	"schema = load(sys.argv[1] + '/schema.json')\n"
	"cls = jsonschema.validators.validator_for(schema)\n"
	"cls.check_schema(schema)\n"
	"bad = 0\n"
	"for path in glob.glob(sys.argv[1] + '/[0-9]*.json'):\n"
	"    for error in list(cls(schema).iter_errors(load(path)))[:5]:\n"
	"        print(path, list(error.path), error.message[:300], file=sys.stderr)\n"
	"        bad = 1\n"
	"sys.exit(bad)\n";

static void write_schema(const struct folder *folder)
{
	FILE *out = create_in(folder, "schema.json");

	assert_int_equal(show_schema(out), 0);
	assert_int_equal(fclose(out), 0);
}

static void every_report_keeps_to_the_schema(void **state)
{
	struct model empty = {0};
	struct folder folder;
	int status;

	if (!python_can("import jsonschema"))
		skip_because("python3-jsonschema is not installed");
	open_folder(&folder);
	write_schema(&folder);
	add_report(&folder, &empty);
	for (size_t i = 0; i < SKETCHES; i++) {
		struct sketch *sketch = sketches[i]();

		add_report(&folder, &sketch->model);
		sketch_free(sketch);
	}
	status = run_python(&folder, validate);
	close_folder(&folder);
	assert_int_equal(status, 0);
}

static void the_schema_describes_every_member_and_refuses_others(void **state)
{
	static const char program[] =
		"import json, sys\n"
		"schema = json.load(open(sys.argv[1] + '/schema.json'))\n"
		"def walk(node, at):\n"
		"    if 'properties' in node:\n"
		"        assert node['additionalProperties'] is False, at\n"
		"        assert sorted(node['required']) == sorted(node['properties']), at\n"
		"        for name, inner in node['properties'].items():\n"
		"            assert len(inner['description']) > 3, (at, name)\n"
		"            assert name == name.lower() and ' ' not in name, name\n"
		"            walk(inner, at + '/' + name)\n"
		"    if 'items' in node:\n"
		"        walk(node['items'], at + '[]')\n"
		"walk(schema, '')\n";
	struct folder folder;
	int status;

	if (!python_can("import json"))
		skip_because("python3 is not installed");
	open_folder(&folder);
	write_schema(&folder);
	status = run_python(&folder, program);
	close_folder(&folder);
	assert_int_equal(status, 0);
}

static void a_reader_finds_the_figures_of_the_model(void **state)
{
	static const char program[] =
		"import json, sys\n"
		"r = json.load(open(sys.argv[1] + '/0.json'))\n"
		"assert r['format'] == 'ptrace-lab report' and r['schema_version'] == 1\n"
		"assert r['result'] == {'expected': 1000000, 'actual': 1000000,\n"
		"                       'difference': 0, 'exact': True}\n"
		"assert r['facts']['elapsed_ns'] == '4120000'\n"
		"assert r['target'] == {'pid': 41077, 'status': {'wait': 0, 'exited': 0,\n"
		"                       'signal': None, 'core_dumped': False}}\n"
		"assert r['time']['wall_ns'] == 4210000\n"
		"two = [t for t in r['threads'] if t['name'] == 'counter-2'][0]\n"
		"assert two['blocked_ns'] == 1980000 and two['begin_ns'] == 130000\n"
		"assert two['reasons'][0]['reason'] == 'lock'\n"
		"assert r['locks'][0]['address'] == '0x55d0c0de4040'\n"
		"assert r['locks'][0]['main_holder']['name'] == 'counter-1'\n"
		"assert r['claims'][0]['verdict'] == 'held'\n"
		"for t in r['threads']:\n"
		"    assert t['life_ns'] == (t['running_ns'] + t['ready_ns'] + t['blocked_ns']\n"
		"                            + t['unknown_ns'])\n"
		"    drawn = sum(map(sum, t['bar']['cells']))\n"
		"    assert abs(drawn - t['life_ns']) < 1000, (drawn, t['life_ns'])\n"
		"assert sum(r['summary']['concurrency']) == r['time']['wall_ns']\n";
	struct sketch *sketch = sketch_lock();
	struct folder folder;
	int status;

	if (!python_can("import json")) {
		sketch_free(sketch);
		skip_because("python3 is not installed");
	}
	open_folder(&folder);
	add_report(&folder, &sketch->model);
	status = run_python(&folder, program);
	close_folder(&folder);
	sketch_free(sketch);
	assert_int_equal(status, 0);
}

/* ---- without ------------------------------------------------------------------------------- */

static void hostile_names_cannot_leave_their_strings(void **state)
{
	struct sketch *sketch = sketch_hostile();
	CLEANUP_FREE char *text = json_of(&sketch->model);

	for (const char *at = text; *at; at++)
		assert_true((unsigned char)*at >= 0x20 || *at == '\n' || *at == '\t');
	assert_non_null(strstr(text, "日本語名前"));
	assert_non_null(strstr(text, "\"signal\":11"));
	sketch_free(sketch);
}

static void many_threads_come_without_their_pictures(void **state)
{
	struct sketch *sketch = sketch_storm();
	CLEANUP_FREE char *text = json_of(&sketch->model);

	assert_null(strstr(text, "\"bar\":{"));
	assert_non_null(strstr(text, "\"bar\":null"));
	sketch_free(sketch);
}

static void a_full_disk_is_an_error(void **state)
{
	struct sketch *sketch = sketch_lock();
	CLEANUP_FCLOSE FILE *full = fopen("/dev/full", "w");

	if (full) {
		assert_int_equal(show_json(full, &sketch->model), -ENOSPC);
		assert_int_not_equal(show_schema(full), 0);
	}
	sketch_free(sketch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_report_keeps_to_the_schema),
		cmocka_unit_test(the_schema_describes_every_member_and_refuses_others),
		cmocka_unit_test(a_reader_finds_the_figures_of_the_model),
		cmocka_unit_test(hostile_names_cannot_leave_their_strings),
		cmocka_unit_test(many_threads_come_without_their_pictures),
		cmocka_unit_test(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
