/* What the two files that read lists of addresses share: address.c reads words, address_mailbox.c makes mailboxes of them. */
#ifndef PORTER_MAIL_ADDRESS_H
#define PORTER_MAIL_ADDRESS_H

#include <porter/mail.h>

typedef struct address_reader_s address_reader;
struct address_reader_s {
  arena *a;
  char const *s;
  size_t len, pos;
  size_t word_last;                     /* for word_end */
  unsigned char no_quotes, no_comments; /* an unclosed one was met: those behind it are characters */
  mail_charsets *charsets;
  int senders; /* the field is From, Sender or Reply-To */
  mail_address *list;
  size_t count, room;
  size_t octets; /* that were read of all fields of the kind */
  char *out;     /* where names, comments and addresses are put together; never reused, as results point there */

  /* the mailbox being read */
  char *name, *name_end;      /* all words so far */
  char *spec, *spec_end, *at; /* the last run of words that are glued by "." and "@", without blanks; its last "@" */
  char *comment, *comment_end;
  size_t words;            /* runs in the name */
  size_t before;           /* length of the name before spec */
  int quoted;              /* spec has a quoted string */
  int glue;                /* the last token was "." or "@" */
  int angle;               /* an address in angles was read, text behind it is not its name */
  int literal;             /* inside the brackets of a domain that is a number: "[IPv6:2001:db8::1]" */
  int behind_group;        /* a group without members has just ended */
  slice found, found_name; /* an address without angles */
  /* the group */
  int in_group;
  slice group;
  size_t group_count;
};

enum { ENDS_ATOM = 1, NEEDS_QUOTES = 2 };
/* The classes of each octet. */
extern unsigned char const address_class[256];
static inline int address_is(char c, int what) { return address_class[(unsigned char)c] & what; }

/* Gives one out. bare: it is made of words alone. 0 where memory fails, here and below. */
extern int address_emit(address_reader *r, slice name, slice address, int bare);
extern int address_emit_group(address_reader *r, slice name);
/* local@domain, from what was read of it without quotes; the local part is quoted again where it must be. */
extern slice address_make(address_reader *r, char const *spec, size_t len, char const *at);
/* "jane at example.org", which is RFC 733's form and what list archives make of an address, becomes jane@example.org. Returns
 * where the "@" is, or null where it is something else. */
extern char *address_at_word(char *s, size_t *len);
/* Whether v is local@domain and nothing else. */
extern int address_is_plain(slice v);
/* The octets from pos to end are read: keeps whether that is inside the brackets of a domain; begins where they open them. */
extern void address_literal(address_reader *r, int begins, size_t end);
extern slice address_comment(address_reader const *r);
/* A run of glued words has ended: if it is an address, keeps it; gives out the one before it. */
extern int address_run_end(address_reader *r);
extern void address_mailbox_start(address_reader *r);
/* The end of a mailbox without angles, or of the text behind angles. */
extern int address_mailbox_end(address_reader *r);
extern int address_group_end(address_reader *r);

#endif
