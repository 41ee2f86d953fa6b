/* The octets of porter.states; doc/index.md has the layout. What is read here the mailbox's owner may have written. */
#ifndef PORTER_MAILDIR_STATES_H
#define PORTER_MAILDIR_STATES_H

#include <porter/since.h>

#define STATES_MAGIC "porterc1"
#define STATES_FORMAT 1
#define STATES_HEADER 64
#define STATES_RECORD 32    /* octets of a record before its entries */
#define STATES_ENTRY 56     /* of an entry before its name */
#define STATES_MAX 262144   /* of the file */
#define STATES_RECORDS 2000 /* the file is written anew beyond so many, or beyond STATES_MAX, */
#define STATES_KEPT 1000    /* with the last so many, */
#define STATES_LEFT 131072  /* or so many octets of these */
#define STATES_LANDMARK 250 /* folder states that have not changed for so many records are given anew */
#define STATES_NUMBER_MAX ((UINT64_C(1) << 62) - 1)

/* Where in a record, and in an entry, their fields lie. */
enum { RECORD_LEN = 0, RECORD_ENTRIES = 4, RECORD_NUMBER = 8, RECORD_ORDINAL = 16, RECORD_STATES_CHECK = 24 };
enum { ENTRY_THERE = 1, ENTRY_GONE = 2 };

/* The octets of a record of the file with that birth; its check counts as 0. */
extern uint64_t states_check(uint64_t birth, char const *s, size_t len);
/* Takes in the records that are there, as far as they are good: st has birth, and size octets. 0 where memory fails. */
extern int states_take(states *st, arena *a, size_t size);
/* Writes an entry; returns its length. Kind ENTRY_GONE needs only the slot. */
extern size_t states_entry(char *s, unsigned int kind, size_t slot, states_folder const *f);

#endif
