/* The log of messages: records in two segments, the head says how far each is valid. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/types.h>

#include "bus_internal.h"

/* As a record begins on disk, in the machine's own order: the log never leaves it. Source, destination and text follow, then
 * padding to 8. */
struct record {
  uint64_t id, to;
  uint32_t length, uid; /* length: of all, with the padding */
  uint16_t text;
  uint8_t source, destination;
  uint32_t zero;
};
#define RECORD_LENGTH(source, destination, text) ((sizeof(struct record) + (source) + (destination) + (text) + 7) & ~(size_t)7)

/* --- posting --- */

int bus_post_open(bus *b)
{
  b->batched = 0;
  b->named_count = 0;
  b->wake_all = 0;
  for (unsigned int tries = 0; tries < BUS_TRIES; tries++) {
    if (!bus_enter(b)) return 0;
    if (bus_load(b, &b->slot) && bus_segment_open(b, b->slot.cur_first)) return b->batch_first = b->slot.next_id, 1;
    if (errno != ENOENT) return bus_exit(b), 0;
    bus_broken(b);
  }
  return errno = ESTALE, 0;
}

/* What was batched goes to the log and becomes true. */
static int batch_flush(bus *b)
{
  size_t done = 0;
  if (!b->batched) return 1;
  if (!bus_segment_open(b, b->slot.cur_first)) return 0;
  while (done < b->batched) {
    ssize_t n = pwrite(b->segment, b->scratch + done, b->batched - done, (off_t)(b->slot.cur_end + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno = n ? errno : EIO, 0;
    done += (size_t)n;
  }
  b->slot.cur_end += done;
  b->batched = 0;
  bus_commit(b, &b->slot);
  return 1;
}

/* A new current segment; the current one becomes the older one, and that goes. */
static int segment_switch(bus *b, bus_slot *slot)
{
  bus_slot next = *slot;
  if (!bus_segment_make(b->dir, slot->next_id)) return 0;
  next.old_first = slot->cur_first;
  next.old_end = slot->cur_end;
  next.cur_first = slot->next_id;
  next.cur_end = 0;
  bus_commit(b, &next);
  *slot = next;
  bus_segment_purge(b->dir, slot);
  return 1;
}

/* Room for so many octets, in scratch and in the segment. */
static int log_room(bus *b, size_t length)
{
  if (b->batched + length > sizeof b->scratch && !batch_flush(b)) return 0;
  if (b->slot.cur_end + b->batched + length <= BUS_SEGMENT) return 1;
  return batch_flush(b) && segment_switch(b, &b->slot);
}

/* Who has that name: his serial, his uid, his fifo to wake. */
static int destination_find(bus *b, slice name, struct record *r)
{
  char path[5 + CONTROL_NAME_MAX + 1], link[BUS_PATH];
  ssize_t n;
  int fd;
  if (name.len > CONTROL_NAME_MAX) return errno = ENOENT, 0;
  memcpy(stpcpy(path, "name/"), name.s, name.len);
  path[5 + name.len] = 0;
  n = readlinkat(b->dir, path, link, sizeof link - 1);
  if (n < 0) return 0;
  link[n] = 0;
  if (strncmp(link, "../conn/", 8) || !bus_conn_scan(link + 8, &r->to, &r->uid)) return errno = EPROTO, 0;
  /* Who posts to himself looks anyway. */
  if (r->to == b->serial) return 1;
  if (b->named_count == BUS_NAMED) return errno = ENOBUFS, 0;
  fd = bus_fifo_open(b, path);
  if (fd < 0) return errno = errno == ENXIO ? ENOENT : errno, 0;
  b->named[b->named_count++] = fd;
  return 1;
}

int bus_post(bus *b, slice destination, slice text, uint64_t *id)
{
  struct record r = { .id = b->slot.next_id, .uid = BUS_UID_NONE, .text = (uint16_t)text.len };
  size_t source = strlen(b->name), length = RECORD_LENGTH(source, destination.len ? destination.len : 3, text.len);
  char *s;
  if (!destination.len) b->wake_all = 1, destination = (slice){ .s = "all", .len = 3 };
  else if (!destination_find(b, destination, &r)) return 0;
  /* A segment that is full is left before the message has its id: ids begin segments. */
  if (!log_room(b, length)) return errno == ENOENT ? (errno = ESTALE, 0) : 0;
  r.length = (uint32_t)length;
  r.source = (uint8_t)source;
  r.destination = (uint8_t)destination.len;
  s = b->scratch + b->batched;
  memset(s + length - 8, 0, 8);
  memcpy(s, &r, sizeof r);
  s += sizeof r;
  memcpy(s, b->name, source);
  memcpy(s + source, destination.s, destination.len);
  memcpy(s + source + destination.len, text.s, text.len);
  b->batched += length;
  *id = b->slot.next_id++;
  return 1;
}

int bus_post_close(bus *b, uint64_t *next)
{
  int good = batch_flush(b), e = errno;
  bus_slot slot;
  if (!good && bus_load(b, &slot)) b->slot = slot;
  *next = b->slot.next_id;
  /* The bell is rung at most once for each id. */
  if (*next / BUS_BELL != b->batch_first / BUS_BELL) bus_bell_trim(b);
  bus_exit(b);
  return errno = e, good;
}

/* --- reading --- */

/* The record at s, of which there are len octets, as the one that must be at that place. 0: it is not there whole, or is no record. */
static int record_scan(bus_record *record, char const *s, size_t len, bus_cursor const *at)
{
  struct record r;
  if (len < sizeof r) return 0;
  memcpy(&r, s, sizeof r);
  if (r.length > len || r.id != at->id || !r.text || r.text > CONTROL_TEXT_MAX || r.source > CONTROL_NAME_MAX || !r.destination
    || r.destination > CONTROL_NAME_MAX || r.length != RECORD_LENGTH(r.source, r.destination, r.text))
    return 0;
  s += sizeof r;
  record->id = r.id;
  record->to = r.to;
  record->uid = r.uid;
  record->source = (slice){ .s = s, .len = r.source };
  record->destination = (slice){ .s = s + r.source, .len = r.destination };
  record->text = (slice){ .s = s + r.source + r.destination, .len = r.text };
  record->at = *at;
  return (int)r.length;
}

/* The records from at to end, at most one piece of scratch. 1; 0 errno; -1: each said stop. */
static int scan_piece(bus *b, bus_cursor *at, uint64_t end, bus_each_func *each, void *context)
{
  size_t want = end - at->offset < sizeof b->scratch ? (size_t)(end - at->offset) : sizeof b->scratch, done = 0;
  ssize_t n = pread(b->segment, b->scratch, want, (off_t)at->offset);
  if (n < 0) return 0;
  for (;;) {
    bus_record record;
    int length = record_scan(&record, b->scratch + done, (size_t)n - done, at);
    if (!length) break;
    if (!(*each)(context, &record)) return -1;
    done += (size_t)length;
    at->offset += (uint64_t)length;
    at->id++;
  }
  return done ? 1 : (errno = EBADMSG, 0);
}

int bus_scan(bus *b, bus_cursor *at, bus_each_func *each, void *context)
{
  bus_slot slot;
  unsigned int gone = 0;
  if (!bus_load(b, &slot)) return 0;
  for (;;) {
    uint64_t end;
    if (at->segment == slot.cur_first) end = slot.cur_end;
    else if (slot.old_first && at->segment == slot.old_first) end = slot.old_end;
    else {
      /* The log turned over below us. */
      uint64_t first = bus_first(&slot);
      if (first > at->id) at->lost += first - at->id;
      at->id = at->segment = first;
      at->offset = 0;
      continue;
    }
    if (at->offset >= end) {
      if (at->segment == slot.cur_first) return 1;
      at->segment = slot.cur_first;
      at->offset = 0;
      if (at->id != at->segment) return errno = EBADMSG, 0;
      continue;
    }
    if (!bus_segment_open(b, at->segment)) {
      /* It may have gone between the look at the head and now; a log cannot turn over that often meanwhile. */
      if (errno != ENOENT) return 0;
      if (++gone > 8) return errno = EBADMSG, 0;
      if (!bus_load(b, &slot)) return 0;
      continue;
    }
    switch (scan_piece(b, at, end, each, context)) {
    case 0: return 0;
    case -1: return 1;
    }
  }
}

int bus_heal(bus *b, bus_cursor const *at)
{
  bus_slot slot;
  int good;
  if (!bus_enter(b)) return 0;
  good = bus_load(b, &slot);
  /* The current segment becomes the older one first: then it can be forgotten like that one. */
  if (good && at->segment == slot.cur_first && slot.next_id > slot.cur_first) good = segment_switch(b, &slot);
  if (good && at->segment == slot.old_first) {
    slot.old_first = slot.old_end = 0;
    bus_commit(b, &slot);
    bus_segment_release(b);
    bus_segment_purge(b->dir, &slot);
  }
  if (!good && errno == ENOENT) return bus_broken(b), errno = ESTALE, 0;
  bus_exit(b);
  return good;
}
