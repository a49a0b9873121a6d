# SPDX-License-Identifier: GPL-2.0-only
#
#   make            build everything into build/
#   make run        install what building and running need, build, trace counter-race
#   make test       install what the tests need as well, build, run every test
#   make help       the other targets

VERSION := 0.1.0

BUILD ?= build
PREFIX ?= /usr/local
CC ?= cc
CLANG ?= $(firstword $(foreach c,clang clang-19 clang-16 clang-14,$(if $(shell command -v $c),$c)) clang)
# Debian has bpftool in /usr/sbin, which is not in every user's path.
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config

ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say = @printf '  %-8s %s\n'
endif

LIBRARIES := libbpf libdw libelf zlib libzstd libxxhash
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	-Wno-unused-parameter -Wno-format-nonliteral
INCLUDES := -I. -Iuser -I$(BUILD)/bpf
COMPILE = $(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) -D_GNU_SOURCE -DPTRACE_LAB_VERSION='"$(VERSION)"' \
	$(INCLUDES) $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null) -MMD -MP
# All but the C library goes into the program, so that it runs wherever that is the same.
LINK_LIBRARIES = $(COVERAGE) -Wl,-Bstatic $(shell $(PKG_CONFIG) --static --libs $(LIBRARIES)) -liberty -Wl,-Bdynamic \
	-lpthread -lm

arch := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
multiarch := $(shell $(CC) -print-multiarch 2>/dev/null)

