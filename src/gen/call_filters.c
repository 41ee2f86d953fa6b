/* Makes call_filters.h: for each table of src/lib/confine/calls.c the filter that seccomp(2) wants. What is allowed in any case is a bit in a word
 * of 32 calls. Every jump goes forward.
 *
 *   copy                                                         (see below)
 *   load arch; another: end
 *   load number
 *   a call whose argument is looked at: its check                (one for each)
 *   X = its bit
 *   A = its word                                                 (one for each that is not empty; another: end)
 *   A & X ?  allow : end
 *   check   load argument; right ?  allow : end                  (one for each kind)
 *   allow
 *   end
 *
 * What it costs, once for each process (57 us as a search tree, 33 as it is, 13 where nothing but "allow" is in it): the kernel translates it,
 * which is the length; and Linux 5.11 and newer work out which calls it allows in any case, so as not to ask it about those again, by stepping
 * through it for each number of two kinds of processes: 900 times, 2.3 us a step. It gives up at what it does not step through, such as a copy.
 * Being asked costs 10 ns a call. */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../lib/confine/calls.h"

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH
#define WORDS 16       /* numbers below 512 */
#define FILTER_MAX 255 /* a jump goes no further */
#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))
/* The halves of an argument; both kinds of processor have the low one first. */
#define LOW(i) ((uint32_t)(FIELD(args) + 8 * (i)))
#define HIGH(i) (LOW(i) + 4)

/* Actions, and enum call_check's but CHECK_NONE between them. As targets of a jump they are below 0. */
#define END (-1)
#define ALLOW (-2)
#define CHECK(check) (-2 - (int)(check))
#define ACTIONS (2 + CHECK_UNREAD)

typedef struct filter_s filter;
struct filter_s {
  struct sock_filter s[FILTER_MAX];
  int yes[FILTER_MAX], no[FILTER_MAX]; /* targets: an instruction, or an action */
  int action[ACTIONS + 1];             /* where -n begins */
  int n;
};

static int put(filter *f, uint16_t code, uint32_t k, int yes, int no)
{
  if (f->n == FILTER_MAX) return f->n;
  f->s[f->n] = (struct sock_filter){ code, 0, 0, k };
  f->yes[f->n] = yes;
  f->no[f->n] = no;
  return f->n++;
}

static void load(filter *f, uint32_t at) { put(f, BPF_LD | BPF_W | BPF_ABS, at, 0, 0); }

/* A jump to one of two targets. */
static void branch(filter *f, uint16_t test, uint32_t k, int yes, int no) { put(f, BPF_JMP | test | BPF_K, k, yes, no); }

/* A bit for each number that is allowed. */
static int words(uint32_t *word, call_rule const *call, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (call[i].number < 0 || call[i].number / 32 >= WORDS) return 0;
    if (call[i].check == CHECK_NONE) word[call[i].number / 32] |= (uint32_t)1 << call[i].number % 32;
  }
  return 1;
}

/* With the number in A: its bit in X, then the word, which is compared with each that has some. */
static void look_up(filter *f, uint32_t const *word)
{
  int some = 0, test;
  put(f, BPF_ALU | BPF_AND | BPF_K, 31, 0, 0);
  put(f, BPF_MISC | BPF_TAX, 0, 0, 0);
  put(f, BPF_LD | BPF_IMM, 1, 0, 0);
  put(f, BPF_ALU | BPF_LSH | BPF_X, 0, 0, 0);
  put(f, BPF_MISC | BPF_TAX, 0, 0, 0);
  load(f, FIELD(nr));
  put(f, BPF_ALU | BPF_RSH | BPF_K, 5, 0, 0);
  for (uint32_t i = 0; i < WORDS; i++) some += word[i] != 0;
  test = f->n + 3 * some + 1;
  for (uint32_t i = 0; i < WORDS; i++) {
    if (!word[i]) continue;
    branch(f, BPF_JEQ, i, f->n + 1, f->n + 3);
    put(f, BPF_LD | BPF_IMM, word[i], 0, 0);
    put(f, BPF_JMP | BPF_JA, 0, test, 0);
  }
  branch(f, BPF_JEQ, ~0u >> 5, ALLOW, END); /* no call at all: what a tracer that makes one fail puts in its place */
  put(f, BPF_JMP | BPF_JSET | BPF_X, 0, ALLOW, END);
}

static int has(calls const *table, enum call_check check)
{
  for (size_t i = 0; i < table->n; i++)
    if (table->call[i].check == check) return 1;
  return 0;
}

