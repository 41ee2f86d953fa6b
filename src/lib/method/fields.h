/* Fields that a client asks for by name, in the form that it wants. */
#ifndef PORTER_FIELDS_H
#define PORTER_FIELDS_H

#include <porter/method.h>

typedef struct field_asks_s field_asks;
struct field_asks_s {
  Porter__FieldAsk *const *ask;
  size_t count;
  int all; /* every field besides, raw */
};
/* The values of what is asked of part i, in the order of the asks; with parts, of those alone that ask of every part. 0 where memory fails. */
extern int fields_build(arena *a, field_asks const *asks, mime_tree const *tree, size_t i, int parts, Porter__FieldValue ***out, size_t *count);
/* EXIT_DONE, or the failure that was answered. */
extern int fields_check(method_call *call, field_asks const *asks);

/* The tree of a mail without bodies, with sizes and what is asked of every part. */
extern Porter__Mail *build_tree(arena *a, mime_tree const *tree, field_asks const *asks);

#endif
