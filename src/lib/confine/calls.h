/* The tables of calls.c: src/gen/call_filters.c makes the filters of them that seccomp.c gives to the kernel, so no program has them itself. */
#ifndef CONFINE_CALLS_H
#define CONFINE_CALLS_H

#include <stddef.h>

/* Conditions on arguments, where a call is not allowed altogether. */
enum call_check {
  CHECK_NONE,
  CHECK_NO_EXEC, /* mmap: memory that cannot be run */
  CHECK_NO_PATH, /* utimensat: an open file, no path */
  CHECK_SELF,    /* tgkill: this process */
  CHECK_FLAGS,   /* fcntl: descriptors and flags, not who is sent signals */
  CHECK_OWN,     /* fcntl: likewise, but not the flags that whoever else has it open shares */
  CHECK_FIFO,    /* mknodat: a fifo */
  CHECK_UNREAD   /* ioctl: how many octets can be read */
};
typedef struct call_rule_s call_rule;
struct call_rule_s {
  int number; /* SYS_... */
  enum call_check check;
};
typedef struct calls_s calls;
struct calls_s {
  call_rule const *call;
  size_t n;
};
enum calls_of {
  CALLS_OF_MAILBOX,
  CALLS_OF_READER,
  CALLS_OF_WRITER,
  CALLS_OF_WATCHER,
  CALLS_OF_TRANSLATOR,
  CALLS_OF_BUS,
  CALLS_OF_CLIENT,
  CALLS_TABLES
};

extern calls const calls_tables[CALLS_TABLES];

/* Stands in a filter for the number of the process. */
#define CALLS_SELF 0x73656c66u

/* From now on every call that is not in the table ends the process: a line on standard error says which it was, and the exit code is
 * EXIT_TEMPORARY. */
extern int confine_calls(enum calls_of program);

#endif
