/* Reading mail: the head, the MIME tree, and what a part holds (RFC 5322, 2045 to 2047, 2231; doc/differences says
 * where porter goes its own way). Nothing here copies a message: slices point into the caller's memory or the arena,
 * and stay valid as long as both do. Nothing recurses; everything is linear in the input.
 * Where a function returns int, 1 is success and 0 is failure of memory (errno ENOMEM): no input is an error. */
#ifndef PORTER_MAIL_H
#define PORTER_MAIL_H

#include <stdint.h>

#include <porter/arena.h>
#include <porter/slice.h>
#include <porter/text.h>

/* --- the head (RFC 5322 2.2, 3.6) --- */

/* The fields that porter reads. The first of repeated ones counts, but for Comments and Keywords, and for the lists To, Cc, Bcc and
 * Reply-To, which are joined (mail_address_fields). */
enum mail_field {
  FIELD_FROM,
  FIELD_SENDER,
  FIELD_REPLY_TO,
  FIELD_TO,
  FIELD_CC,
  FIELD_BCC,
  FIELD_SUBJECT,
  FIELD_DATE,
  FIELD_MESSAGE_ID,
  FIELD_IN_REPLY_TO,
  FIELD_REFERENCES,
  FIELD_COMMENTS,
  FIELD_KEYWORDS,
  FIELD_CONTENT_TYPE,
  FIELD_CONTENT_DISPOSITION,
  FIELD_CONTENT_ENCODING,
  FIELD_CONTENT_ID,
  FIELD_CONTENT_LOCATION,
  FIELD_CONTENT_LANGUAGE,
  FIELD_COUNT
};

typedef struct mail_head_s mail_head;
struct mail_head_s {
  slice field[FIELD_COUNT]; /* the raw value behind the colon, folded, without its final line end; s is null where there is none */
  size_t body;              /* where the body begins, from the start of the message; its length where there is no body */
  int complete;             /* the end of the head was seen: more input would not change it */
  uint32_t repeated;        /* a bit for each field that is there more than once */
};

/* Finds the fields of the head at the start of the len octets of s. Takes no memory: lists call it for every mail. */
extern void mail_head_scan(mail_head *head, char const *s, size_t len);
/* Finds the first field of that kind, and reads no further: value is as in mail_head. 1 found, 0 the head has none (value.s is
 * null), -1 more of the message than these len octets has to be seen, which is never so where they are the whole of it. */
extern int mail_head_find(slice *value, enum mail_field which, char const *s, size_t len, int whole);
/* Calls each with every field of this name (such as FIELD_COMMENTS), in order. Returns what each returned last, or 1. */
#define MAIL_FIELD_EACH_MAX 1000 /* fields that are given; a response has to be sent, and nobody writes more */
extern int mail_field_each(char const *s, size_t len, enum mail_field which, sink_func *each, void *context);

/* --- raw octets of fields --- */

/* What octets of a message's fields and file names are read as that no encoded word explains: UTF-8 where they are that (unless the
 * message declares an East Asian charset and they do not refute it: charset_judge); ISO-2022 where they have its escapes; else the
 * charset that the message declares, if all of them mean something in it; else fallback. Declared is what its own Content-Type says,
 * else that of its first text part which says something, else that of the first encoded word of its head, all in the first
 * MAIL_DECLARED_MAX octets, so that lists, sorting and Show agree. It is looked for when the first such octet is met. */
#define MAIL_DECLARED_MAX 65536
typedef struct mime_tree_s mime_tree;
typedef struct mail_charsets_s mail_charsets;
struct mail_charsets_s {
  mime_tree const *tree;   /* null: nothing is declared */
  size_t message;          /* the root of the message in the tree */
  charset const *fallback; /* null: windows-1252 */
  charset const *declared;
  int looked; /* declared was found, or is null as there is none */
};
#define MAIL_CHARSETS_ZERO \
  { \
    .looked = 1 \
  }
/* Those of the message that part i of the tree is in. */
extern mail_charsets mail_charsets_of(mime_tree const *tree, size_t i);
/* Whether reading this field takes more than the field: it has such octets. */
extern int mail_field_is_raw(slice raw);

/* The text of an unstructured field: unfolded, encoded words decoded, raw octets read, white space at both ends cut.
 * Valid UTF-8 without NUL, in the arena. */
extern int mail_text(arena *a, mail_charsets *charsets, slice raw, slice *out);

/* --- addresses (RFC 5322 3.4, 4.4) --- */

