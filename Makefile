# Ringbolt: one binary, out-of-tree build, no configure step. `make help` lists the targets.
CC       ?= cc
CFLAGS   ?= -O2 -g
PREFIX   ?= /usr/local
B        ?= build
T        ?=
VERSION  := 0.1.0

WARN  := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	 -Wno-format-nonliteral -Wframe-larger-than=16384
FLAGS := -std=c11 -D_GNU_SOURCE -DRINGBOLT_VERSION='"$(VERSION)"' -I. $(WARN) -MMD -MP $(CFLAGS)
LIBS  := -lcivetweb -lsqlite3 -lcjson -ljq -lcurl -lssl -lcrypto -lpthread -lm

# A new .c file in a room, a new migration, system or example needs no edit here.
ROOMS  := common common/store flow flow/steps server worker
LIB_C  := $(foreach r,$(ROOMS),$(wildcard $r/*.c))
CLI_C  := $(wildcard cli/*.c)
UNIT_C := $(wildcard tests/unit/test_*.c)
TOOL_C := $(wildcard tests/tools/*.c)
FUZZ_C := $(filter-out tests/fuzz/driver.c,$(wildcard tests/fuzz/*.c))
ASSETS := $(sort $(wildcard migrations/*.sql schema/*.json schema/systems/*.json))
obj     = $(patsubst %.c,$(B)/%.o,$1)
UNITS  := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_C))
TOOLS  := $(patsubst tests/tools/%.c,$(B)/tools/%,$(TOOL_C))
SHIM   := $(B)/torture/shim.so
FUZZ   := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_C))
DRIVER ?= tests/fuzz/driver.c
COVERED ?= intake reply framing control flows steps systems senders secrets retention replay replays docs
comma  := ,

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all run deps test-deps test check unit lint e2e asan valgrind torture torture-long mutants corpora fuzz fuzz-run coverage tsan bench schema install clean help FORCE
all: $(B)/ringbolt                         ## build the program (build/ringbolt)

$(B)/ringbolt: $(call obj,$(CLI_C)) $(B)/lib.a
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(B)/lib.a: $(call obj,$(LIB_C)) $(B)/assets.o
	@rm -f $@
	@$(AR) rcs $@ $^
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -c -o $@ $<
$(B)/unit/%: tests/unit/%.c $(B)/lib.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $< $(B)/lib.a $(LIBS) -lcmocka
$(B)/tools/%: tests/tools/%.c $(B)/lib.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $< $(B)/lib.a $(LIBS)
$(B)/fuzz/%: tests/fuzz/%.c $(DRIVER) $(B)/lib.a
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(LDFLAGS) -o $@ $< $(DRIVER) $(B)/lib.a $(LIBS)

# Preloaded into the server, and so never sanitized itself.
$(SHIM): tests/torture/shim.c tests/torture/shim.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP -fsanitize=%,$(FLAGS)) -fPIC -shared -o $@ $< -ldl

# Files inside the binary: one table of name, bytes, size (common/assets.h reads it).
# A file that is gone or has another name is a change too.
$(B)/assets.list: FORCE
	@mkdir -p $(@D)
	@echo '$(ASSETS)' | cmp -s - $@ || echo '$(ASSETS)' >$@
FORCE:
$(B)/assets.S: $(ASSETS) $(B)/assets.list Makefile
	@mkdir -p $(@D)
	@{ n=0; echo '.section .rodata'; \
	   for f in $(ASSETS); do \
	     printf 'a%d: .incbin "%s"\ne%d: .byte 0\nn%d: .asciz "%s"\n' $$n $$f $$n $$n $$f; n=$$((n+1)); \
	   done; \
	   printf '.section .data.rel.ro,"aw"\n.balign 8\n.globl assets_table\nassets_table:\n'; \
	   i=0; while [ $$i -lt $$n ]; do \
	     printf '.quad n%d, a%d, e%d - a%d\n' $$i $$i $$i $$i; i=$$((i+1)); done; \
	   printf '.quad 0, 0, 0\n.section .note.GNU-stack,"",%%progbits\n'; } >$@
$(B)/assets.o: $(B)/assets.S
	$(CC) -c -o $@ $<

run: deps                                  ## install what is missing, build, start with the example flows
	@$(MAKE) -s all
	@sh examples/run.sh $(B)/ringbolt
deps:                                      ## install the packages the build needs (Debian 12)
	@sh tests/lint/packages.sh build
test-deps:                                 ## install the packages and npm modules the tests need
	@sh tests/lint/packages.sh test
	@cd tests && npm ci --no-audit --no-fund --loglevel=error

test: test-deps                            ## everything CI runs
	@$(MAKE) -s all tools unit-programs WERROR=1
	@$(MAKE) -s lint
	@$(MAKE) -s unit
	@$(MAKE) -s corpora
	@$(MAKE) -s e2e
	@$(MAKE) -s valgrind
	@$(MAKE) -s asan
check: $(B)/ringbolt lint                  ## quick, no network; T=word runs what has the word in its name
	@$(MAKE) -s unit e2e T=$(T)
unit-programs: $(UNITS)
tools: $(TOOLS) $(SHIM)
unit: $(UNITS)                             ## the unit tests (T=word)
	@sh tests/unit/run.sh $(B)/unit $(T)
e2e: $(B)/ringbolt tools                   ## the real binary, on free ports (T=word)
	@RINGBOLT=$(CURDIR)/$(B)/ringbolt TOOLS=$(CURDIR)/$(B)/tools sh tests/e2e/run.sh $(T)
lint:                                      ## floor plan, owners of libraries, file lengths, format of tests
	@sh tests/lint/house.sh
asan:                                      ## the unit and end-to-end tests under ASan and UBSan
	@$(MAKE) -s B=build/asan CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address$(comma)undefined" \
		SANITIZED=asan all tools unit corpora e2e
valgrind: $(B)/ringbolt tools $(UNITS)     ## the unit tests and the doors to the world under valgrind
	@VALGRIND=1 sh tests/unit/run.sh $(B)/unit $(T)
	@VALGRIND=1 RINGBOLT=$(CURDIR)/$(B)/ringbolt TOOLS=$(CURDIR)/$(B)/tools sh tests/e2e/run.sh $(T)
torture: $(B)/ringbolt tools               ## kill, stop, fill and break for SECONDS=60, then check (SEED=n repeats)
	@RINGBOLT=$(CURDIR)/$(B)/ringbolt TOOLS=$(CURDIR)/$(B)/tools SEED=$(SEED) SECONDS=$(SECONDS) \
		node tests/torture/main.mjs torture
torture-long: $(B)/ringbolt tools          ## the same for ten minutes, and 1,000 images of power cuts
	@RINGBOLT=$(CURDIR)/$(B)/ringbolt TOOLS=$(CURDIR)/$(B)/tools SEED=$(SEED) \
		SECONDS=$(or $(SECONDS),600) IMAGES=$(or $(IMAGES),1000) node tests/torture/main.mjs torture powercut
mutants: $(B)/ringbolt tools               ## broken builds that torture and power cuts must catch (T=word)
	@node tests/torture/mutants.mjs $(T)
corpora: $(FUZZ)                           ## what the fuzzers have kept, run once each
	@sh tests/fuzz/run.sh $(B)/fuzz
fuzz:                                      ## fuzz each harness with clang (SECONDS=60, T=word)
	@command -v clang >/dev/null || { echo "make fuzz needs clang and its runtime (Debian: clang, libclang-rt-14-dev)"; exit 1; }
	@$(MAKE) -s B=build/clang CC=clang DRIVER= FUZZING=1 fuzz-run \
		CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link$(comma)address$(comma)undefined -fno-sanitize-recover=undefined"
fuzz-run: $(FUZZ)
	@sh tests/fuzz/run.sh $(B)/fuzz "$(or $(SECONDS),60)" $(T)
coverage:                                  ## lines that the unit and the shorter end-to-end tests run (gcov)
	@rm -f $$(find build/coverage -name '*.gcda' 2>/dev/null)
	@$(MAKE) -s B=build/coverage CFLAGS="-O0 -g --coverage -fprofile-update=atomic" all tools unit-programs
	@$(MAKE) -s B=build/coverage CFLAGS="-O0 -g --coverage -fprofile-update=atomic" unit corpora
	@for t in $(COVERED); do $(MAKE) -s B=build/coverage CFLAGS="-O0 -g --coverage -fprofile-update=atomic" e2e T=$$t || exit 1; done
	@sh tests/lint/coverage.sh build/coverage 85
tsan:                                      ## store, front and doors under ThreadSanitizer
	@$(MAKE) -s B=build/tsan CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=thread" SANITIZED=tsan all tools unit-programs
	@for t in test_store test_board test_keys test_limit test_routes; do \
		TSAN_OPTIONS=exitcode=66 setarch -R sh tests/unit/run.sh build/tsan/unit $$t || exit 1; done
	@for t in intake reply; do \
		TSAN_OPTIONS=exitcode=66 SANITIZED=tsan RINGBOLT=$(CURDIR)/build/tsan/ringbolt TOOLS=$(CURDIR)/build/tsan/tools \
		setarch -R sh tests/e2e/run.sh $$t || exit 1; done
bench: $(B)/ringbolt tools                 ## the ratios of docs/performance.md, in one run
	@RINGBOLT=$(CURDIR)/$(B)/ringbolt TOOLS=$(CURDIR)/$(B)/tools node tests/bench/bench.mjs
schema: $(B)/ringbolt                      ## redraw schema/database.sql and the schemas beside it
	$(B)/ringbolt schema database >schema/database.sql
	$(B)/ringbolt schema flow >$(B)/flow.schema.json && mv $(B)/flow.schema.json schema/flow.schema.json
	$(B)/ringbolt schema system >$(B)/system.schema.json && mv $(B)/system.schema.json schema/system.schema.json
	$(B)/ringbolt schema api >$(B)/openapi.json && mv $(B)/openapi.json docs/openapi.json
install: $(B)/ringbolt                     ## PREFIX=/usr/local, DESTDIR=
	install -D -m 755 $(B)/ringbolt $(DESTDIR)$(PREFIX)/bin/ringbolt
clean:                                     ## remove build/
	rm -rf build
help:                                      ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

ifdef WERROR
FLAGS += -Werror
endif
ifdef FUZZING
$(FUZZ): LDFLAGS += -fsanitize=fuzzer
endif
ifdef SANITIZED
export SANITIZED
endif

-include $(patsubst %.o,%.d,$(call obj,$(LIB_C) $(CLI_C))) $(UNITS:=.d) $(TOOLS:=.d) $(FUZZ:=.d)
