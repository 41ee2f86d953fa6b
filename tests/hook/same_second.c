/* maildir-op that gives dovecot-keywords the time at which it wrote it: what the storm of keywords must catch, as Dovecot reads the file again
 * only where the second is another. */
#include <porter/deliver.h>

static int written_now(delivery *d, mode_t mode, struct timespec const *times)
{
  struct timespec now[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_NOW } };
  (void)times;
  return mailbox_deliver_written(d, mode, now);
}

#define mailbox_deliver_written written_now
#include "../../src/lib/maildir/keywords.c"
#undef mailbox_deliver_written
#include "../../src/maildir/maildir-op.c"
