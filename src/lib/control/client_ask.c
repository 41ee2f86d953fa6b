/* A question to a controller, and his answer. */
#include <string.h>

#include <porter/control_client.h>
#include <porter/control_message.h>

#define WORD(s) \
  { \
    s, sizeof s - 1 \
  }

/* The first message from there to us. */
static int wait_for(control_client *c, slice from, slice to, control_message *m, tain const *deadline)
{
  for (;;) {
    control_line line;
    if (!control_client_line(c, &line, deadline)) return c->timed_out ? control_client_broken(c, "no answer came in time") : 0;
    if (line.status != 650) return control_client_broken(c, "the server sent a reply to nothing");
    if (line.kind != CONTROL_END || !control_message_parse(m, line.text)) continue;
    if (slice_same(m->from, from) && slice_same(m->to, to)) return 1;
  }
}

int control_question(control_client *c, char const *name, slice to, slice text, unsigned int seconds, control_message *answer)
{
  slice const post[] = { WORD("POSTMESSAGE @"), to, WORD(" "), text };
  tain now, deadline = TAIN_INFINITE_RELATIVE;
  /* Events first: what is posted to a name that does not listen yet comes as none. */
  if (!control_client_ask(c, &(slice)WORD("SETEVENTS POSTMESSAGE"), 1, NULL, NULL) || !control_client_name(c, name, NULL, NULL)) return 0;
  if (!control_client_ask(c, post, sizeof post / sizeof *post, NULL, NULL)) return 0;
  if (seconds) tain_uint(&deadline, seconds);
  tain_now(&now);
  tain_add(&deadline, &now, &deadline);
  return wait_for(c, to, slice_of(name), answer, &deadline);
}
