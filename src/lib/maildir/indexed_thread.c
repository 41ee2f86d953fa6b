/* Records are told their mails' threads: some by a segment; many, or those that lie in an image whose mails have none, in the image, which is written
 * anew with the segments that it had.
 *
 * What can go wrong, and the rule for each:
 * 1. Another call writes to the file meanwhile, or replaces it: as indexed_image.c, rule 2. What is not left behind is found again by the next call,
 *    and comes to the same threads.
 * 2. There is no space, or no right to write: the index says it for this call, from memory.
 *
 * Tests: tests/maildir-threads.t, tests/index-threads.t. */
#include <errno.h>
#include <stdlib.h>

#include "indexed_internal.h"

static int by_segment(folder_index const *ix, size_t count)
{
  return !ix->h.threadless && ix->segments_len + INDEX_SEGMENT + count * (INDEX_OPERATION + 8) <= INDEX_SEGMENTS_MAX;
}

/* In memory; those from which on are left behind in one segment, where that can be. */
static int change(folder *f, index_threading const *list, size_t count, int lasting)
{
  folder_index *const ix = &f->indexed->ix;
  comparison c = { .ix = ix, .total = ix->last, .operation = malloc((count + 1) * sizeof *c.operation) };
  int good = c.operation != NULL;
  for (size_t i = 0; good && i < count; i++) {
    index_operation *const o = c.operation + c.count++;
    *o = (index_operation){ .kind = INDEX_THREAD, .number = list[i].number, .thread = list[i].thread };
    c.octets += index_operation_pack(NULL, o);
    good = index_change_make(ix, o, 0);
  }
  /* Serials that are not in the file may be another's there. */
  if (good && count && lasting && folder_index_saved(f)) {
    index_segment const last = ix->last;
    if (!index_segment_write(ix, &c, last.stamp)) ix->last = last;
  }
  free(c.operation);
  return good;
}

static int patch(folder_index *ix, index_threading const *x)
{
  char *const packed = ix->memory[SECTION_RECORDS] + INDEX_RECORD * (size_t)x->number;
  index_room room;
  index_mail m;
  if (!index_image_mail(ix, x->number, &m, &room)) return 0;
  put64(packed + RECORD_THREAD, x->thread);
  put32(packed + RECORD_CHECK, index_record_check(packed, m.inode, m.name, m.text));
  return 1;
}

/* In the image; changes that have said something else of a mail since are told, too. */
static int renew(folder *f, index_threading *list, size_t count, int lasting)
{
  folder_index *const ix = &f->indexed->ix;
  size_t left = 0;
  if (!index_mails_load(ix)) return 0;
  for (size_t i = 0; i < count; i++) {
    index_change const *const c = index_changed(ix, list[i].number);
    if (list[i].number < ix->h.n && !patch(ix, list + i)) return 0;
    if (c && (c->added || c->keyed || c->threaded)) list[left++] = list[i];
  }
  ix->h.threadless = 0; /* all others have gone */
  if (lasting) indexed_leave_again(f);
  return change(f, list, left, lasting);
}

int folder_index_thread(folder *f, index_threading *list, size_t count, int lasting)
{
  folder_index *const ix = &f->indexed->ix;
  if (!index_apply(ix)) return 0;
  return by_segment(ix, count) ? change(f, list, count, lasting) : renew(f, list, count, lasting);
}