/* Where the check begins, of an argument's half. */
static void begin(filter *f, enum call_check check, uint32_t argument)
{
  f->action[-CHECK(check)] = f->n;
  load(f, argument);
}

static void actions(filter *f, calls const *table)
{
  if (has(table, CHECK_NO_EXEC)) {
    begin(f, CHECK_NO_EXEC, LOW(2));
    branch(f, BPF_JSET, PROT_EXEC, END, ALLOW);
  }
  if (has(table, CHECK_NO_PATH)) {
    begin(f, CHECK_NO_PATH, LOW(1));
    branch(f, BPF_JEQ, 0, f->n + 1, END);
    load(f, HIGH(1));
    branch(f, BPF_JEQ, 0, ALLOW, END);
  }
  if (has(table, CHECK_SELF)) {
    begin(f, CHECK_SELF, LOW(0));
    branch(f, BPF_JEQ, CALLS_SELF, ALLOW, END);
  }
  if (has(table, CHECK_FLAGS)) {
    begin(f, CHECK_FLAGS, LOW(1));
    branch(f, BPF_JEQ, F_DUPFD_CLOEXEC, ALLOW, f->n + 1);
    branch(f, BPF_JGT, F_SETFL, END, ALLOW);
  }
  if (has(table, CHECK_OWN)) {
    begin(f, CHECK_OWN, LOW(1));
    branch(f, BPF_JEQ, F_DUPFD_CLOEXEC, ALLOW, f->n + 1);
    branch(f, BPF_JGT, F_GETFL, END, ALLOW);
  }
  if (has(table, CHECK_FIFO)) {
    begin(f, CHECK_FIFO, LOW(2));
    put(f, BPF_ALU | BPF_AND | BPF_K, S_IFMT, 0, 0);
    branch(f, BPF_JEQ, S_IFIFO, ALLOW, END);
  }
  if (has(table, CHECK_UNREAD)) {
    begin(f, CHECK_UNREAD, LOW(1));
    branch(f, BPF_JEQ, FIONREAD, ALLOW, END);
  }
  f->action[-ALLOW] = put(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  f->action[-END] = put(f, BPF_RET | BPF_K, SECCOMP_RET_TRAP, 0, 0);
}

/* Targets become distances. */
static void resolve(filter *f)
{
  for (int i = 0; i < f->n; i++) {
    if (BPF_CLASS(f->s[i].code) != BPF_JMP) continue;
    if (f->s[i].code == (BPF_JMP | BPF_JA)) {
      f->s[i].k = (uint32_t)(f->yes[i] - i - 1);
      continue;
    }
    f->s[i].jt = (uint8_t)((f->yes[i] < 0 ? f->action[-f->yes[i]] : f->yes[i]) - i - 1);
    f->s[i].jf = (uint8_t)((f->no[i] < 0 ? f->action[-f->no[i]] : f->no[i]) - i - 1);
  }
}

static int build(filter *f, calls const *table)
{
  uint32_t word[WORDS] = { 0 };
  f->n = 0;
  if (!words(word, table->call, table->n)) return 0;
  put(f, BPF_MISC | BPF_TAX, 0, 0, 0);
  load(f, FIELD(arch));
  branch(f, BPF_JEQ, ARCH, f->n + 1, END);
  load(f, FIELD(nr));
  for (size_t i = 0; i < table->n; i++)
    if (table->call[i].check != CHECK_NONE) branch(f, BPF_JEQ, (uint32_t)table->call[i].number, CHECK(table->call[i].check), f->n + 1);
  look_up(f, word);
  actions(f, table);
  resolve(f);
  return f->n < FILTER_MAX;
}

int main(void)
{
  static filter f;
  int at[CALLS_TABLES + 1] = { 0 };
  puts("static struct sock_filter const call_filters[] = {");
  for (int i = 0; i < CALLS_TABLES; i++) {
    if (!build(&f, calls_tables + i)) return fputs("call_filters: fatal: a table is too long\n", stderr), 1;
    for (int k = 0; k < f.n; k++) printf("  { %d, %d, %d, 0x%x },\n", f.s[k].code, f.s[k].jt, f.s[k].jf, f.s[k].k);
    at[i + 1] = at[i] + f.n;
  }
  puts("};\nstatic short const call_filter_at[] = {");
  for (int i = 0; i <= CALLS_TABLES; i++) printf("  %d,\n", at[i]);
  printf("};\n#define CALL_FILTER_MAX %d\n", FILTER_MAX);
  return 0;
}
#else
int main(void) { return 0; }
#endif
