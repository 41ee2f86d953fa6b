# What only tests, fuzzing and benchmarks build: one program for each tests/{unit,stub,fuzz,bench}/NAME.c.
TEST = @mkdir -p $(@D); $(COMPILE) $(LDFLAGS)

UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
STUBS := $(patsubst tests/stub/%.c,$(B)/stub/%,$(wildcard tests/stub/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))
# The fuzz targets with a main that feeds them files: what fuzzing found is run by the tests.
REPLAYS := $(patsubst $(B)/fuzz/%,$(B)/replay/%,$(FUZZERS))

# Programs with one rule of the library taken out: the test that guards the rule must see it.
HOOKS := $(patsubst tests/hook/%.c,$(B)/hook/%,$(wildcard tests/hook/*.c))

# Search as it is where char has no sign (arm64).
HOOKS += $(B)/hook/search-unsigned
REFUSE := $(wildcard src/lib/mail/refuse*.c)

units: $(UNITS) $(STUBS) $(REPLAYS) $(HOOKS)
$(B)/hook/search-unsigned: tests/unit/search.c $(REFUSE) $(LIBRARY)
	$(TEST) -funsigned-char -Isrc/lib/mail -o $@ $^ $(DYNAMIC_LDLIBS)
$(B)/hook/%: tests/hook/%.c $(LIBRARY)
	$(TEST) -o $@ $^ $(DYNAMIC_LDLIBS)
$(B)/unit/%: tests/unit/%.c tests/unit/tap.h $(LIBRARY)
	$(TEST) -o $@ $(filter-out %.h,$^) $(DYNAMIC_LDLIBS)
$(B)/stub/%: tests/stub/%.c $(LIBRARY)
	$(TEST) -o $@ $^ $(DYNAMIC_LDLIBS)
$(B)/replay/%: tests/fuzz/%.c tests/fuzz/replay/main.c $(LIBRARY)
	$(TEST) -o $@ $^ $(DYNAMIC_LDLIBS)
$(B)/bench/%: tests/bench/%.c $(LIBRARY)
	$(TEST) -o $@ $^ $(DYNAMIC_LDLIBS)

# Mailboxes for benchmarks, made once: 10,000 mails of 20 KB; 1,000, 100,000 and a million of 2.5 KB.
$(B)/bench/m10k: BOX = 10000
$(B)/bench/m1k: BOX = 1000 small
$(B)/bench/m100k: BOX = 100000 small
$(B)/bench/m1m: BOX = 1000000 small
$(addprefix $(B)/bench/,m1k m10k m100k m1m): | $(B)/bench/mailbox
	rm -rf $@ $@.new && $(B)/bench/mailbox $@.new $(BOX) && mv $@.new $@

# Each target for FUZZ_SECONDS, all of it built by clang with libFuzzer.
FUZZ_SECONDS := 60
fuzzers: $(FUZZERS)
$(B)/fuzz/%: tests/fuzz/%.c $(LIBRARY)
	$(subst fuzzer-no-link,fuzzer,$(TEST)) -o $@ $^ $(DYNAMIC_LDLIBS)
fuzz:
	$(MAKE) B=build/fuzz CC='clang -std=c11 -O1 -g' SANITIZE=fuzzer-no-link,address,undefined fuzzers
	tests/fuzz/run build/fuzz $(FUZZ_SECONDS)

# For so many seconds: porter on one Maildir beside Dovecot, mbsync, mblaze, Python's mailbox, 20 clients and kill -9.
SOAK_SECONDS := 300
soak: all units
	B=$(B) tests/soak/run $(SOAK_SECONDS)
.PHONY: soak

# Failures of power, on the disk of a qemu guest: so many calls, so many failures (0: at each write). Says what it lacks.
POWER_CALLS := 200
POWER_POINTS := 200
power: all units
	B=$(B) tests/power/run $(POWER_CALLS) $(POWER_POINTS) || [ $$? = 99 ]
.PHONY: power

# Two hosts on one mailbox by NFS, in a qemu guest, for so long; likewise.
NFS_SECONDS := 120
nfs: all $(B)/hook/another_host
	B=$(B) tests/nfs/run $(NFS_SECONDS) || [ $$? = 99 ]
.PHONY: nfs
