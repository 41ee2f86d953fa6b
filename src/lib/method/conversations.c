/* Threads for the methods: asked for, told mail by mail, numbered. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <porter/exit.h>
#include <porter/hex.h>
#include "conversations.h"

/* An id's octets are in the order of the hash that it is. */
void conversations_id(uint64_t id, char *s)
{
  char octets[8];
  for (int i = 0; i < 8; i++) octets[i] = (char)(id >> (8 * i));
  s[id ? hex_fmt(s, octets, sizeof octets, HEX_LOWER) : 0] = 0;
}

char *conversations_build(arena *a, uint64_t id)
{
  char s[THREAD_ID_LEN + 1];
  conversations_id(id, s);
  return arena_copy(a, s, strlen(s));
}

uint64_t conversations_scan(char const *s)
{
  char octets[8];
  uint64_t id = 0;
  if (strlen(s) != THREAD_ID_LEN || strspn(s, HEX_LOWER) != THREAD_ID_LEN || !hex_scan(octets, s, THREAD_ID_LEN)) return 0;
  for (int i = 0; i < 8; i++) id |= (uint64_t)(unsigned char)octets[i] << (8 * i);
  return id;
}

int conversations_of(method_call *call, folder *f)
{
  void (*const reading)(mailbox const *, int) = call->box->reading;
  int good;
  /* Threads are the mailbox's: all folders may have to be looked into, and porter.threads be written. */
  call->box->reading = NULL;
  good = folders_thread(call->box, &f, 1);
  call->box->reading = reading;
  return good ? EXIT_DONE : method_temporary(call, "read mail");
}

int conversations_make(scope *s, int named)
{
  for (size_t i = 0; i < s->count; i++) {
    int there = scope_open(s, i);
    if (there <= 0 && named) return scope_fail(s, i);
    if (there < 0) return method_temporary(s->call, "read folder");
  }
  return folders_thread(s->call->box, s->f, s->count) ? EXIT_DONE : method_temporary(s->call, "read mail");
}

static int tell(scope *s, int names, thread_set const *only, folder_line *each, void *context)
{
  for (size_t i = 0; i < s->count; i++)
    if (s->f[i] && !folder_lines(s->f[i], names, only, each, context)) return 0;
  return 1;
}

int conversations_lines(scope *s, int names, thread_set const *only, folder_line *each, forget_func *forget, void *context)
{
  if (tell(s, names, only, each, context)) return EXIT_DONE;
  forget(context);
  if (!folders_thread(s->call->box, s->f, s->count) || !tell(s, names, only, each, context)) return method_temporary(s->call, "read mail");
  return EXIT_DONE;
}

/* --- numbers --- */

static size_t place_of(thread_numbers const *t, uint64_t id)
{
  uint64_t h = (id ^ t->secret[0]) * t->secret[1];
  size_t i;
  h = (h ^ h >> 32) * t->secret[1];
  i = (h >> 32) & t->mask;
  while (t->slot[i] && t->id[t->slot[i] - 1] != id) i = (i + 1) & t->mask;
  return i;
}

static int take_secret(thread_numbers *t)
{
  if (getrandom(t->secret, sizeof t->secret, 0) != sizeof t->secret) return 0;
  t->secret[1] |= 1;
  return 1;
}

static int grow(thread_numbers *t)
{
  uint32_t const room = t->room ? 2 * t->room : 256;
  uint64_t *id = t->room < UINT32_MAX / 4 ? realloc(t->id, room * sizeof *id) : NULL;
  uint32_t *slot;
  if (!id) return 0;
  t->id = id;
  if (!t->room && !take_secret(t)) return 0;
  if (!(slot = calloc(2 * (size_t)room, sizeof *slot))) return 0;
  free(t->slot);
  t->slot = slot;
  t->mask = 2 * (size_t)room - 1;
  t->room = room;
  for (uint32_t i = 0; i < t->count; i++) t->slot[place_of(t, t->id[i])] = i + 1;
  return 1;
}

uint32_t thread_number(thread_numbers *t, uint64_t id)
{
  size_t i;
  if (t->count == t->room && !grow(t)) return UINT32_MAX;
  i = place_of(t, id);
  if (t->slot[i]) return t->slot[i] - 1;
  t->id[t->count++] = id;
  return (t->slot[i] = t->count) - 1;
}

uint32_t thread_number_find(thread_numbers const *t, uint64_t id) { return t->room ? t->slot[place_of(t, id)] - 1 : UINT32_MAX; }

void thread_numbers_free(thread_numbers *t)
{
  free(t->id);
  free(t->slot);
  *t = (thread_numbers){ .id = NULL };
}
