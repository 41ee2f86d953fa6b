/* Bounds: places in a sorted folder, as responses name them and as clients make them of what they saw of a mail.
 *
 *   the mail id   param                                          the place
 *   is there      whatever it is                                 the mail's own
 *   has gone      number orders: a number (or a time) that is    that of a mail with that key and that mid
 *                 text orders: any text, also an empty one       likewise
 *                 number orders: anything else                   NO_SUCH_MAIL */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>

Porter__Bound *bound_build(arena *a, enum order_by by, order_key const *k)
{
  char param[ORDER_TEXT_MAX + 1];
  Porter__Bound *b = arena_take(a, sizeof *b);
  slice mid;
  if (!b || !mail_mid(a, k->mail, &mid)) return NULL;
  *b = (Porter__Bound)PORTER__BOUND__INIT;
  b->param = build_string(a, (slice){ param, order_key_param(param, by, k) });
  b->id = build_string(a, mid);
  return b->param && b->id ? b : NULL;
}

/* The place of a mail that is there: 1, or 0 with errno, ENOENT where it has just gone. */
static int own_place(folder *f, mail_entry *e, enum order_by by, arena *a, order_key *k)
{
  static unsigned int const fact_of[] = { [ORDER_DATE] = FACT_DATE,
    [ORDER_SIZE] = FACT_SIZE,
    [ORDER_SENDER] = FACT_SENDER,
    [ORDER_SUBJECT] = FACT_SUBJECT,
    [ORDER_ARRIVAL] = FACT_ARRIVAL,
    [ORDER_BASE] = 0 };
  mail_facts facts;
  *k = (order_key){ .mail = e };
  if (!folder_facts(f, e, fact_of[by], a, &facts)) return 0;
  switch (by) {
  case ORDER_DATE: k->number = facts.date; break;
  case ORDER_SIZE: k->number = (int64_t)facts.size; break;
  case ORDER_ARRIVAL: k->number = facts.arrival; break;
  case ORDER_SENDER: k->text = facts.sender; break;
  case ORDER_SUBJECT: k->text = facts.subject; break;
  case ORDER_BASE: break;
  }
  return 1;
}

int bound_date(method_call *call, enum order_by by, int descending, char const *text, order_key *k)
{
  int64_t seconds;
  int code;
  if (by != ORDER_DATE && by != ORDER_ARRIVAL)
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "a date is no place in this order:", slice_of(text), 0);
  code = method_date(call, text, &seconds);
  if (code != EXIT_DONE) return code;
  if (!order_key_bound(k, by, call->a, (slice){ "0", 1 }, (slice){ "", 0 })) return method_temporary(call, "take memory");
  /* Newest first: what is of that second still is not before it. */
  k->number = seconds + descending;
  return EXIT_DONE;
}

int bound_place(method_call *call, folder *f, enum order_by by, Porter__Bound const *b, order_key *k)
{
  slice param = slice_of(b->param), id = slice_of(b->id);
  mail_entry *e = id.len ? folder_find(f, id) : (errno = ENOENT, NULL);
  if (e && own_place(f, e, by, call->a, k)) return EXIT_DONE;
  if (errno != ENOENT) return method_temporary(call, "read folder");
  if (order_key_bound(k, by, call->a, param, id)) return EXIT_DONE;
  if (errno != EINVAL) return method_temporary(call, "take memory");
  return method_fail(call, PORTER__ERROR__CODE__NO_SUCH_MAIL, "no such mail, nor a place in this order:", id, 0);
}