user_sources := $(sort $(wildcard user/*/*.c user/*/*/*.c))
user_objects := $(user_sources:%.c=$(BUILD)/%.o)
asan_objects := $(user_sources:%.c=$(BUILD)/asan/%.o)
bpf_sources := $(sort $(wildcard bpf/*.bpf.c))
# The maps' definition comes first: libbpf 1.1's linker misplaces maps that it met as extern before.
bpf_objects := $(patsubst %.c,$(BUILD)/%.o,bpf/maps.bpf.c $(filter-out bpf/maps.bpf.c,$(bpf_sources)))
skeleton := $(BUILD)/bpf/ptrace_lab.skel.h
pcb_objects := $(patsubst %.c,$(BUILD)/%.o,bpf/pcb/maps.bpf.c \
	$(filter-out bpf/pcb/maps.bpf.c,$(sort $(wildcard bpf/pcb/*.bpf.c))))
skeletons := $(skeleton) $(BUILD)/bpf/pcb.skel.h
scenario_sources := $(sort $(wildcard workloads/*/*.c))
scenarios := $(scenario_sources:%.c=$(BUILD)/%)
unit_sources := $(sort $(wildcard tests/unit/test_*.c))
unit_tests := $(unit_sources:%.c=$(BUILD)/%)
target_sources := $(sort $(filter-out %.bpf.c,$(wildcard tests/targets/*.c tests/bench/*.c)))
marks_targets := $(addprefix $(BUILD)/tests/targets/marks-,static nopie semaphore library)
targets := $(target_sources:%.c=$(BUILD)/%) $(BUILD)/tests/targets/stacks-O3 \
	$(BUILD)/tests/targets/throws $(BUILD)/tests/targets/plugin.so $(BUILD)/tests/targets/failing.so $(BUILD)/tests/oracle/stacks \
	$(BUILD)/tests/targets/races-static $(marks_targets)

.PHONY: all deps run test coverage bench install uninstall clean help format
.DELETE_ON_ERROR:
.SECONDARY:
all: $(BUILD)/ptrace-lab $(scenarios)

help:
	@echo "make [all] | run | test | test-kernels | fuzz | coverage | bench | bench-deps | deps | install | uninstall | format | clean"
	@echo "  V=1 shows the commands; BUILD=, PREFIX=, DESTDIR=, CC=, CLANG=, BPFTOOL= are respected"

# ---- the kernel side -------------------------------------------------------------------------

# -mcpu=v3: without it clang-19's code for bounds checks does not pass the verifier.
$(BUILD)/%.bpf.o: %.bpf.c
	@mkdir -p $(@D)
	$(say) BPF $@
	$(Q)$(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter \
		-Wno-missing-declarations \
		-D__TARGET_ARCH_$(arch) -I. -I/usr/include/$(multiarch) -MMD -MP -c $< -o $@

$(BUILD)/bpf/ptrace_lab.o: $(bpf_objects)
	$(say) LINK $@
	$(Q)$(BPFTOOL) gen object $@ $^

$(skeleton): $(BUILD)/bpf/ptrace_lab.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name ptrace_lab_bpf > $@

# The control blocks are read by a second object: who looks at them needs no tracer beside it.
$(BUILD)/bpf/pcb.o: $(pcb_objects)
	$(say) LINK $@
	$(Q)$(BPFTOOL) gen object $@ $^

$(BUILD)/bpf/pcb.skel.h: $(BUILD)/bpf/pcb.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name pcb_bpf > $@

# ---- the scenarios ---------------------------------------------------------------------------

# Real programs have no frame pointers, and neither have these.
$(BUILD)/workloads/%: workloads/%.c workloads/scenario.c $(wildcard workloads/*.h workloads/*/*.h)
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O2 -g -fomit-frame-pointer -D_GNU_SOURCE -I. \
		$(filter %.c,$^) -o $@ -lpthread

# Once more for ThreadSanitizer: those that claim to be right must be, and the racy ones are found.
$(BUILD)/tsan/%: workloads/%.c workloads/scenario.c $(wildcard workloads/*.h workloads/*/*.h)
	@mkdir -p $(@D)
	$(say) TSAN $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O1 -g -fsanitize=thread -D_GNU_SOURCE -I. \
		$(filter %.c,$^) -o $@ -lpthread

# All of them inside the tracer, so that one file can be copied to another machine; and, beside each,
# what `explain` says of it.
$(BUILD)/workloads/embedded.S: Makefile $(scenario_sources) $(wildcard workloads/*/*.md)
	@mkdir -p $(@D)
	$(say) GEN $@
	$(Q){ echo '	.section .rodata'; \
	  for s in $(basename $(scenario_sources)); do n=scenario_$$(basename $$s | tr - _); \
	    printf '	.balign 16\n%s_begin:\n	.incbin "$(BUILD)/%s"\n%s_end:\n' $$n $$s $$n; \
	    printf '%s_name: .asciz "%s"\n' $$n $$(basename $$s); \
	    printf '%s_page:\n' $$n; [ ! -e $$s.md ] || printf '	.incbin "%s.md"\n' $$s; \
	    printf '	.byte 0\n'; done; \
	  printf '	.section .data.rel.ro,"aw"\n	.balign 8\n	.globl embedded_scenarios\nembedded_scenarios:\n'; \
	  for s in $(basename $(scenario_sources)); do n=scenario_$$(basename $$s | tr - _); \
	    printf '	.quad %s_name, %s_begin, %s_end, %s_page\n' $$n $$n $$n $$n; done; \
	  printf '	.quad 0, 0, 0, 0\n	.section .note.GNU-stack,"",%%progbits\n'; } > $@

$(BUILD)/workloads/embedded.o: $(BUILD)/workloads/embedded.S $(scenarios)
	$(say) AS $@
	$(Q)$(CC) -c $< -o $@

# ---- the program -----------------------------------------------------------------------------

$(BUILD)/user/%.o: user/%.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(COMPILE) $(COVERAGE) -c $< -o $@

$(BUILD)/asan/user/%.o: user/%.c
	@mkdir -p $(@D)
	$(say) ASAN $@
	$(Q)$(COMPILE) $(COVERAGE) -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
		-fno-sanitize-recover=undefined -c $< -o $@

# It has these two in it.
$(BUILD)/user/show/flame/svg.o $(BUILD)/asan/user/show/flame/svg.o: user/show/flame/flame.js user/show/flame/flame.css

# Only the capture knows the BPF object.
$(patsubst user/%.c,$(BUILD)/user/%.o,$(filter user/capture/%,$(user_sources))): | $(skeletons)
$(patsubst user/%.c,$(BUILD)/asan/user/%.o,$(filter user/capture/%,$(user_sources))): | $(skeletons)

# q: files of one name, from several folders, must not take each other's place.
$(BUILD)/libptrace_lab.a: $(filter-out %/main.o,$(user_objects))
	$(say) AR $@
	$(Q)rm -f $@ && ar qcs $@ $^

$(BUILD)/asan/libptrace_lab.a: $(filter-out %/main.o,$(asan_objects))
	$(say) AR $@
	$(Q)rm -f $@ && ar qcs $@ $^

$(BUILD)/ptrace-lab: $(BUILD)/user/cli/main.o $(BUILD)/libptrace_lab.a $(BUILD)/workloads/embedded.o
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ -o $@ $(LINK_LIBRARIES)

$(BUILD)/asan/ptrace-lab: $(BUILD)/asan/user/cli/main.o $(BUILD)/asan/libptrace_lab.a \
		$(BUILD)/workloads/embedded.o
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) -fsanitize=address,undefined $^ -o $@ $(LINK_LIBRARIES)

# ---- tests -----------------------------------------------------------------------------------

# Unit tests run with the sanitizers; the model needs no root and no kernel.
$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/asan/libptrace_lab.a $(BUILD)/workloads/embedded.o
	@mkdir -p $(@D)
	$(say) TEST $@
	$(Q)$(COMPILE) -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined \
		-I$(<D) $(filter %.c %.o %.a,$^) -o $@ -lcmocka $(LDFLAGS) $(LINK_LIBRARIES)

# Figures by lot in place of a model's.
$(BUILD)/tests/unit/test_claims_can_fail: private LDFLAGS += -Wl,--wrap=claim_figure
# Allocations that fail.
$(BUILD)/tests/unit/test_out_of_memory: private LDFLAGS += $(foreach f,malloc calloc realloc \
	reallocarray strdup strndup open_memstream,-Wl,--wrap=$f)

# Programs with known answers, for the kernel tests and the benchmarks.
$(BUILD)/tests/targets/%: tests/targets/%.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O2 -g -D_GNU_SOURCE $< -o $@ -lpthread

$(BUILD)/tests/targets/races-static: tests/targets/races.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O2 -g -D_GNU_SOURCE -static $< -o $@ -lpthread

# Stripped of everything that is not needed to run, and with nothing to find frames by but tables.
$(BUILD)/tests/targets/stacks $(BUILD)/tests/targets/stacks-O3: tests/targets/stacks.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) $(if $(findstring O3,$@),-O3,-O2) -fomit-frame-pointer \
		-D_GNU_SOURCE -s $< -o $@ -lpthread

$(BUILD)/tests/targets/plugin.so: tests/targets/plugin/plugin.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O2 -fomit-frame-pointer -shared -fPIC -s $< -o $@

$(BUILD)/tests/targets/failing.so: tests/targets/failing/failing.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O2 -g -D_GNU_SOURCE -shared -fPIC $< -o $@ -ldl

$(BUILD)/tests/targets/throws: tests/targets/throws.cc
	@mkdir -p $(@D)
	$(say) CXX $@
	$(Q)$(CXX) -std=c++17 -Wall -Wextra -O2 -s $< -o $@ -lpthread

# elfutils unwinds the same stacks.
$(BUILD)/tests/oracle/%: tests/oracle/%.c $(BUILD)/libptrace_lab.a $(BUILD)/workloads/embedded.o
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(COMPILE) $^ -o $@ $(LINK_LIBRARIES)

# The same marks in every shape that a program can have.
$(BUILD)/tests/targets/marks-static: mark_flags := -static
$(BUILD)/tests/targets/marks-nopie: mark_flags := -no-pie
$(BUILD)/tests/targets/marks-semaphore: mark_flags := -DWITH_SEMAPHORE
$(BUILD)/tests/targets/marks-library: mark_flags := -DWITH_LIBRARY -L$(BUILD)/tests/targets -lmarks \
	-Wl,-rpath,'$$ORIGIN'
$(BUILD)/tests/targets/marks-library: $(BUILD)/tests/targets/libmarks.so
$(marks_targets): tests/targets/marks.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O2 -g -D_GNU_SOURCE $< -o $@ $(mark_flags) -lpthread

$(BUILD)/tests/targets/libmarks.so: tests/targets/marks.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O2 -g -D_GNU_SOURCE -DLIBRARY -fPIC -shared $< -o $@

$(BUILD)/tests/bench/floor.skel.h: $(BUILD)/tests/bench/floor.bpf.o
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name floor_bpf > $@

$(BUILD)/tests/bench/floor: tests/bench/floor.c $(BUILD)/tests/bench/floor.skel.h
	$(say) CC $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O2 -g -D_GNU_SOURCE -I$(@D) $< -o $@ -lbpf

# Of our own code, as it is in the program.
$(BUILD)/tests/bench/tables: tests/bench/tables.c $(BUILD)/libptrace_lab.a
$(BUILD)/tests/bench/names: tests/bench/names.c $(BUILD)/libptrace_lab.a
$(BUILD)/tests/bench/stream: tests/bench/stream.c $(BUILD)/libptrace_lab.a
$(BUILD)/tests/bench/tables $(BUILD)/tests/bench/names $(BUILD)/tests/bench/stream:
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(COMPILE) $^ -o $@ $(LINK_LIBRARIES)

$(BUILD)/tests/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -O2 -g -D_GNU_SOURCE $< -o $@ -lpthread

.PHONY: test-programs
test-programs: all $(unit_tests) $(targets) $(BUILD)/asan/ptrace-lab

# ---- any bytes -------------------------------------------------------------------------------

fuzz_sources := $(sort $(wildcard tests/fuzz/*.c))
fuzzers := $(fuzz_sources:%.c=$(BUILD)/%)
fuzz_objects := $(filter-out %/main.o,$(user_sources:%.c=$(BUILD)/fuzz/%.o))
FUZZ_CC ?= clang-14
FUZZ_SECONDS ?= 60
# (Clang takes exception to NULL + 0, which is how an empty vector ends.)
FUZZ_FLAGS := -O1 -gline-tables-only -fno-omit-frame-pointer -fno-sanitize-recover=undefined
fuzz_sanitizers = -fsanitize=$(1),address,undefined -fno-sanitize=pointer-overflow

$(BUILD)/fuzz/user/%.o: user/%.c | $(skeletons)
	@mkdir -p $(@D)
	$(say) FUZZ $@
	$(Q)$(subst $(CC) ,$(FUZZ_CC) ,$(COMPILE)) $(FUZZ_FLAGS) $(call fuzz_sanitizers,fuzzer-no-link) -c $< -o $@

$(fuzzers): $(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(fuzz_objects) $(BUILD)/workloads/embedded.o
	@mkdir -p $(@D)
	$(say) FUZZ $@
	$(Q)$(subst $(CC) ,$(FUZZ_CC) ,$(COMPILE)) $(FUZZ_FLAGS) $(call fuzz_sanitizers,fuzzer) -Itests/unit -Itests/fuzz \
		$(filter %.c %.o,$^) -o $@ $(LDFLAGS) $(LINK_LIBRARIES)

.PHONY: fuzz-programs fuzz
fuzz-programs: $(fuzzers)

.PHONY: tsan-programs
tsan-programs: $(scenario_sources:workloads/%.c=$(BUILD)/tsan/%)


# ---- what a person types ---------------------------------------------------------------------

build_packages := gcc libc6-dev clang bpftool pkg-config libbpf-dev libdw-dev libelf-dev \
	liblzma-dev libbz2-dev libiberty-dev zlib1g-dev libzstd-dev libxxhash-dev linux-libc-dev \
	systemtap-sdt-dev
test_packages := g++ libcmocka-dev python3 python3-jsonschema procps clang-14 libclang-rt-14-dev clang-19 sysbench \
	stress-ng redis-server redis-tools nginx-light apache2-utils
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# Installs those of $(1) that are missing; silent and without root if none is.
define install_missing
	@missing=; for p in $(1); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
	done; [ -z "$$missing" ] || { echo "  INSTALL $$missing"; \
		$(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			$$missing > /dev/null; }
endef

# The same for COMMAND:PACKAGE, where others than Debian's packages may have brought the command.
define install_commands
	@missing=; for p in $(1); do command -v $${p%%:*} > /dev/null || missing="$$missing $${p##*:}"; done; \
		[ -z "$$missing" ] || { echo "  INSTALL $$missing"; $(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			$$missing > /dev/null; }
endef

.PHONY: deps-build deps-test
deps-build:
	$(call install_missing,$(build_packages))
deps-test: deps-build
	$(call install_missing,$(test_packages))
	$(call install_commands,node:nodejs npm:npm chromium:chromium)
	@tests/viewers/install
deps: deps-test

# A second make, as the first one looked for its tools before they were installed.
run: deps-build
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(SUDO) $(BUILD)/ptrace-lab run counter-race

test: deps-test
	$(Q)$(MAKE) --no-print-directory test-programs tsan-programs fuzz-programs
	$(Q)$(SUDO) tests/run $(BUILD)

# Each target for FUZZ_SECONDS, on all CPUs.
fuzz: deps-test
	$(Q)$(MAKE) --no-print-directory fuzz-programs all $(targets)
	$(Q)tests/fuzz/run $(BUILD) $(FUZZ_SECONDS)

# Which lines of user/ the tests reach: the least covered files, and the share of all.
coverage: deps-test
	$(call install_missing,gcovr)
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/coverage CFLAGS="-O1 -g" COVERAGE=--coverage \
		test-programs
	$(Q)$(SUDO) tests/run $(BUILD)/coverage $(COVERAGE_TESTS) || true
	$(Q)gcovr --root . --filter user/ --sort-percentage --print-summary \
		--gcov-ignore-parse-errors $(BUILD)/coverage 2>/dev/null

# What tracing costs, beside every peer that is installed: under 15 minutes, with QUICK=1 under 2.
bench: deps-build
	$(Q)$(MAKE) --no-print-directory all $(targets)
	$(Q)$(SUDO) tests/bench/run $(BUILD) $(if $(QUICK),--quick) --json $(BUILD)/bench.json \
		--text $(BUILD)/bench.txt

# The peers, and what some workloads run. Nothing else needs them.
.PHONY: bench-deps bench-readme
bench-deps:
	$(call install_missing,linux-perf trace-cmd bpftrace libbpf-tools strace sysbench redis-server redis-tools)

# Puts the last results of `make bench` into README.
bench-readme:
	$(Q)tests/bench/readme $(BUILD)/bench.json README.md

# On Debian's 6.1 and 6.12 kernels, in virtual machines side by side; .ci/run has it after test.
.PHONY: test-kernels
test-kernels: deps-build
	$(call install_missing,qemu-system-x86 busybox-static cpio python3)
	$(Q)$(MAKE) --no-print-directory all $(targets)
	$(Q)tests/vm/run $(BUILD)

install: all
	install -D -m 755 $(BUILD)/ptrace-lab $(DESTDIR)$(PREFIX)/bin/ptrace-lab
	mkdir -p $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(BUILD)/ptrace-lab help --man > $(DESTDIR)$(PREFIX)/share/man/man1/ptrace-lab.1
	$(BUILD)/ptrace-lab help --completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ptrace-lab
	$(BUILD)/ptrace-lab help --completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ptrace-lab
	$(BUILD)/ptrace-lab help --completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ptrace-lab.fish

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/ptrace-lab $(DESTDIR)$(PREFIX)/share/man/man1/ptrace-lab.1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ptrace-lab \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ptrace-lab \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ptrace-lab.fish

format:
	@clang-format -i $(shell git ls-files '*.c' '*.h')

clean:
	rm -rf $(BUILD)

-include $(user_objects:.o=.d) $(asan_objects:.o=.d) $(fuzz_objects:.o=.d) $(bpf_objects:.o=.d) $(pcb_objects:.o=.d)
-include $(unit_tests:=.d) $(fuzzers:=.d) $(wildcard $(BUILD)/tests/bench/*.d $(BUILD)/tests/oracle/*.d)
