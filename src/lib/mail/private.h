/* What the files of src/lib/mail share. */
#ifndef PORTER_MAIL_PRIVATE_H
#define PORTER_MAIL_PRIVATE_H

#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "../text/bytes.h"

#define MAIL_FIELD_MAX (1u << 20) /* octets of one field that are decoded; of fields that are joined, of all: no mailer writes more */

/* Walks over the fields of a head. */
typedef struct head_cursor_s head_cursor;
struct head_cursor_s {
  char const *s;
  size_t len, pos; /* pos: the next line; where the body begins when there are no more fields */
  int message;     /* a message's head, where junk between fields is skipped; a body part's ends at junk, which is its text */
  int inside;      /* inside a multipart: a line that begins with -- ends the head, as it may be a boundary */
  int complete;    /* the end was seen */
  char end;        /* of a line: LF; CR where a message has no other */
};
/* The next field: its name, and its value behind the colon without the line end. 0 where there is none. */
extern int head_next(head_cursor *c, slice *name, slice *value);
/* Whether CR ends the lines of the message: it has one in its first CR_ONLY octets, but no LF. */
#define CR_ONLY 8192
extern int is_cr_only(char const *s, size_t len);
/* Whether it is of a type that people read as the text of a mail. */
extern int is_body_type(mime_part const *part);
/* Opaque S/MIME: its content, which is joined where it lies, in the decoded octets at s. 0 where they are something else. */
extern int cms_signed_content(char *s, size_t len, slice *content);
/* As mail_head_scan, for the head of a part. */
extern void head_scan(mail_head *head, char const *s, size_t len, int message, int inside);

static inline int is_blank(char c) { return c == ' ' || c == '\t'; }

static inline int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static inline char to_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

static inline slice trim(slice v)
{
  while (v.len && is_space(v.s[0])) v.s++, v.len--;
  while (v.len && is_space(v.s[v.len - 1])) v.len--;
  return v;
}

static inline slice cut_field(slice v)
{
  if (v.len > MAIL_FIELD_MAX) v.len = MAIL_FIELD_MAX;
  return v;
}

/* Whether v is word, a string in lower case, in any letter case. */
static inline int is_word(slice v, char const *word)
{
  size_t i = 0;
  for (; i < v.len && word[i]; i++)
    if (to_lower(v.s[i]) != word[i]) return 0;
  return i == v.len && !word[i];
}

/* Where the line at pos ends: behind its LF. */
static inline size_t line_end_by(char end, char const *s, size_t len, size_t pos)
{
  char const *nl = memchr(s + pos, end, len - pos);
  return nl ? (size_t)(nl - s) + 1 : len;
}
static inline size_t line_end(char const *s, size_t len, size_t pos) { return line_end_by('\n', s, len, pos); }

/* Skips the comment whose parenthesis is at s[i]; returns what lies behind it, or len where it has no end. */
extern size_t skip_comment(char const *s, size_t len, size_t i);

/* A growing piece of text in an arena. */
typedef struct text_s text;
struct text_s {
  arena *a;
  char *s;
  size_t len, room;
};
/* Appends; 0 where memory fails. */
extern int text_put(text *t, char const *s, size_t len);

/* Whether an octet of v is no ASCII, is NUL, or begins an escape. */
extern int is_raw(slice v);
/* What raw octets of this field are read as: see mail_charsets. */
extern charset const *charset_of_field(arena *a, mail_charsets *charsets, slice raw);
/* Text with encoded words decoded (RFC 2047) and ends trimmed. Raw octets are UTF-8 already, or what lies between two encoded words is
 * judged by itself. */
enum { WORDS_RAW, WORDS_UTF8 };
extern int words_decode(arena *a, mail_charsets *charsets, slice raw, int octets, slice *out);
/* The charset of the first encoded word in v that has one which is known; null where none has. */
extern charset const *words_charset(slice v);
/* If an encoded word begins at s[i], where it ends, else 0. *last: where a search for ?= found none; begin with len. */
extern size_t word_end(char const *s, size_t len, size_t i, size_t *last);
/* Takes out the line ends of folding; other line ends become blanks. */
extern int field_unfold(arena *a, slice *v);
/* In lower case: v itself where it is that already. */
extern int lower_case(arena *a, slice v, slice *out);

/* The parameters of a Content-Type or Content-Disposition that porter reads. Slices lie in the field or the arena. */
enum param { PARAM_BOUNDARY, PARAM_CHARSET, PARAM_NAME, PARAM_FILENAME, PARAM_COUNT };
typedef struct params_s params;
struct params_s {
  slice value[PARAM_COUNT]; /* s is null where it has none */
  int raw;                  /* there are octets in it that no charset explains */
  unsigned int pieced;      /* a bit for each value that came in pieces */
};
/* raw is the field; *word is what stands before the first semicolon, trimmed. 0 where memory fails. */
extern int params_read(arena *a, mail_charsets *charsets, slice raw, slice *word, params *p);

#define PARAM_PIECES_MAX 1000 /* of one RFC 2231 value: 70 KB at the usual length of a line; the rest is ignored */

typedef struct param_piece_s param_piece;
struct param_piece_s {
  slice value;
  unsigned char set, extended;
};

/* The pieces of each parameter that is continued. */
typedef struct param_pieces_s param_pieces;
struct param_pieces_s {
  param_piece *piece;
  param_piece whole;  /* name*, without a number: it counts before those */
  unsigned int count; /* the highest number, and 1 */
};

/* Where the parameter that begins at s[i] ends: at its semicolon, or len. */
extern size_t param_end(char const *s, size_t len, size_t i);
/* Makes v, name=value without its semicolon, the value; the name is without comments in front of it, and *star in it, or null. 0 where it has
 * no "=". */
extern int param_split(slice *v, slice *name, char const **star);
/* Keeps a piece, of a name with a star: name*, name*N or name*N*. One that cannot be, or is there already, is passed over. 0 where memory fails. */
extern int param_piece_take(arena *a, param_pieces *p, slice name, char const *star, slice value);
static inline int param_pieces_any(param_pieces const *p) { return p->whole.set || p->count; }
/* Takes the quotes off v. 0 where memory fails. */
extern int param_unquote(arena *a, slice *v);
/* Joins the pieces of one value and converts it to UTF-8. octets: as in words_decode. *raw is set where no charset explains its octets. */
extern int param_pieces_join(arena *a, mail_charsets *charsets, int octets, param_pieces const *p, slice *out, int *raw);

/* Days since 1970 of a day in the Gregorian calendar; month 1 to 12. */
extern int64_t date_days(int64_t year, int month, int day);

/* Of a folded subject whose white space is blanks: the length of "[" ... "]" and blanks at s, 0 for none. subject.c. */
extern size_t subject_blob(char const *s, size_t len);
/* The length of "re:" or the like at s, 0 for none. reply_mark.c. */
extern size_t reply_mark(char const *s, size_t len);

#endif
