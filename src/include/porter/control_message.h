/* The grammar of proposal 197, as doc/ctlmsg-protocol.7 has it: names, texts, messages; and the codes of the safe cookie (control-spec 3.24).
 * Servers and clients read and write them by these functions alone. */
#ifndef PORTER_CONTROL_MESSAGE_H
#define PORTER_CONTROL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <porter/slice.h>

#define CONTROL_NAME_MAX 64   /* octets of a name */
#define CONTROL_TEXT_MAX 8192 /* and of a text */
#define CONTROL_EVENT "POSTMESSAGE"

/* 1 if s consists of letters, digits and _, whatever their number: a client may send it, how long a name may be is the server's to say. */
extern int control_name_formed(char const *s);
/* 1 if s is a name of at most CONTROL_NAME_MAX. */
extern int control_name_valid(slice s);
/* "all" and "unset", in any case: nobody can have them. */
extern int control_name_reserved(slice s);
/* 1 if s is a text: printable ASCII, spaces and tabs, 1 to CONTROL_TEXT_MAX. */
extern int control_text_valid(slice s);
/* A key of GETINFO that a client may ask for: printable ASCII without a space. */
extern int control_key_valid(char const *key);

typedef struct control_message_s control_message;
struct control_message_s {
  uint64_t id;
  slice from, to; /* names without their @ */
  slice text;     /* printable ASCII, spaces and tabs; not empty */
  slice line;     /* all of these, as in the event, without POSTMESSAGE */
};
/* Reads "POSTMESSAGE 7 src @dst text", the text of an event, or with its "650 " a line of recent-messages. */
extern int control_message_parse(control_message *m, slice text);

/* A command of a client. NULL: well (destination and text point into arguments; to all: an empty destination), else the reply that
 * refuses it. arguments: what stands behind the word and the white space behind that, to the line's end. */
extern char const *control_post_parse(slice arguments, slice *destination, slice *text);

/* Takes that prefix off s; 0: it has another. */
extern int control_prefix_take(slice *s, char const *prefix);

/* --- the safe cookie --- */

#define CONTROL_COOKIE_SIZE 32
#define CONTROL_NONCE_SIZE 32 /* ours */
#define CONTROL_CODE_SIZE 32
enum control_code { CONTROL_CODE_OF_SERVER, CONTROL_CODE_OF_CLIENT };
/* What that side proves its knowledge of the cookie with. */
extern void control_code_make(char code[CONTROL_CODE_SIZE], enum control_code of, char const *cookie, slice client_nonce, slice server_nonce);

#endif
