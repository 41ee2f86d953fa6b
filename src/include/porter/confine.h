/* Confinement: what a program gives up before hostile input reaches it, and never gets back. Each mechanism is a file of src/lib/confine;
 * doc/security.md says what it is good for. A kernel may lack one: each function returns 1, or 0 with errno where it could do nothing.
 * What is given up holds for the process, and for what it starts. A build with SANITIZE leaves all of it out: the sanitizers need more. */
#ifndef PORTER_CONFINE_H
#define PORTER_CONFINE_H

#include <stddef.h>
#include <stdint.h>

/* --- privileges and limits (limits.c) --- */

/* No program that this process runs gets more rights than it has (PR_SET_NO_NEW_PRIVS). The rest needs it. */
extern int confine_privileges(void);

/* Limits, hard ones; where one is lower already it stays. No core is written, and no process is started by one who is not root. */
typedef struct confine_limits_s confine_limits;
struct confine_limits_s {
  uint64_t processor; /* seconds; then SIGXCPU ends it */
  uint64_t data;      /* octets of memory of its own: files that it maps and only reads do not count */
  uint64_t file;      /* octets of a file that it writes */
  uint64_t descriptors;
};
extern int confine_limit(confine_limits const *limits);

/* --- files, network, signals (landlock.c: landlock(7)) --- */

enum confine_access {
  CONFINE_READ,    /* read files, list directories */
  CONFINE_RENEW,   /* and make, rename and remove files, but write to none */
  CONFINE_REWRITE, /* read and write to a file that is there */
  CONFINE_WRITE,   /* and write to files, make and remove directories */
  CONFINE_STATE    /* all of that but to remove directories, and make fifos and symbolic links */
};
/* A directory, and what is below it; or a file. fd is open in any way, also O_PATH. */
typedef struct confine_place_s confine_place;
struct confine_place_s {
  int fd;
  enum confine_access access;
};
/* From now on nothing can be opened, made, renamed or removed but in these n places; nothing can be run; no TCP port be bound or connected to
 * (Linux 6.7), no signal sent to and no abstract socket connected to of who is not confined with it (6.12). What is open stays open. It can be
 * done again: what counts is what each time allowed. A kernel before 5.19 knows no renaming between directories: there it is left out, with
 * EOPNOTSUPP, where a place is to be changed. */
extern int confine_files(confine_place const *place, size_t n);

/* --- whole programs (programs.c) --- */

/* Each does all of it for one program, and goes on with the rest where a part cannot be had. Returns null, or what the kernel lacks, with errno. */

/* maildir-op: in its mailbox, open as the first place, and up to 3 more. Where the method changes nothing, it has no call for modes, owners
 * and times either, of which Landlock knows nothing. */
extern char const *confine_mailbox(confine_place const *place, size_t n, int changes);
/* Further, once a call that only reads has opened its one folder: of what is in the mailbox, and in the folder, it may write to the folder's
 * tmp and to its index, and rename and remove; to no mail. */
extern char const *confine_folder(int mailbox, int folder);
/* Who has started a program and waits for it, copies octets between descriptors that are open, and makes an unnamed file in dir, where that is
 * not null (frame-write). */
extern char const *confine_writer(char const *dir);
/* Who has started a program, waits for it, and sends one frame (frame-auth). */
extern char const *confine_watcher(void);
/* Who has started a program, and turns messages from one form into another in memory (json-op, varlink-call). */
extern char const *confine_translator(void);
/* ctlmsg: in its state directory, which is made if it is not there; and in the directory around that, so that it can be made anew when it was
 * removed, if that is the account's own and has no other directory in it. Connections are there already. */
extern char const *confine_bus(char const *statedir);
/* Who talks to a control port over descriptors that are open, and writes to others. */
extern char const *confine_client(void);

#endif
