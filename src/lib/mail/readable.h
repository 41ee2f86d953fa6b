/* The text of a part as people read it; private to src/lib/mail. */
#ifndef PORTER_MAIL_READABLE_H
#define PORTER_MAIL_READABLE_H

#include "html.h"
#include "private.h"

/* How a text part is read: HTML also where it is labelled as plain text, but begins with one of its tags and closes one. */
enum text_kind { TEXT_PLAIN, TEXT_HTML, TEXT_ENRICHED };
extern enum text_kind text_kind(mime_part const *part);
/* Its text without markup, in pieces. 0 where the sink stopped. */
enum { READ_QUOTES = 1, READ_ALT = 2 }; /* with "> " before quoted lines of HTML; with what stands for pictures */
extern int text_read(mime_part const *part, enum text_kind kind, int how, sink_func *sink, void *context);
/* A multipart whose parts were not found holds text: that as a part. 0 where it is none such. */
extern int lone_text(mime_part const *multipart, mime_part *text);

#endif
