/* Any octets as a head: fields lie inside it, and a shorter input has no other ones before its end. */
#include <porter/mail.h>

#include "check.h"

static int count(void *context, char const *s, size_t len)
{
  (void)s;
  (void)len;
  ++*(size_t *)context;
  return 1;
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t len)
{
  char const *s = (char const *)data;
  mail_head head, less;
  size_t n;
  mail_head_scan(&head, s, len);
  check(head.body <= len);
  for (int i = 0; i < FIELD_COUNT; i++) {
    if (!head.field[i].s) continue;
    check(head.field[i].s > s && head.field[i].s + head.field[i].len <= s + head.body);
    n = 0;
    mail_field_each(s, len, (enum mail_field)i, &count, &n);
    check(n > 0);
  }
  if (head.complete) {
    /* The head says itself where it ends. */
    mail_head_scan(&less, s, head.body);
    for (int i = 0; i < FIELD_COUNT; i++)
      check(less.field[i].s == head.field[i].s && less.field[i].len == head.field[i].len);
  }
  return 0;
}
