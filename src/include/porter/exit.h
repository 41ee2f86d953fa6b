/* The exit codes of all programs (porter(7): 1 to 6 are JWebmail's table, the rest skarnet's and qmail's). */
#ifndef PORTER_EXIT_H
#define PORTER_EXIT_H

enum porter_exit {
  EXIT_DONE = 0,
  EXIT_REFUSED = 1,     /* credentials refused */
  EXIT_MISUSE = 2,      /* the checkpassword interface was misused */
  EXIT_ERROR = 3,       /* the response is an error */
  EXIT_REQUEST = 4,     /* the caller's mistake: bad frame, bad protobuf, field out of range */
  EXIT_ACCOUNT = 5,     /* could not become the user, or not enter the mailbox */
  EXIT_UNSUPPORTED = 6, /* no such method */
  EXIT_USAGE = 100,     /* wrong usage of a program */
  EXIT_PERMANENT = 110,
  EXIT_TEMPORARY = 111,
  EXIT_NOEXEC = 126,
  EXIT_NOTFOUND = 127
};

#endif
