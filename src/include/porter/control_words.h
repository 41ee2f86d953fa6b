/* Lines of the control protocol (control-spec 2.3), taken apart exactly as tor 0.4.9 does it: what is unusual here is tor's. */
#ifndef PORTER_CONTROL_WORDS_H
#define PORTER_CONTROL_WORDS_H

#include <stddef.h>

#include <porter/slice.h>

/* A command, with its block if it has one, of that many octets or more is too long, as for tor; and before AUTHENTICATE, where nobody
 * has said who he is yet, of that many. */
#define CONTROL_COMMAND_MAX 1048576
#define CONTROL_COMMAND_EARLY_MAX 32768
/* Octets of a server's line, its end not counted: tor's own are far shorter, our events at most 8.4 KB. */
#define CONTROL_REPLY_LINE_MAX 65535

/* What tor takes for white space. */
extern int control_space(char c);
/* The command's word: what stands before the first white space (or all), cut at a NUL. line may have its line end or not. */
extern slice control_word(slice line);
/* What stands behind the word and white space, without white space at its end, cut at a NUL. */
extern slice control_arguments(slice line);
/* Takes the next word off the arguments: only spaces separate, other white space around a word is cut off too. 0: none is left. */
extern int control_next(slice *arguments, slice *word);
/* How many words there are; stops counting at max. */
extern unsigned int control_count(slice arguments, unsigned int max);
/* Equal to the upper-case name, in any case. */
extern int control_is(slice word, char const *name);
/* Equal, exactly. */
extern int control_equal(slice word, char const *name);
/* The line without its LF or CR LF. */
extern slice control_chop(slice line);

/* One value as AUTHENTICATE takes it: a word or "a string" with \ before any character, alone. The value is cut out of the arguments in
 * place (they are overwritten where there are escapes). */
enum control_value { VALUE_NONE, VALUE_ONE, VALUE_MANY, VALUE_KEYWORD, VALUE_MALFORMED };
extern enum control_value control_value_scan(char *s, size_t len, slice *value);

#endif
