/* What the files of the tree of parts share, and how much of a mail they read at most. */
#ifndef PORTER_MIME_PRIVATE_H
#define PORTER_MIME_PRIVATE_H

#include "private.h"

#define PARTS_MAX 10000                     /* as in Dovecot; the rest is epilogue. Keeps the tree below 8 MB */
#define BOUNDARY_MAX 1000                   /* a longer line is no legal one (RFC 5322 2.1.1) */
#define DECODED_MAX(len) (2 * (len) + 1024) /* octets that are decoded of a message of len: more is made to hurt */
#define CR_ONLY_MAX (64u << 20)             /* a larger mail with CR alone is left as it is: none is known, and all of it is copied */

/* What the type says, whatever the part was opened as. */
extern int is_multipart(mime_part const *part);
extern int is_message(mime_part const *part);
/* The word of the head's Content-Transfer-Encoding, in the head; empty where there is none. */
extern slice mime_encoding_of(mime_part const *part);

/* Sets what the fields of part->head say, as far as it is in the part. digest: it is one of a multipart/digest. *boundary: that of a
 * multipart, in the head or the arena; empty where it has none. 0 where memory fails. */
extern int mime_fields_read(arena *a, mime_part *part, int digest, slice *boundary);
/* Reads those file names again that are in octets which no charset explained, as all that the messages declare is in the tree now.
 * 0 where memory fails. */
extern int mime_fields_again(arena *a, mime_tree *tree);

/* Both say whether a part, whose end is known, is to be read on from other octets than it was: 1, 0, or -1 where memory fails. What they
 * decode is in the arena, and no more than *left, from which they take it. Where base64 is none, the part's encoding is none after.
 *
 * A leaf, with its body. may_open: the tree has room for what is in it. With 1 it has become a message, which *content is. */
extern int mime_apart_leaf(arena *a, mime_part *part, int may_open, size_t *left, slice *content);
/* A multipart that has ended before its first boundary line. *body: what it holds; with 1, what is to be read. *boundary: the one that it
 * declares; with 1, the one that it has. *guessed is set where what it declares did not count. */
extern int mime_apart_lost(arena *a, mime_part *part, size_t *left, slice *body, slice *boundary, int *guessed);

#endif
