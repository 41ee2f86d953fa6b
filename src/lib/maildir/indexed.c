/* A folder known by its index (src/lib/index; doc/index.md): when it is believed, and the view's door to it. Looking is indexed_look.c's, making
 * an image indexed_image.c's, what is said of one mail indexed_mail.c's.
 *
 *   state   what holds                                          who may use it
 *   (null)  nothing is known
 *   NONE    there is none, or it broke: list (census.c)
 *   STALE   it can be read, a stamp has moved or is not settled  a mail that is named: its name is tried, its inode compared
 *   FRESH   it says what is there, as of this call's look        everybody
 *
 * The rule: whatever fails in these files leaves the call without an index, never with a wrong answer or an error.
 *
 * Tests: tests/index-model.t, tests/index-stale.t, tests/index-faults.t, tests/index-storm.t. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../index/filter.h"
#include "indexed_internal.h"

#define SMALLEST 200 /* a folder below that is listed faster than its index is kept */

/* What broke is made anew by the next call. */
static void remove_broken(folder_indexed const *x)
{
  if (x->ix.broken && index_current(&x->ix)) unlinkat(x->dir, x->name, 0);
}

/* A cursor may be on its way through what was fresh: it sees that it broke, and goes on without. */
static void give_up(folder *f)
{
  folder_indexed *const x = f->indexed;
  remove_broken(x);
  indexed_forget_numbers(x);
  if (x->state == FRESH) x->ix.broken = 1;
  else index_close(&x->ix);
  x->state = NONE;
}

static int name_files(folder *f, folder_indexed *x)
{
  x->dir = f->fd;
  strcpy(x->name, INDEX_NAME);
  strcpy(x->search, FILTER_NAME);
  if (f->box->index_dir < 0) return 1;
  x->dir = f->box->index_dir;
  return mailbox_index_name(f->box, f->disk, x->name, x->search);
}

static folder_indexed *try(folder *f)
{
  folder_indexed *x = f->indexed;
  if (x) return x;
  x = f->indexed = calloc(1, sizeof *x);
  if (!x) return NULL;
  x->state = NONE;
  x->ix = (folder_index)FOLDER_INDEX_ZERO;
  if (f->box->no_index || f->linked || !name_files(f, x) || !indexed_take_stamps(f, x->stamp)) return x;
  if (index_open(&x->ix, x->dir, x->name, mailbox_keys_version(f->box)))
    x->state = indexed_unchanged(&x->ix, x->stamp, PLACE_NEW) && indexed_unchanged(&x->ix, x->stamp, PLACE_CUR) ? FRESH : STALE;
  return x;
}

/* --- for the view --- */

int folder_index_count(folder *f, folder_count *count)
{
  folder_indexed const *const x = try(f);
  folder_index const *const ix = x && x->state == FRESH && !x->ix.broken ? &x->ix : folder_index_fresh(f);
  if (ix) *count = (folder_count){ ix->last.mails, ix->last.unread, ix->last.octets };
  return ix != NULL;
}

folder_index *folder_index_any(folder *f)
{
  folder_indexed *const x = try(f);
  if (!x) return NULL;
  if (x->ix.broken && x->state != NONE) give_up(f);
  if (x->state == NONE) return NULL;
  folder_reading(f);
  return &x->ix;
}

folder_index *folder_index_fresh(folder *f)
{
  folder_index *const ix = folder_index_any(f);
  if (!ix || f->indexed->state == FRESH) return ix;
  if (!indexed_look(f)) return give_up(f), NULL;
  f->indexed->state = FRESH;
  return ix;
}

folder_index *folder_index_looked(folder *f)
{
  folder_indexed *const x = f->indexed;
  return x && x->state == FRESH && !x->ix.broken ? &x->ix : NULL;
}

static folder_index *made(folder *f, size_t smallest)
{
  folder_index *const ix = folder_index_fresh(f);
  folder_indexed *const x = f->indexed;
  if (ix || !x || x->ix.broken || f->box->no_index || f->linked || f->known) return ix;
  if (!folder_know(f) || f->gone || f->mails.count < smallest || !mailbox_may_index(f->box, f->fd)) return NULL;
  if (!indexed_make(f)) return give_up(f), NULL;
  x->state = FRESH;
  return &x->ix;
}

folder_index *folder_index_made(folder *f) { return made(f, SMALLEST); }

folder_index *folder_index_kept(folder *f) { return made(f, 0); }

int folder_index_saved(folder const *f) { return f->indexed && !f->indexed->unsaved; }

int folder_filter_place(folder *f, char const **name)
{
  *name = f->indexed->search;
  return f->indexed->dir;
}

void folder_index_close(folder *f)
{
  if (!f->indexed) return;
  remove_broken(f->indexed);
  index_close(&f->indexed->ix);
  free(f->indexed->entry);
  free(f->indexed);
}
