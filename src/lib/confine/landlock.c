/* Landlock (landlock(7), Documentation/userspace-api/landlock.rst): files, network, signals. The C library's headers may be older than the
 * kernel, so what is used of the interface stands here. */
#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <porter/closing.h>
#include <porter/confine.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define VERSION 1u     /* flag of create_ruleset */
#define PATH_BENEATH 1 /* kind of a rule */

/* Rights on files, and since which version of the interface the kernel knows them. */
enum right {
  EXECUTE = 1 << 0,
  WRITE_FILE = 1 << 1,
  READ_FILE = 1 << 2,
  READ_DIR = 1 << 3,
  REMOVE_DIR = 1 << 4,
  REMOVE_FILE = 1 << 5,
  MAKE_CHAR = 1 << 6,
  MAKE_DIR = 1 << 7,
  MAKE_REG = 1 << 8,
  MAKE_SOCK = 1 << 9,
  MAKE_FIFO = 1 << 10,
  MAKE_BLOCK = 1 << 11,
  MAKE_SYM = 1 << 12,
  REFER = 1 << 13,       /* 2: rename and link between directories, which 1 forbids */
  TRUNCATE = 1 << 14,    /* 3 */
  IOCTL_DEVICE = 1 << 15 /* 5 */
};
#define SINCE_1 0x1fffu
#define NETWORK 3u /* 4: bind and connect, TCP */
#define SCOPES 3u  /* 6: abstract sockets, signals */

struct ruleset {
  uint64_t files, network, scopes;
};
struct beneath {
  uint64_t allowed;
  int32_t fd;
} __attribute__((packed));

static uint64_t const granted[] = { [CONFINE_READ] = READ_FILE | READ_DIR,
  [CONFINE_RENEW] = READ_FILE | READ_DIR | MAKE_REG | REMOVE_FILE | REFER,
  [CONFINE_REWRITE] = READ_FILE | WRITE_FILE | TRUNCATE,
  [CONFINE_WRITE] = READ_FILE | READ_DIR | MAKE_REG | REMOVE_FILE | REFER | WRITE_FILE | TRUNCATE | MAKE_DIR | REMOVE_DIR,
  [CONFINE_STATE] = READ_FILE | READ_DIR | MAKE_REG | REMOVE_FILE | WRITE_FILE | MAKE_DIR | MAKE_FIFO | MAKE_SYM };

static uint64_t known(long version)
{
  return SINCE_1 | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0) | (version >= 5 ? IOCTL_DEVICE : 0);
}

static int restrict_to(int ruleset, uint64_t files, confine_place const *place, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    struct beneath rule = { granted[place[i].access] & files, place[i].fd };
    if (syscall(SYS_landlock_add_rule, ruleset, PATH_BENEATH, &rule, 0) < 0) return 0;
  }
  return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}

int confine_files(confine_place const *place, size_t n)
{
  long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION);
  if (version < 0) return 0;
  for (size_t i = 0; i < n; i++)
    if (version < 2 && place[i].access != CONFINE_READ) return errno = EOPNOTSUPP, 0;
  struct ruleset rules = { known(version), version >= 4 ? NETWORK : 0, version >= 6 ? SCOPES : 0 };
  size_t size = version >= 6 ? sizeof rules : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
  if (ruleset < 0) return 0;
  return close_keeping(ruleset, restrict_to(ruleset, rules.files, place, n));
}
