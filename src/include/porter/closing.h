/* Closing a descriptor on the way out, when errno already says what the caller is to hear. */
#ifndef PORTER_CLOSING_H
#define PORTER_CLOSING_H

/* Closes fd, unless it is negative, and keeps errno; gives result. */
extern int close_keeping(int fd, int result);

#endif
