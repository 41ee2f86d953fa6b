/* Heads of mails as lists show them, one after the other, so that memory does not grow with them. */
#ifndef PORTER_HEADS_H
#define PORTER_HEADS_H

#include <porter/method.h>

typedef struct heads_s heads;
struct heads_s {
  method_call *call;
  int preview;
  int thread;  /* its id is wanted, which was asked for before (conversations.h) */
  int excerpt; /* what is marked in it: */
  mail_matcher **phrase;
  size_t phrases;
  folder *named; /* whose keywords names are */
  keywords names;
  arena scratch; /* of the last head */
  mail_file m;   /* its octets, at least those that it was made of */
  mime_tree tree;
  int whole; /* all of them */
};
/* The head of e, until the next; null with errno, ENOENT where it has gone. One that cannot be read has what its name says. */
extern Porter__ListMailHeader *heads_build(heads *h, folder *f, mail_entry *e);
/* Reads the octets of e, with whole all of them: 1; 0 with errno. What cannot be read is empty, which is noted. */
extern int heads_read(heads *h, folder *f, mail_entry *e, int whole);
/* Its head, of the octets that were read (all of them, where h->preview or h->excerpt). */
extern Porter__ListMailHeader *heads_of(heads *h, folder *f, mail_entry *e);
extern void heads_end(heads *h);

#endif
