/* A directory of a fuzz target's own, which it works in and which goes with it. */
#ifndef PORTER_FUZZ_DIRECTORY_H
#define PORTER_FUZZ_DIRECTORY_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static char fuzz_directory[] = "/dev/shm/porter-fuzz.XXXXXX";

static int fuzz_remove(char const *path, struct stat const *st, int kind, struct FTW *at)
{
  (void)st;
  (void)kind;
  (void)at;
  remove(path);
  return 0;
}

static void fuzz_leave(void) { nftw(fuzz_directory, fuzz_remove, 16, FTW_DEPTH | FTW_PHYS); }

static void fuzz_enter(void)
{
  check(mkdtemp(fuzz_directory) && !chdir(fuzz_directory));
  atexit(fuzz_leave);
}

#endif
