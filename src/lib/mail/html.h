/* The text of HTML, in pieces; private to src/lib/mail. */
#ifndef PORTER_MAIL_HTML_H
#define PORTER_MAIL_HTML_H

#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

typedef struct html_s html;
struct html_s {
  sink_func *sink; /* receives the text */
  void *context;
  int mark_quotes; /* put "> " before each line in a blockquote */
  int show_alt;    /* show the alt of pictures */

  int state, closing, equals, space;
  unsigned int quotes, pre, dashes, matched;
  char const *raw; /* the element whose content is skipped up to its end tag */
  char name[16];   /* of a tag, lower case; of a character reference */
  unsigned int name_len;
  char attribute[4], alt[200]; /* of a tag, where alts are shown: the name of an attribute, and what alt is */
  unsigned int attribute_len, alt_len;
  char out[512];
  size_t len;
};
/* Takes valid UTF-8 in pieces of any size; 0 where the sink stopped. Blanks come out folded, except in pre; elements that make
 * a line of their own are set off by LF. The output is valid UTF-8 without NUL. */
extern void html_open(html *h, sink_func *sink, void *context);
extern int html_feed(html *h, char const *s, size_t len);
extern int html_finish(html *h);
/* html_feed as a sink: context is the html. */
extern int html_sink(void *context, char const *s, size_t len);

/* The charset that HTML, of which these are the first octets, says it is in; null where it says none. Looks at HTML_PRESCAN octets. */
#define HTML_PRESCAN 1024
extern charset const *html_charset(char const *s, size_t len);
/* What the character reference stands for, given without & and semicolon; 0 where it is none. */
extern uint32_t html_reference(char const *name);

#endif
