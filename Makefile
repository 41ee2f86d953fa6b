# porter: make, make check, make lint, make bench, make fuzz, make install DESTDIR=
# Every src/THEME/NAME.c is one program; package/modes lists what is installed. tests/tests.mk has what only tests need.
# B is where everything built goes: make B=build/asan SANITIZE=address,undefined keeps its own.
B := build
HOME_DIR := $(shell head -n 1 conf-home)
VERSION := $(shell sed -n 's/^version=//p' package/info)
CC := $(shell head -n 1 conf-compile)
# Runs what makes tables, where that is built for another machine (INSTALL, 1): RUN=qemu-aarch64-static.
RUN :=
WARN := -Wall -Wextra -Wpedantic $(WERROR)
DEFS := -D_GNU_SOURCE -DPORTER_VERSION='"$(VERSION)"' -DPORTER_HOME='"$(HOME_DIR)"'
# The sanitizers need what confinement takes away.
SAN := $(if $(SANITIZE),-DPORTER_UNCONFINED -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
COMPILE = $(CC) $(DEFS) -Isrc/include -I$(B)/gen $(CPPFLAGS) $(WARN) $(SAN) $(CFLAGS)
# A wholly static program starts in half the time; those that ask NSS need a dynamic libc.
DYNAMIC := auth setuidgid
STATIC := $(if $(SANITIZE),,-static-pie)
# Every address is drawn anew at each start, and no table of functions can be written to once it runs.
HARDEN := $(if $(SANITIZE),,-Wl,-z,relro,-z,now)
LDLIBS := -Wl,--as-needed -Wl,-Bstatic -lskarnet -lprotobuf-c -ljansson -lcrypt -lmd
DYNAMIC_LDLIBS := $(LDLIBS) -Wl,-Bdynamic

SOURCES := $(filter-out src/lib/% src/gen/%,$(wildcard src/*/*.c))
PROGRAMS := $(patsubst %,$(B)/bin/%,$(notdir $(SOURCES:.c=)))
SCRIPTS := $(patsubst src/run/%,$(B)/bin/%,$(wildcard src/run/*))
LIBRARY := $(B)/libporter.a
# What every object is made with: a change of any builds all anew.
SETTINGS := conf-compile conf-home package/info
OBJECTS := $(patsubst src/%.c,$(B)/%.o,$(wildcard src/lib/*.c src/lib/*/*.c)) $(B)/gen/maildir.pb-c.o
# The interfaces that the varlink door describes, in the order in which it names them.
INTERFACES := $(addprefix src/proto/,org.varlink.service.varlink de.jmhoffmann.jwebmail.mail-storage.varlink)
GENERATED := $(addprefix $(B)/gen/,maildir.pb-c.h message_types.h varlink_interfaces.h charset_tables.h fold_tables.h compared_tables.h call_filters.h syscall_names.h)
vpath %.c $(sort $(dir $(SOURCES)))

all: $(PROGRAMS) $(SCRIPTS) $(B)/libraries
$(PROGRAMS): $(B)/bin/%: $(B)/main/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(SAN) $(HARDEN) $(LDFLAGS) $(if $(filter $*,$(DYNAMIC)),-pie -o $@ $^ $(DYNAMIC_LDLIBS),$(STATIC) -o $@ $^ $(if $(STATIC),$(LDLIBS),$(DYNAMIC_LDLIBS)))
$(B)/main/%.o: %.c $(SETTINGS) | $(GENERATED)
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<
$(B)/lib/%.o: src/lib/%.c $(SETTINGS) | $(GENERATED)
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<
$(LIBRARY): $(OBJECTS)
	rm -f $@; ar rcs $@ $^
$(B)/gen/maildir.pb-c.o: $(B)/gen/maildir.pb-c.h
	$(CC) $(SAN) $(CFLAGS) -c -o $@ $(@:.o=.c)
$(B)/gen/maildir.pb-c.h: src/proto/maildir.proto
	@mkdir -p $(@D)
	protoc-c --c_out=$(B)/gen --proto_path=src/proto $<
$(B)/gen/message_types.h: $(B)/gen/maildir.pb-c.h
	sed -n 's/^extern const ProtobufCMessageDescriptor \(.*\);/\&\1,/p' $< > $@
# A row for each: its name, and its file's octets.
$(B)/gen/varlink_interfaces.h: $(INTERFACES)
	@mkdir -p $(@D)
	for file in $^; do printf '{ "%s", (char const []){\n' "$$(basename "$$file" .varlink)"; od -An -v -td1 "$$file" | sed 's/[0-9][0-9]*/&,/g'; echo '0 } },'; done > $@
# Tables of charsets and letter case come from the C library, those of text that is compared from libunistring, at build time only.
$(filter %_tables.h,$(GENERATED)): $(B)/gen/%_tables.h: src/gen/%_tables.c
	@mkdir -p $(@D)
	$(CC) $(DEFS) $(WARN) -o $(@:.h=) $< $(if $(filter compared%,$(@F)),-lunistring) && $(RUN) $(@:.h=) > $@.new && mv $@.new $@
# Filters of system calls, one for each table.
$(B)/gen/call_filters.h: src/gen/call_filters.c src/lib/confine/calls.c src/lib/confine/calls.h
	@mkdir -p $(@D)
	$(CC) $(DEFS) $(WARN) -o $(@:.h=) $(filter %.c,$^) && $(RUN) $(@:.h=) > $@.new && mv $@.new $@
# What the programs were linked with (package/stale).
$(B)/libraries: $(PROGRAMS)
	package/stale record > $@.new && mv $@.new $@
# Names for the numbers of system calls, from the C library's header.
$(B)/gen/syscall_names.h:
	@mkdir -p $(@D)
	{ echo 'static struct { short number; char name[30]; } const syscall_names[] = {'; \
	  echo '#include <sys/syscall.h>' | $(CC) $(DEFS) -E -dM - | sed -n 's/^#define SYS_\([a-z0-9_]*\) .*/  { SYS_\1, "\1" },/p'; echo '};'; } > $@
$(SCRIPTS): $(B)/bin/%: src/run/% conf-home
	@mkdir -p $(@D)
	sed 's,@HOME@,$(HOME_DIR),g' $< > $@ && chmod 755 $@

include tests/tests.mk
check: ; package/check
lint: ; package/lint
bench: all ; package/bench
deb: ; package/deb
install: all ; B=$(B) package/install
clean: ; rm -rf $(B)
.PHONY: all units fuzzers check install deb clean lint bench fuzz
-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d)
