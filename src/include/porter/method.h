/* What maildir-op can be asked: a method is a row of the table and a file. No method knows through which door it was asked. */
#ifndef PORTER_METHOD_H
#define PORTER_METHOD_H

#include <porter/arena.h>
#include <porter/folder.h>
#include <porter/keywords.h>
#include <porter/limits.h>
#include <porter/mail.h>
#include <porter/maildir.h>
#include <porter/order.h>
#include <porter/search.h>
#include <porter/slice.h>

#include "maildir.pb-c.h"

/* Many octets that belong to a request: in memory, or in a file. */
typedef struct method_octets_s method_octets;
struct method_octets_s {
  char const *s; /* null: in the file fd, from at on */
  int fd;
  uint64_t at, len;
  int there;
};

/* A request: its message, without the octets of its large field where it has one. */
typedef struct method_request_s method_request;
struct method_request_s {
  char *s; /* REQUEST_MAX + 1 octets of the caller's */
  size_t len;
  method_octets octets;
  char const *fault; /* what is wrong with it, where something is */
  int too_large;
  int error; /* errno, where the octets could not be kept */
};
/* Reads a request for the method of that name from fd, until its end. 0 with errno where fd cannot be read. */
extern int method_request_read(method_request *r, char const *name, mailbox *box, int fd, arena *a);

typedef struct method_call_s method_call;
struct method_call_s {
  mailbox *box;
  arena *a;             /* for as long as the call lasts */
  void const *request;  /* unpacked; of the type that the method's row names */
  method_octets octets; /* of its large field */
  sink_func *write;     /* takes the response, in pieces */
  void *context;
  char const *failed; /* where the result is EXIT_TEMPORARY: what could not be done; errno says why */
};

/* What a method needs of the mailbox: maildir-op gives up the rest before it reads the request. */
enum method_needs {
  METHOD_CHANGES,      /* all of it */
  METHOD_LOOKS,        /* what there is; it opens no folder */
  METHOD_READS,        /* mails of one folder, and what renews that one's index */
  METHOD_READS_FOLDERS /* likewise of several */
};

typedef struct method_s method;
struct method_s {
  char const *name;
  ProtobufCMessageDescriptor const *request;
  int (*run)(method_call *call); /* returns an exit code: EXIT_DONE, EXIT_ERROR, EXIT_REQUEST or EXIT_TEMPORARY */
  unsigned int large;            /* the field whose octets may be many; 0 for none */
  enum method_needs needs;
};
extern method const method_table[];
extern size_t const method_count;
/* Null where there is none of that name. */
extern method const *method_find(char const *name);

/* Answers a request for the method of that name: writes the response, which is an error's where the result is
 * EXIT_ERROR, EXIT_REQUEST or EXIT_UNSUPPORTED. With EXIT_TEMPORARY what was written is worthless and *failed says why. */
extern int method_answer(mailbox *box, char const *name, method_request const *request, sink_func *write, void *context, char const **failed);

/* --- for the methods --- */

/* An answer that is an error: text, then outside in quotes, made harmless; where errno_value is not 0, the reason. Returns the exit code for the code. */
extern int method_fail(method_call *call, Porter__Error__Code code, char const *text, slice outside, int errno_value);
/* The same for what errno says of the folder or mail that outside names; EXIT_TEMPORARY where that is not the caller's or mailbox's affair. */
extern int method_fail_folder(method_call *call, slice folder_name);
extern int method_fail_mail(method_call *call, slice mid);
extern int method_fail_upload(method_call *call, slice name);
/* The same for what errno says of storing something; text begins with "unable to ". */
extern int method_fail_store(method_call *call, char const *text, slice outside);
/* EXIT_TEMPORARY, with what could not be done. */
extern int method_temporary(method_call *call, char const *failed);
/* The Error that method_fail would send, in the arena; null where memory fails. */
extern Porter__Error *method_error(method_call *call, Porter__Error__Code code, char const *text, slice outside, int errno_value);
/* Writes a response, or one of its fields: any protobuf message. EXIT_DONE or EXIT_TEMPORARY. */
extern int method_write(method_call *call, ProtobufCMessage const *message);
/* Writes what stands in front of a field of that number with len octets. */
extern int method_write_head(method_call *call, unsigned int number, uint64_t len);
/* Writes message as the field of that number of the response. */
extern int method_write_field(method_call *call, unsigned int number, ProtobufCMessage const *message);

/* Opens a folder: folder_close is due in any case. EXIT_DONE, or the code of the failure that was answered. */
extern int method_folder(method_call *call, folder **f, char const *name);
/* Whether the folder of that name has gone since, as far as its mails were asked for: likewise. */
extern int method_still(method_call *call, folder const *f, char const *name);
/* What these mids name, in the call's arena; null where memory fails. */
extern mail_named *method_named(method_call *call, char *const *mids, size_t count);
/* Reads all of the mail with that mid; entry may be null. */
extern int method_read(method_call *call, folder *f, slice mid, mail_file *m, mail_entry **entry);
/* Reads those octets as a mail, whose tree lies in the arena a; finds the part at that path, without one the root. The codes as method_folder's. */
extern int method_tree(method_call *call, arena *a, mail_file const *m, mime_tree *tree);
extern int method_part(method_call *call, mime_tree const *tree, slice path, size_t *i);
/* Reads a date of maildir.proto. The code as method_folder's. */
extern int method_date(method_call *call, char const *text, int64_t *seconds);

