/* The walk of a Find: a cursor for each folder, the next mail of all is the next of theirs. The order is total: key, base, inode, then folder,
 * so that a place in it is one in all folders.
 *
 * What can go wrong, and the rule for it:
 *
 *   a folder is not there, or may not be read        a failure where it was named, else it has no mails
 *   several folders have a mail with the key and     those in folders before the place's own lie before it, those in folders behind it
 *   the mid of a place                               behind it
 *   the bound's folder is not among those asked      the place lies where that folder would, between mails of equal keys
 *   a bound is a mid alone                           its mail has to be there, in its folder, else in the first that has it
 *   a filter knows one folder at a time              each lane enters it before it is asked for a mail
 *
 * tests/maildir-find.t against a plain evaluation; places of bounds that a client made: tests/maildir-bounds.t, on the same functions of bound.c. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>

#include "find.h"

/* One folder's share of the walk. */
struct find_lane_s {
  keywords k;
  cursor *c;     /* null: the folder is not there */
  order_key key; /* the next mail, where there is one */
  int there;
};

static int match(void *context, folder *f, mail_entry *e, slice const *octets) { return filter_match(context, f, e, octets); }

int find_open(find *fi)
{
  fi->lane = arena_array(fi->call->a, fi->s.count + 1, sizeof *fi->lane);
  fi->heap = arena_array(fi->call->a, fi->s.count + 1, sizeof *fi->heap);
  if (!fi->lane || !fi->heap) return method_temporary(fi->call, "take memory");
  for (size_t i = 0; i < fi->s.count; i++) {
    int there = scope_open(&fi->s, i);
    if (there <= 0 && fi->request->n_folders) return scope_fail(&fi->s, i);
    if (there < 0) return method_temporary(fi->call, "read folder");
    if (!there) continue;
    if (!folder_keywords(fi->s.f[i], &fi->lane[i].k, fi->call->a) || !filter_enter(fi->filter, fi->s.f[i], &fi->lane[i].k, fi->s.name[i], i))
      return method_temporary(fi->call, "read keywords");
    if (!cursor_open(&fi->lane[i].c, fi->s.f[i], fi->by, fi->request->filter ? match : NULL, fi->filter))
      return method_temporary(fi->call, "read mail");
    filter_narrow(fi->filter, fi->lane[i].c);
  }
  return EXIT_DONE;
}

/* The filter knows one folder at a time: before a lane is asked for a mail, it enters that lane's. */
static int step(find *fi, size_t i)
{
  find_lane *l = fi->lane + i;
  if (!filter_enter(fi->filter, fi->s.f[i], &l->k, fi->s.name[i], i)) return 0;
  l->there = cursor_next(l->c, &l->key);
  return l->there >= 0;
}

/* --- which lane is next: a heap, with the next one on top --- */

/* Whether lane a is to be asked before lane b. */
static int comes_first(find const *fi, size_t a, size_t b)
{
  int r = order_compare(&fi->lane[a].key, &fi->lane[b].key);
  if (!r) r = (a > b) - (a < b);
  return fi->backwards ? r > 0 : r < 0;
}

static void sink_lane(find *fi, size_t at)
{
  for (size_t low; (low = 2 * at + 1) < fi->waiting; at = low) {
    size_t const lane = fi->heap[at];
    if (low + 1 < fi->waiting && comes_first(fi, fi->heap[low + 1], fi->heap[low])) low++;
    if (!comes_first(fi, fi->heap[low], lane)) return;
    fi->heap[at] = fi->heap[low];
    fi->heap[low] = lane;
  }
}

int find_seek(find *fi, hit const *from, int at_folder, int backwards, int with_place)
{
  fi->backwards = backwards;
  fi->waiting = 0;
  for (size_t i = 0; i < fi->s.count; i++) {
    int beyond = from && (backwards ? i < from->folder : i >= from->folder + (size_t)at_folder), at = from && at_folder && i == from->folder;
    if (!fi->lane[i].c) continue;
    cursor_seek(fi->lane[i].c, from ? &from->key : NULL, backwards, at ? with_place : beyond);
    if (!step(fi, i)) return 0;
    if (fi->lane[i].there) fi->heap[fi->waiting++] = i;
  }
  for (size_t i = fi->waiting / 2; i--;) sink_lane(fi, i);
  return 1;
}

int find_next(find *fi, hit *h)
{
  size_t const best = fi->heap[0];
  if (!fi->waiting) return 0;
  *h = (hit){ best, fi->lane[best].key };
  if (!step(fi, best)) return -1;
  if (!fi->lane[best].there) fi->heap[0] = fi->heap[--fi->waiting];
  sink_lane(fi, 0);
  return 1;
}

void find_close(find *fi)
{
  for (size_t i = 0; fi->lane && i < fi->s.count; i++) cursor_close(fi->lane[i].c);
}

/* --- places --- */

/* Where a folder of that name stands, or would. */
static size_t folder_place(find const *fi, char const *name, int *there)
{
  slice const wanted = { name, strlen(name) };
  size_t i = 0;
  while (i < fi->s.count && slice_compare(fi->s.name[i], wanted) < 0) i++;
  *there = i < fi->s.count && slice_same(fi->s.name[i], wanted);
  return i;
}

/* A mid alone: the mail must be there; in the folder that is named with it, else in the first that has it. */
static int find_mail(find *fi, Porter__Bound const *b)
{
  size_t i = fi->bound.folder;
  slice id = { b->id, strlen(b->id) };
  if (fi->at_folder && folder_find(fi->s.f[i], id)) return EXIT_DONE;
  for (i = 0; i < fi->s.count; i++) {
    if (!fi->s.f[i] || !folder_find(fi->s.f[i], id)) continue;
    fi->bound.folder = i;
    fi->at_folder = 1;
    return EXIT_DONE;
  }
  return method_fail(fi->call, PORTER__ERROR__CODE__NO_SUCH_MAIL, "no such mail", id, 0);
}

int find_bound(find *fi)
{
  Porter__Bound const *b = fi->request->bound;
  int code = EXIT_DONE;
  fi->bounded = b && (*b->param || *b->id || *b->date);
  if (!fi->bounded) return EXIT_DONE;
  if (*b->date && !*b->param && !*b->id) return bound_date(fi->call, fi->by, fi->descending, b->date, &fi->bound.key);
  fi->bound.folder = folder_place(fi, b->folder, &fi->at_folder);
  if (fi->at_folder && !fi->s.f[fi->bound.folder]) fi->at_folder = 0;
  if (!*b->param) code = find_mail(fi, b);
  if (code != EXIT_DONE) return code;
  if (fi->at_folder) return bound_place(fi->call, fi->s.f[fi->bound.folder], fi->by, b, &fi->bound.key);
  if (order_key_bound(&fi->bound.key, fi->by, fi->call->a, (slice){ b->param, strlen(b->param) }, (slice){ b->id, strlen(b->id) })) return EXIT_DONE;
  if (errno != EINVAL) return method_temporary(fi->call, "take memory");
  return method_fail(fi->call, PORTER__ERROR__CODE__BAD_REQUEST, "no place in this order:", (slice){ b->param, strlen(b->param) }, 0);
}
