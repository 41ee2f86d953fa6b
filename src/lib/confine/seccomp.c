/* System calls: a table becomes a filter (seccomp(2)). The numbers are cut into stretches of one action each: allow, end, or look at an argument.
 * A search tree over where stretches begin leads to the actions, which stand behind it, so that every jump goes forward. The kernel asks the
 * filter about each of its 450 calls when it takes it, and translates it: depth and length are what it costs, once for each process.
 *
 *   load arch; another: end
 *   load number
 *   node    number >= where a stretch begins ?  right : left     (a node, or an action)
 *   check   load argument; right ?  allow : end                  (one for each kind)
 *   allow
 *   end
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <syscall_names.h>
#include <porter/confine.h>
#include <porter/exit.h>

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH
#define STRETCHES_MAX (2 * CONFINE_CALLS_MAX + 2)
#define FILTER_MAX 255 /* a jump goes no further */
#define FIELD(name) ((uint32_t)offsetof(struct seccomp_data, name))
/* The halves of an argument; both kinds of processor have the low one first. */
#define LOW(i) ((uint32_t)(FIELD(args) + 8 * (i)))
#define HIGH(i) (LOW(i) + 4)

/* Actions, and enum confine_check's but CHECK_NONE between them. As targets of a jump they are below 0. */
#define END (-1)
#define ALLOW (-2)
#define CHECK(check) (-2 - (int)(check))
#define ACTIONS (2 + CHECK_UNREAD)

typedef struct stretch_s stretch;
struct stretch_s {
  uint32_t from;
  int action;
};

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

static size_t stretches(stretch *to, confine_call const *call, size_t n)
{
  size_t count = 0;
  uint32_t next = 0; /* where the last stretch ends */
  int last = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t number = (uint32_t)call[i].number;
    int action = call[i].check == CHECK_NONE ? ALLOW : CHECK(call[i].check);
    if (number > next || !i) to[count++] = (stretch){ next, last = END };
    if (number == 0) count = 0;
    if (action != last) to[count++] = (stretch){ number, action };
    last = action;
    next = number + 1;
  }
  to[count++] = (stretch){ next, END };
  to[count++] = (stretch){ ~0u, ALLOW }; /* no call at all: what a tracer that makes one fail puts in its place */
  return count;
}

/* Returns the target that stands for these stretches. Depth: the logarithm of their number. */
static int tree(filter *f, stretch const *part, size_t n)
{
  if (n == 1) return part->action;
  int node = put(f, BPF_JMP | BPF_JGE | BPF_K, part[n / 2].from, 0, 0);
  int no = tree(f, part, n / 2), yes = tree(f, part + n / 2, n - n / 2);
  if (node < FILTER_MAX) f->no[node] = no, f->yes[node] = yes;
  return node;
}

static void actions(filter *f)
{
  f->action[-CHECK(CHECK_NO_EXEC)] = f->n;
  load(f, LOW(2));
  branch(f, BPF_JSET, PROT_EXEC, END, ALLOW);
  f->action[-CHECK(CHECK_NO_PATH)] = f->n;
  load(f, LOW(1));
  branch(f, BPF_JEQ, 0, f->n + 1, END);
  load(f, HIGH(1));
  branch(f, BPF_JEQ, 0, ALLOW, END);
  f->action[-CHECK(CHECK_SELF)] = f->n;
  load(f, LOW(0));
  branch(f, BPF_JEQ, (uint32_t)getpid(), ALLOW, END);
  f->action[-CHECK(CHECK_FLAGS)] = f->n;
  load(f, LOW(1));
  branch(f, BPF_JEQ, F_DUPFD_CLOEXEC, ALLOW, f->n + 1);
  branch(f, BPF_JGT, F_SETFL, END, ALLOW);
  f->action[-CHECK(CHECK_FIFO)] = f->n;
  load(f, LOW(2));
  put(f, BPF_ALU | BPF_AND | BPF_K, S_IFMT, 0, 0);
  branch(f, BPF_JEQ, S_IFIFO, ALLOW, END);
  f->action[-CHECK(CHECK_UNREAD)] = f->n;
  load(f, LOW(1));
  branch(f, BPF_JEQ, FIONREAD, ALLOW, END);
  f->action[-ALLOW] = put(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  f->action[-END] = put(f, BPF_RET | BPF_K, SECCOMP_RET_TRAP, 0, 0);
}

/* Targets become distances. 0 where the filter is too long. */
static int resolve(filter *f)
{
  if (f->n == FILTER_MAX) return 0;
  for (int i = 0; i < f->n; i++) {
    if (BPF_CLASS(f->s[i].code) != BPF_JMP) continue;
    f->s[i].jt = (uint8_t)((f->yes[i] < 0 ? f->action[-f->yes[i]] : f->yes[i]) - i - 1);
    f->s[i].jf = (uint8_t)((f->no[i] < 0 ? f->action[-f->no[i]] : f->no[i]) - i - 1);
  }
  return 1;
}

/* call is sorted. */
static int build(filter *f, confine_call const *call, size_t n)
{
  stretch part[STRETCHES_MAX];
  f->n = 0;
  load(f, FIELD(arch));
  branch(f, BPF_JEQ, ARCH, 2, END);
  load(f, FIELD(nr));
  tree(f, part, stretches(part, call, n));
  actions(f);
  return resolve(f);
}

static int compare(void const *a, void const *b)
{
  confine_call const *left = a, *right = b;
  return (left->number > right->number) - (left->number < right->number);
}

static void number_to(char *s, int number) { s[uint_fmt(s, (unsigned int)number)] = 0; }

/* Which call it was; then the end. */
static void forbidden(int sig, siginfo_t *info, void *context)
{
  char number[UINT_FMT + 1], s[160] = "";
  char const *name = number;
  (void)sig;
  (void)context;
  number_to(number, info->si_syscall);
  for (size_t i = 0; i < sizeof syscall_names / sizeof *syscall_names; i++)
    if (syscall_names[i].number == info->si_syscall) name = syscall_names[i].name;
  strncat(s, PROG, 64);
  strcat(s, ": fatal: system call ");
  strcat(s, name);
  strcat(s, " is not allowed\n");
  if (write(2, s, strlen(s)) < 0) _exit(EXIT_TEMPORARY);
  _exit(EXIT_TEMPORARY);
}

int confine_calls(confine_call const *call, size_t n)
{
  confine_call sorted[CONFINE_CALLS_MAX];
  struct sigaction action = { .sa_sigaction = forbidden, .sa_flags = SA_SIGINFO };
  sigset_t set;
  static filter f;
  if (!n || n > CONFINE_CALLS_MAX) return errno = E2BIG, 0;
  memcpy(sorted, call, n * sizeof *call);
  qsort(sorted, n, sizeof *sorted, compare);
  if (!build(&f, sorted, n)) return errno = E2BIG, 0;
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  if (sigaction(SIGSYS, &action, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &set, NULL) < 0) return 0;
  struct sock_fprog program = { (unsigned short)f.n, f.s };
  /* Nothing secret is behind speculation here: without the flag, older kernels slow the whole process down. */
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0) return 1;
  return errno == EINVAL && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}
#else
int confine_calls(confine_call const *call, size_t n)
{
  (void)call, (void)n;
  return errno = ENOSYS, 0;
}
#endif
