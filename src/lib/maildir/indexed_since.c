/* What a folder's index says of the time since a moment (porter/since.h). */
#include <errno.h>

#include "indexed_internal.h"

/* Where the look could not be left in the file, its numbers are nobody else's. */
static int why_unsaved(folder_indexed const *x)
{
  int const error = x->unsaved;
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOENT ? EAGAIN : ENOTSUP;
}

int folder_moment_take(folder *f, folder_moment *m)
{
  folder_index *const ix = folder_index_kept(f);
  index_moment at;
  if (!ix) return errno = ENOTSUP, 0;
  if (!folder_index_saved(f)) return errno = why_unsaved(f->indexed), 0;
  if (!index_moment_take(ix, &at)) return errno = ENOTSUP, 0;
  *m = (folder_moment){ .birth = ix->h.birth,
    .check = at.check,
    .sequence = at.sequence,
    .mails = (uint32_t)ix->last.mails,
    .unread = (uint32_t)ix->last.unread,
    .octets = ix->last.octets };
  return 1;
}

/* A call that has taken a moment asks on from there. */
static folder_index *asked(folder *f)
{
  folder_index *const ix = folder_index_fresh(f);
  if (!ix) errno = EAGAIN;
  return ix;
}

int folder_moment_serial(folder *f, folder_moment *m)
{
  folder_index *const ix = asked(f);
  if (!ix || !index_apply(ix)) return 0;
  m->serial = ix->h.serial;
  return 1;
}

int folder_follows(folder *f, folder_moment const *m)
{
  folder_index *const ix = asked(f);
  return ix && index_follows(ix, &(index_moment){ m->sequence, m->check });
}

int folder_unmoved(folder *f)
{
  folder_index_any(f);
  return !f->indexed || f->box->no_index || f->linked ? 1 : indexed_unmoved(f);
}

int folder_touched(folder *f, int64_t sequence, mail_trace_func *each, void *context)
{
  folder_index *const ix = asked(f);
  return ix && index_touched(ix, sequence, each, context);
}

int folder_reaches(folder *f, int64_t sequence)
{
  folder_index *const ix = asked(f);
  return ix && index_reaches(ix, sequence);
}

int folder_kin(folder *f, uint64_t const *threads, size_t count, mail_trace_func *each, void *context)
{
  folder_index *const ix = asked(f);
  return ix && index_kin(ix, threads, count, each, context);
}

int folder_look_up(folder *f, slice const *bases, size_t count, mail_hit_func *each, void *context)
{
  folder_index *const ix = asked(f);
  return ix && index_look_up(ix, bases, count, each, context);
}
