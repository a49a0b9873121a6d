// SPDX-License-Identifier: GPL-2.0-only
/* elf_file.c - any bytes as a program or library: unwind tables, names, variables, probes */
#include "fuzz.h"

#include "capture/usdt.h"
#include "recording/recording.h"
#include "symbols/elf_image.h"
#include "symbols/image.h"
#include "symbols/names.h"
#include "symbols/unwind_table.h"
#include "symbols/variable.h"
#include "symbols/variables.h"

/* Of the sanitizer. */
void __lsan_disable(void);
void __lsan_enable(void);

static void look_for_table(const uint8_t *data, size_t size)
{
	struct unwind_table *table = NULL, *again = NULL;
	struct elf_image image;
	uint8_t *bytes = NULL;
	size_t packed;

	if (elf_image_open_memory(data, size, &image) || unwind_table_build(&image, &table))
		return;
	for (size_t i = 0; i < image.segment_count; i++)
		unwind_table_rule(table, image.segments[i].address + 16);
	/* What is written to the cache is what comes back. */
	expect(unwind_table_pack(table, 1, &bytes, &packed) == 0);
	expect(unwind_table_unpack(bytes, packed, 1, &again) == 0);
	expect(again->row_count == table->row_count && again->rule_count == table->rule_count);
	free(bytes);
	unwind_table_free(&again);
	unwind_table_free(&table);
}

static void look_for_names(int fd)
{
	static const struct names_options with_inlines = {.inlines = true};
	struct recording_writer *writer = NULL;
	struct names *names = NULL;
	struct names_module *module = NULL;
	uint32_t frame;

	expect(names_new(&with_inlines, &names) == 0);
	expect(recording_writer_new(file_of(NULL, 0), &writer) == 0);
	expect(names_open(names, fd, "fuzz", &module) == 0);
	touch(names_build_id(module), strlen(names_build_id(module)));
	for (uint64_t address = 0; address < 0x3000; address += 0x1d1)
		expect(names_frame(names, module, address, writer, &frame) == 0);
	recording_writer_abandon(&writer);
	names_free(&names);
}

static void look_for_variables(int fd)
{
	static const char *const wanted[] = {"counter", "races.c:counter", "queue.inner.head",
					     "table[3]:2"};
	struct variables *variables = NULL;
	struct image *image = NULL;
	struct image_place place;

	if (!image_open(fd, "fuzz", &image)) {
		image_place(image, image->entry, &place);
		image_boundary(image, image->entry);
		for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
			struct variable_request request;
			struct variable_error error;
			struct variable variable;

			expect(variable_parse(wanted[i], &request, &error) == 0);
			variable_find(image, &request, &variable, &error);
		}
	}
	image_close(&image);
	expect(variables_new(&variables) == 0);
	variables_find_in(variables, fd, 0x1000, "_PyRuntime");
	variables_free(&variables);
}

static void look_for_probes(const uint8_t *data, size_t size)
{
	struct usdt_probes probes = {0};

	usdt_find_in(data, size, &probes);
	usdt_free(&probes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = file_of(data, size);

	look_for_table(data, size);
	look_for_probes(data, size);
	/* elfutils 0.188 forgets some bytes where scopes of damaged DWARF have no end. */
	__lsan_disable();
	look_for_names(fd);
	look_for_variables(fd);
	__lsan_enable();
	close(fd);
	return 0;
}
