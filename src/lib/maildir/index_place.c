/* Where indexes can be, and those that lie elsewhere than in their folders: one directory for all, each called by where its folder is. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <skalibs/blake2s.h>
#include <skalibs/fmtscan.h>

#include <porter/closing.h>
#include <porter/maildir.h>

#include "../index/threads.h"

#define NAME_HASH 16 /* octets */

int mailbox_index_elsewhere(mailbox *box, char const *path)
{
  struct stat st;
  int const fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return 0;
  if (fstat(fd, &st) < 0 || !(box->path = getcwd(NULL, 0))) return close_keeping(fd, 0);
  if ((st.st_uid && st.st_uid != geteuid()) || ((st.st_mode & 022) && !(st.st_mode & S_ISVTX))) return errno = EPERM, close_keeping(fd, 0);
  box->index_dir = fd;
  return 1;
}

/* Returns its end. */
static char *hash_name(mailbox const *box, char const *disk, char *s)
{
  blake2s_ctx ctx = BLAKE2S_INIT(NAME_HASH);
  char hash[NAME_HASH];
  blake2s_update(&ctx, box->path, strlen(box->path) + 1);
  blake2s_update(&ctx, disk, strlen(disk));
  blake2s_final(&ctx, hash);
  s += ucharn_fmt(s, hash, NAME_HASH);
  *s = 0;
  return s;
}

int mailbox_index_name(mailbox const *box, char const *disk, char *index, char *search)
{
  strcpy(hash_name(box, disk, index), ".index");
  strcpy(hash_name(box, disk, search), ".search");
  return 1;
}

int mailbox_may_index(mailbox const *box, int folder)
{
  int const dir = box->index_dir < 0 ? folder : box->index_dir;
  struct statvfs st;
  if (box->no_index || fstatvfs(dir, &st) < 0 || (st.f_flag & ST_RDONLY)) return 0;
  return !faccessat(dir, ".", W_OK, AT_EACCESS) && (box->index_dir >= 0 || !faccessat(folder, "tmp", W_OK, AT_EACCESS));
}

int mailbox_states_place(mailbox const *box, char *name)
{
  if (box->index_dir < 0) return strcpy(name, "porter.states"), box->fd;
  strcpy(hash_name(box, "", name), ".states");
  return box->index_dir;
}

int mailbox_threads_place(mailbox const *box, char *name)
{
  if (box->no_index) return -1;
  if (box->index_dir < 0) return strcpy(name, THREADS_NAME), box->fd;
  strcpy(hash_name(box, "", name), ".threads");
  return box->index_dir;
}