typedef struct mail_address_s mail_address;
struct mail_address_s {
  slice name;    /* decoded; may be empty */
  slice address; /* local@domain, or a local part alone; empty where only a name could be read */
  int group;     /* the name is that of a group without members, such as "undisclosed-recipients:;": people are shown no such entry */
  int bare;      /* only words, neither "@" nor angles */
};
/* The list in one field of that kind. Nothing that could be an address is dropped, but behind the first MAIL_ADDRESSES_MAX, of all fields of the kind
 * (and a few more): addresses of one letter take a hundred times their octets, and a million of them all the memory that a call has. */
#define MAIL_ADDRESSES_MAX 30000
extern int mail_addresses(arena *a, mail_charsets *charsets, enum mail_field which, slice raw, mail_address **list, size_t *count);
/* What the head at the start of header says in all fields of that kind, in order; in the first of From and Sender. */
extern int mail_address_fields(
  arena *a, mail_charsets *charsets, mail_head const *head, slice header, enum mail_field which, mail_address **list, size_t *count);
/* The ids of Message-ID, In-Reply-To and References, without < >: those that are certain (ids.c). */
extern int mail_ids(arena *a, slice raw, slice **list, size_t *count);

/* --- dates (RFC 5322 3.3, 4.3) --- */

typedef struct mail_date_s mail_date;
struct mail_date_s {
  int64_t seconds; /* since 1970, UTC */
  int offset;      /* of the sender's zone, minutes east of UTC */
};
/* 1 if a date could be read, 0 if not. */
extern int mail_date_parse(slice raw, mail_date *date);
#define MAIL_DATE_FMT 32
/* RFC 3339, with the date's offset ("Z" where it is 0), no NUL; returns the length, at most MAIL_DATE_FMT;
 * 0 where the year is outside 0 to 9999. */
extern size_t mail_date_fmt(char *s, mail_date const *date);

/* Reads a date of RFC 3339, any offset; fractions of seconds are dropped. 1, or 0 where it is none. */
extern int mail_date_scan(slice text, mail_date *date);

/* --- the MIME tree (RFC 2045, 2046) --- */

#define MIME_DEPTH_MAX 30 /* below that a part is one opaque leaf: Google's decoders stop at 100 message levels, one of ours takes three */

enum mime_kind { MIME_LEAF, MIME_MULTIPART, MIME_MESSAGE };
enum mime_encoding { ENCODING_NONE, ENCODING_BASE64, ENCODING_QUOTED_PRINTABLE, ENCODING_UUENCODE };
enum mime_disposition { DISPOSITION_NONE, DISPOSITION_INLINE, DISPOSITION_ATTACHMENT };

typedef struct mime_part_s mime_part;
struct mime_part_s {
  enum mime_kind kind;
  enum mime_encoding encoding;
  enum mime_disposition disposition;
  unsigned int depth;               /* 0 for the root */
  size_t parent, first, last, next; /* indices into the tree: parent, first and last child, next sibling; 0 for none (0 is the root) */
  size_t count;                     /* children; a MIME_MESSAGE has one: the root of the message inside */
  size_t number;                    /* among its siblings, from 1; 0 for the root */
  slice type, subtype;              /* lower case; text plain where none is declared */
  slice charset;                    /* as declared, lower case; empty where none is */
  slice disposition_word;           /* as declared, lower case */
  slice file_name;                  /* decoded (RFC 2231, 2047); empty where there is none */
  slice content_id;                 /* without < > */
  int signed_data;                  /* a MIME_MESSAGE that is none: S/MIME (RFC 8551 3.5.2), opened; what is in it belongs to the mail */
  int raw_names;                    /* file_name is made of octets that no encoded word explains */
  charset const *fallback;          /* for text that has no charset and is no UTF-8; null is windows-1252 */
  mail_head head;                   /* of this part; of the message at the root of a mail */
  slice header;                     /* the raw head, with its empty line where it has one */
  slice body;                       /* raw, still transfer-encoded; without the line end that belongs to the boundary */
  slice preamble, epilogue;         /* of a MIME_MULTIPART */
};

struct mime_tree_s {
  mime_part *part; /* in document order; part[0] is the root */
  size_t count;
  slice octets; /* the mail, with LF where it had CR alone */
  int guessed;  /* a multipart was read by a boundary that it does not declare */
};

/* The tree of the message in the len octets of s. What is transfer-encoded though it holds parts is decoded into the arena.
 * fallback: see mime_part. Bounds (parts, depth, octets) are constants in src/lib/mail/mime_private.h; what goes beyond them stays opaque. */
extern int mime_parse(arena *a, char const *s, size_t len, charset const *fallback, mime_tree *tree);
/* The IMAP section number of part i, as porter's paths go (doc/design.md: "1" for the body of a mail that is no multipart, "" for a multipart
 * root, inside a message/rfc822 at "2" they are "2.1" and on; a multipart that is the root of a message at "2" is "2" too,
 * as its message is). MIME_PATH_FMT octets hold any; no NUL; returns the length. */
