/* The tables of calls.c. */
#ifndef CONFINE_CALLS_H
#define CONFINE_CALLS_H

#include <porter/confine.h>

typedef struct calls_s calls;
struct calls_s {
  confine_call const *call;
  size_t n;
};
extern calls const calls_of_mailbox, calls_of_writer, calls_of_watcher, calls_of_translator, calls_of_bus, calls_of_client;

#endif
