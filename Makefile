# porter: make, make check, make lint, make bench, make fuzz, make install DESTDIR=
# Every src/THEME/NAME.c is one program; package/modes lists what is installed.
# B is where everything built goes: make B=build/asan SANITIZE=address,undefined keeps its own.
B := build
HOME_DIR := $(shell head -n 1 conf-home)
VERSION := $(shell sed -n 's/^version=//p' package/info)
CC := $(shell head -n 1 conf-compile)
WARN := -Wall -Wextra -Wpedantic $(WERROR)
DEFS := -D_GNU_SOURCE -DPORTER_VERSION='"$(VERSION)"' -DPORTER_HOME='"$(HOME_DIR)"'
SAN := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
CPPFLAGS += $(DEFS) -Isrc/include -I$(B)/gen -MMD -MP
# A wholly static program starts in half the time; those that ask NSS need a dynamic libc.
STATIC := $(if $(SANITIZE),,-static)
comma := ,
LIBS := -Wl,-Bstatic -lskarnet -lprotobuf-c -ljansson -lcrypt -lmd $(if $(SANITIZE),-Wl$(comma)-Bdynamic)
LDLIBS_static := -Wl,--as-needed $(LIBS)
LDLIBS_dynamic := -Wl,--as-needed $(LIBS) -Wl,-Bdynamic
DYNAMIC := auth setuidgid

SOURCES := $(filter-out src/lib/% src/gen/%,$(wildcard src/*/*.c))
PROGRAMS := $(patsubst %,$(B)/bin/%,$(notdir $(SOURCES:.c=)))
SCRIPTS := $(patsubst src/run/%,$(B)/bin/%,$(wildcard src/run/*))
UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
STUBS := $(patsubst tests/stub/%.c,$(B)/stub/%,$(wildcard tests/stub/*.c))
LIBRARY := $(B)/libporter.a
OBJECTS := $(patsubst src/%.c,$(B)/%.o,$(wildcard src/lib/*.c src/lib/*/*.c)) $(B)/gen/maildir.pb-c.o
GENERATED := $(B)/gen/maildir.pb-c.h $(B)/gen/message_types.h
vpath %.c $(sort $(dir $(SOURCES)))

all: $(PROGRAMS) $(SCRIPTS)
$(PROGRAMS): $(B)/bin/%: $(B)/main/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(SAN) $(LDFLAGS) $(if $(filter $*,$(DYNAMIC)),,$(STATIC)) -o $@ $^ $(LDLIBS_$(if $(filter $*,$(DYNAMIC)),dynamic,static))
$(B)/main/%.o: %.c $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(WARN) $(SAN) $(CFLAGS) -c -o $@ $<
$(B)/lib/%.o: src/lib/%.c $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(WARN) $(SAN) $(CFLAGS) -c -o $@ $<
$(LIBRARY): $(OBJECTS)
	rm -f $@; ar rcs $@ $^
$(B)/gen/maildir.pb-c.o: $(B)/gen/maildir.pb-c.h
	$(CC) $(CPPFLAGS) $(SAN) $(CFLAGS) -c -o $@ $(@:.o=.c)
$(B)/gen/maildir.pb-c.h: src/proto/maildir.proto
	@mkdir -p $(@D)
	protoc-c --c_out=$(B)/gen --proto_path=src/proto $<
$(B)/gen/message_types.h: $(B)/gen/maildir.pb-c.h
	sed -n 's/^extern const ProtobufCMessageDescriptor \(.*\);/\&\1,/p' $< > $@
# Tables of charsets and letter case come from the C library, at build time only.
$(B)/gen/%_tables.h: src/gen/%_tables.c
	@mkdir -p $(@D)
	$(CC) $(DEFS) $(WARN) -o $(@:.h=) $< && $(@:.h=) > $@.new && mv $@.new $@
$(B)/lib/text/charset_tables.o: $(B)/gen/charset_tables.h
$(B)/lib/text/fold.o: $(B)/gen/fold_tables.h
$(SCRIPTS): $(B)/bin/%: src/run/% conf-home
	@mkdir -p $(@D)
	sed 's,@HOME@,$(HOME_DIR),g' $< > $@ && chmod 755 $@
$(B)/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(WARN) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS_dynamic)
$(B)/stub/%: tests/stub/%.c
	@mkdir -p $(@D)
	$(CC) $(DEFS) $(WARN) $(CFLAGS) $(LDFLAGS) -o $@ $< -lcrypt
units: $(UNITS) $(STUBS)
# Each tests/fuzz/NAME.c for FUZZ_SECONDS, all of it built by clang with libFuzzer.
FUZZ_SECONDS := 60
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))
$(B)/fuzz/%: tests/fuzz/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(WARN) $(subst fuzzer-no-link,fuzzer,$(SAN)) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIBRARY) $(LDLIBS_dynamic)
fuzzers: $(FUZZERS)
$(B)/replay/%: tests/fuzz/%.c tests/fuzz/replay/main.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CPPFLAGS)) $(WARN) $(SAN) $(CFLAGS) $(LDFLAGS) -o $@ $< tests/fuzz/replay/main.c $(LIBRARY) $(LDLIBS_dynamic)
REPLAYS := $(patsubst tests/fuzz/%.c,$(B)/replay/%,$(wildcard tests/fuzz/*.c))
units: $(REPLAYS)
fuzz:
	$(MAKE) B=build/fuzz CC='clang -std=c11 -O1 -g' SANITIZE=fuzzer-no-link,address,undefined fuzzers
	tests/fuzz/run build/fuzz $(FUZZ_SECONDS)
# Each script in tests/bench prints a table; it builds the program of its name, tests/bench/NAME.c, if it has one.
$(B)/bench/%: tests/bench/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(WARN) $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIBRARY) $(LDLIBS_dynamic)
check: ; package/check
lint: ; package/lint
bench: all ; package/bench
install: all ; package/install
clean: ; rm -rf $(B)
.PHONY: all units fuzzers check install clean lint bench fuzz
-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d)
