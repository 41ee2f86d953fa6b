/* Privileges and limits. */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <porter/confine.h>

int confine_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; }

static int limit(int which, rlim_t most)
{
  struct rlimit now;
  if (getrlimit(which, &now) < 0) return 0;
  if (now.rlim_max > most) now.rlim_max = most;
  if (now.rlim_cur > now.rlim_max) now.rlim_cur = now.rlim_max;
  return setrlimit(which, &now) == 0;
}

/* As many as there may be: a call that looks into all folders of a mailbox takes three for each. */
static int limit_descriptors(rlim_t most)
{
  struct rlimit now;
  if (getrlimit(RLIMIT_NOFILE, &now) < 0) return 0;
  if (now.rlim_max > most) now.rlim_max = most;
  now.rlim_cur = now.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &now) == 0;
}

int confine_limit(confine_limits const *limits)
{
  return limit(RLIMIT_CORE, 0) && limit(RLIMIT_NPROC, 0) && limit(RLIMIT_CPU, limits->processor) && limit(RLIMIT_DATA, limits->data)
    && limit(RLIMIT_FSIZE, limits->file) && limit_descriptors(limits->descriptors);
}