#define MIME_PATH_FMT (MIME_DEPTH_MAX * 21)
extern size_t mime_path(mime_tree const *tree, size_t i, char *s);
/* The part at that path, or tree->count where there is none. A path that a message and its multipart root share is the message's. */
extern size_t mime_find(mime_tree const *tree, char const *path, size_t len);

/* The root of the message that part i is in: the mail itself, or one inside it. Signed data is no message: what is in it belongs to the
 * one around it. */
extern size_t mime_message_of(mime_tree const *tree, size_t i);

/* The octets of a leaf after transfer decoding, in pieces. 0 where the sink stopped. */
extern int mime_decode(mime_part const *part, sink_func *sink, void *context);
/* How many octets mime_decode gives. */
extern uint64_t mime_size(mime_part const *part);
/* The text of a text part: transfer decoding, charset, LF line ends, valid UTF-8 without NUL or byte-order mark, in pieces. */
extern int mime_text(mime_part const *part, sink_func *sink, void *context);
/* Whether it is a leaf of type text. */
extern int mime_is_text(mime_part const *part);
/* Whether the subtype says that a text part is HTML. */
extern int mime_is_html(mime_part const *part);

/* --- what a part's head says besides --- */

typedef struct mime_param_s mime_param;
struct mime_param_s {
  slice name, value;
};                          /* name: in lower case; value: decoded (RFC 2231, 2047) */
#define MIME_PARAMS_MAX 100 /* that are given */
/* The parameters of a part's Content-Type, each name once, in order. */
extern int mime_params(arena *a, mail_charsets *charsets, mime_part const *part, mime_param **list, size_t *count);
/* Content-Location, without white space, decoded; Content-Language, its tags; Content-Transfer-Encoding, in lower case. Empty where there is none. */
extern int mime_location(arena *a, mail_charsets *charsets, mime_part const *part, slice *location);
extern int mime_languages(arena *a, mime_part const *part, slice **list, size_t *count);
extern int mime_encoding_word(arena *a, mime_part const *part, slice *word);
/* Whether the part is a multipart or a message that was not opened: too deep, or too many parts. */
extern int mime_opaque(mime_part const *part);
/* Whether transfer decoding met what is no base64 or quoted-printable, or does not know the encoding. */
extern int mime_broken(mime_part const *part);

/* Calls each with the name and the value (as in mail_head) of every field of a head, in order, at most MAIL_FIELD_WALK_MAX. message: it is
 * a message's, not a body part's. Returns what each returned last, or 1. */
#define MAIL_FIELD_WALK_MAX 10000
typedef int field_func(void *context, slice name, slice value);
extern int mail_field_walk(slice header, int message, field_func *each, void *context);

typedef struct mail_group_s mail_group;
struct mail_group_s {
  slice name; /* decoded; s is null for addresses that are in no group */
  mail_address *list;
  size_t count;
};
/* Addresses with their groups, in order: neighbours without a group are one. */
extern int mail_groups(arena *a, mail_charsets *charsets, enum mail_field which, slice raw, mail_group **list, size_t *count);
/* The URLs between < and > (RFC 2369), without white space. */
extern int mail_urls(arena *a, slice raw, slice **list, size_t *count);

/* --- what of a mail is its body (RFC 8621 4.1.4) --- */

/* Numbers of parts: what is shown as text, what as HTML, and what is attached. A part can be in both of the first. */
typedef struct mail_body_s mail_body;
struct mail_body_s {
  size_t *text, *html, *attached;
  size_t text_count, html_count, attached_count;
};
extern int mail_body_lists(arena *a, mime_tree const *tree, mail_body *body);

/* --- what lists show of a mail --- */

/* Whether a person would say that the mail has an attachment. */
extern int mail_has_attachment(arena *a, mime_tree const *tree, int *has);
/* Whether the head and mail_has_attachment are what they are of the whole mail, where tree is that of its first len octets, s. */
extern int mail_start_says_all(mime_tree const *tree, char const *s, size_t len);
#define MAIL_PREVIEW_CHARS 256
/* The first MAIL_PREVIEW_CHARS characters of readable text, white space folded. */
extern int mail_preview(arena *a, mime_tree const *tree, slice *out);
/* file_name made fit to create a file with: no path in front, no / \ control bytes, leading dots, reserved names; at most 255 octets, extension kept. */
extern int mail_safe_name(arena *a, slice file_name, slice *out);
/* The same for part i; one made of its path and type where it has no name. Empty for a multipart. */
extern int mail_part_name(arena *a, mime_tree const *tree, size_t i, slice *out);

#endif
