/* Which system calls each program may make once it is confined. Each has its reason; what has none is not here: nothing that runs a program or
 * starts a process, no socket, no other process's memory or signals, no memory that can be run, no change of owner, mode or name of a
 * path by which something outside could be meant. */
#include <sys/syscall.h>

#include "calls.h"

#define CALL(name) \
  { \
    SYS_##name, CHECK_NONE \
  }
#define CALL_IF(name, check) \
  { \
    SYS_##name, check \
  }

/* What every program of ours makes, whatever it does. */
#define ANY \
  CALL(read), CALL(write), CALL(close),                                                 /* octets */ \
    CALL(exit_group),                                                                   /* the end */ \
    CALL(brk), CALL(munmap), CALL(mremap), CALL_IF(mmap, CHECK_NO_EXEC), CALL(madvise), /* memory: malloc, and files that are mapped */ \
    CALL(rt_sigreturn), CALL(rt_sigaction), CALL(rt_sigprocmask),     /* a handler has run; SIGALRM for a line that nobody takes (say.c) */ \
    CALL(setitimer), POLL,                                            /* likewise */ \
    CALL(getpid), CALL(gettid), CALL_IF(tgkill, CHECK_SELF),          /* abort, of a stack that was written over */ \
    CALL(clock_gettime), CALL(clock_nanosleep), CALL(restart_syscall) /* the time, where the kernel gives it no other way; waiting */

/* Newer kinds of processors have only the second of these. */
#ifdef SYS_poll
#define POLL CALL(poll), CALL(ppoll)
#else
#define POLL CALL(ppoll)
#endif

/* What time(3) makes where the kernel has no vDSO; newer kinds of processors have only clock_gettime. */
#ifdef SYS_time
#define TIME CALL(time),
#else
#define TIME
#endif

/* maildir-op, whatever the method. */
#define MAILBOX \
  ANY, TIME CALL(openat), CALL(dup),                              /* every file and directory, relative to one that is open */ \
    CALL(pread64), CALL(readv), CALL(lseek),                      /* parts of a mail, of an index */ \
    CALL(newfstatat), CALL(fstat), CALL(statx), CALL(faccessat2), /* kind, size, times; whether an index could be written */ \
    CALL(getdents64),                                             /* what is in a directory */ \
    CALL_IF( \
      fcntl, CHECK_OWN), /* what a descriptor is. F_SETOWN would have the kernel send signals, F_SETFL change the log for all who write there */ \
    CALL(writev), CALL(pwrite64), CALL(ftruncate),   /* an answer, an index; a segment of it that was cut off */ \
    CALL(renameat), CALL(renameat2), CALL(unlinkat), /* an index takes its place; Landlock says where */ \
    CALL(flock),                                     /* an index that grows */ \
    CALL(statfs), CALL(fstatfs),                     /* how much room there is */ \
    CALL(landlock_create_ruleset), CALL(landlock_add_rule), CALL(landlock_restrict_self), /* still less (confine_folder) */ \
    CALL(uname), CALL(sysinfo), CALL(geteuid), CALL(getrandom) /* unique names; how much qsort may take; whose an index is; a seed of hashes */

/* A method that looks or reads. Landlock does not stop who changes mode, group or times of what he has open, so here nobody can. */
static call_rule const reader[] = { MAILBOX };

static call_rule const mailbox[] = {
  MAILBOX, CALL(linkat), CALL(mkdirat),                /* changes; Landlock says where */
  CALL(copy_file_range), CALL(sendfile), CALL(splice), /* octets that no process holds: Append */
  CALL(fsync), CALL(sync_file_range),                  /* what was answered is on the disk */
  CALL(fchmod), CALL(fchown),        /* the mailbox's mode and group, for what was made: open files. Paths Landlock would not stop */
  CALL_IF(utimensat, CHECK_NO_PATH), /* a copied mail's time; likewise */
};

/* frame-write: waits, then sends what it caught. */
static call_rule const writer[] = {
  ANY, CALL(wait4), CALL(lseek), CALL(pwrite64), CALL(openat), /* the unnamed file; Landlock says where */
  CALL(sendfile), CALL(pread64), CALL(fallocate),              /* to it, and to the client; what has gone from memory */
};

/* frame-auth: waits, then sends a refusal. */
static call_rule const watcher[] = {
  ANY,
  CALL(wait4),
  CALL(shutdown),
};

/* json-op, varlink-call: wait, then read what was caught, and write it in another form. */
static call_rule const translator[] = {
  ANY, CALL(wait4), CALL(lseek), CALL(pread64), CALL(writev), CALL(ftruncate), CALL(pwrite64), CALL(getrandom), CALL(newfstatat),
  CALL(fstat), /* how long it is; C libraries make either of it */
};

/* Waiting for several descriptors; newer kinds of processors have only the second. */
#ifdef SYS_epoll_wait
#define EPOLL_WAIT CALL(epoll_wait), CALL(epoll_pwait)
#else
#define EPOLL_WAIT CALL(epoll_pwait)
#endif

/* ctlmsg: its client, tor, and the state directory. Connected and accepted are others' work, or done by then. */
static call_rule const bus[] = {
  ANY, EPOLL_WAIT, CALL(epoll_create1), CALL(epoll_ctl), CALL(inotify_init1), CALL(inotify_add_watch), /* who has something for us */
  CALL(openat), CALL(newfstatat), CALL(fstat), CALL(getdents64), CALL(readlinkat),                     /* what is in the state directory */
  CALL(mkdirat), CALL_IF(mknodat, CHECK_FIFO), CALL(symlinkat), CALL(renameat), CALL(unlinkat),        /* changes there; Landlock says where */
  CALL(pread64), CALL(pwrite64), CALL(fallocate),                                                      /* the log */
  CALL(flock), CALL(sched_yield),                                                                      /* its lock */
  CALL(fchmod), CALL(geteuid),    /* a state directory is its account's, and open to nobody else */
  CALL_IF(ioctl, CHECK_UNREAD),   /* how full a fifo is */
  CALL_IF(fcntl, CHECK_FLAGS),    /* descriptors that do not wait, and did before us */
  CALL(shutdown),                 /* the end, to the client and to tor */
  CALL(getrandom), CALL(sysinfo), /* a nonce; how much qsort may take */
};

/* ctlmsg-ask, -info, -listen without a program, -post: a connection and standard output. */
static call_rule const client[] = {
  ANY, CALL(readv), CALL(writev), CALL_IF(fcntl, CHECK_FLAGS), CALL(getrandom), /* a nonce */
};

#define TABLE(name) \
  { \
    name, sizeof name / sizeof *name \
  }
calls const calls_tables[CALLS_TABLES] = { [CALLS_OF_MAILBOX] = TABLE(mailbox),
  [CALLS_OF_READER] = TABLE(reader),
  [CALLS_OF_WRITER] = TABLE(writer),
  [CALLS_OF_WATCHER] = TABLE(watcher),
  [CALLS_OF_TRANSLATOR] = TABLE(translator),
  [CALLS_OF_BUS] = TABLE(bus),
  [CALLS_OF_CLIENT] = TABLE(client) };