/* A mail as messages, in the arena; null where memory fails. */
extern Porter__MIMEHeader *build_mime(arena *a, mime_tree const *tree, size_t i);
extern Porter__MailHeader *build_head(arena *a, mime_tree const *tree, size_t i);
extern Porter__ListMailHeader *build_list_head(arena *a, mail_facts const *facts, mime_tree const *tree, int preview);
/* When it was delivered, and its flags in order. 0 where memory fails. */
extern int build_file(arena *a, mail_facts const *facts, char **rec_date, char **flags);
extern char *build_string(arena *a, slice s);
extern Porter__MailAddr *build_address(arena *a, mail_address const *from);
/* Lists of n, without groups that have no members: these are nobody's address. 0 where memory fails. */
extern int build_strings(arena *a, slice const *list, size_t n, char ***out);
extern int build_addresses(arena *a, mail_address const *list, size_t n, Porter__MailAddr ***out, size_t *count);

/* A cursor through an open folder in the order that is asked, over the mails that match pattern (empty: all). EXIT_DONE, or the code of
 * the failure that was answered; listing_end is due in any case. */
typedef struct listing_s listing;
struct listing_s {
  folder *f;
  cursor *c;
  mail_matcher matcher;
  arena scratch;
  enum order_by by;
  int descending;
};
extern int listing_begin(method_call *call, listing *l, folder *f, Porter__Sort const *sort, char const *pattern);
extern void listing_end(listing *l);
/* The place that a bound names: of its mail where that is in the folder, else of its param. EXIT_DONE, or the code of the failure that was answered. */
extern int bound_place(method_call *call, folder *f, enum order_by by, Porter__Bound const *b, order_key *k);
/* The place of the first mail that is not before that date, in an order by dates; likewise. */
extern int bound_date(method_call *call, enum order_by by, int descending, char const *text, order_key *k);
/* The bound that names the place of a mail's key, in the arena; null where memory fails. */
extern Porter__Bound *bound_build(arena *a, enum order_by by, order_key const *k);
/* Takes up to count mails from the cursor into keys of the arena. */
extern int listing_take(method_call *call, listing *l, size_t count, order_key **keys, size_t *taken);
/* Writes the heads of count mails as fields of that number; thread: with their threads, which were asked for before (conversations_of). */
extern int listing_write(method_call *call, folder *f, order_key const *keys, size_t count, unsigned int number, int preview, int thread);

/* Whether the flags are of MAILDIR_FLAGS, and the names can be keywords': EXIT_DONE, or the code of the failure that was answered. */
extern int keywords_check(method_call *call, char const *flags, char *const *names, size_t count);
/* Answers what errno says of the others, which give 1 or 0 (EOVERFLOW: no letter is left; ENOTSUP: the names are kept elsewhere; EAGAIN: no lock). */
extern int keywords_fail(method_call *call);
/* Flags (of MAILDIR_FLAGS) and keywords as letters of a file's name: out has KEYWORDS_LETTERS octets. Names that k, the folder's,
 * lacks are added to it if make, else passed over. */
extern int keywords_letters(method_call *call, folder *f, keywords *k, char const *flags, char *const *names, size_t count, int make, char *out);
/* Adds to out the letters that the folder to, whose names are k, has for those among flags, which from names; names are added to it. */
extern int keywords_translate(method_call *call, keywords const *from, folder *to, keywords *k, slice flags, char *out);
/* The names of the letters among flags, in the arena. */
extern int keywords_names(arena *a, keywords const *k, slice flags, char ***out, size_t *count);

extern int method_capabilities(method_call *call);
extern int method_folders(method_call *call);
extern int method_stats(method_call *call);
extern int method_list(method_call *call);
extern int method_search(method_call *call);
extern int method_list_search(method_call *call);
extern int method_show(method_call *call);
extern int method_raw(method_call *call);
extern int method_move(method_call *call);
extern int method_remove(method_call *call);
extern int method_set_flags(method_call *call);
extern int method_add_folder(method_call *call);
extern int method_append(method_call *call);
extern int method_upload(method_call *call);
extern int method_rename_folder(method_call *call);
extern int method_remove_folder(method_call *call);
extern int method_quota(method_call *call);
extern int method_find_mails(method_call *call);
extern int method_threads(method_call *call);
extern int method_fetch(method_call *call);
extern int method_folder_info(method_call *call);
extern int method_empty_folder(method_call *call);
extern int method_changes(method_call *call);
extern int method_wait(method_call *call);
extern int method_copy(method_call *call);

#endif
