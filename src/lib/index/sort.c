/* Sorting mails by what records say of them: stable, so that what is sorted by base first has its ties by base. */
#include <string.h>

#include "index.h"

#define FEW 40       /* up to this, insertion */
#define SEVERAL 1500 /* up to this, merging; beyond it, counting octet by octet */

static void insert_sort(index_item *list, size_t count)
{
  for (size_t i = 1; i < count; i++) {
    index_item const x = list[i];
    size_t k = i;
    for (; k && list[k - 1].key > x.key; k--) list[k] = list[k - 1];
    list[k] = x;
  }
}

static void merge(index_item *to, index_item const *a, size_t a_count, index_item const *b, size_t b_count)
{
  while (a_count && b_count) {
    if (b->key < a->key) *to++ = *b++, b_count--;
    else *to++ = *a++, a_count--;
  }
  memcpy(to, a, a_count * sizeof *a);
  memcpy(to + a_count, b, b_count * sizeof *b);
}

static void merge_sort(index_item *list, size_t count, index_item *spare)
{
  index_item *from = list, *to = spare, *swap;
  for (size_t i = 0; i < count; i += FEW) insert_sort(list + i, count - i < FEW ? count - i : FEW);
  for (size_t run = FEW; run < count; run *= 2) {
    for (size_t i = 0; i < count; i += 2 * run) {
      size_t const left = count - i < run ? count - i : run, right = count - i - left < run ? count - i - left : run;
      merge(to + i, from + i, left, from + i + left, right);
    }
    swap = from, from = to, to = swap;
  }
  if (from != list) memcpy(list, from, count * sizeof *list);
}

static void count_sort(index_item *list, size_t count, index_item *spare)
{
  size_t seen[8][256] = { { 0 } };
  index_item *from = list, *to = spare, *swap;
  for (size_t i = 0; i < count; i++)
    for (unsigned int d = 0; d < 8; d++) seen[d][list[i].key >> (8 * d) & 255]++;
  for (unsigned int d = 0; d < 8; d++) {
    size_t at = 0;
    if (seen[d][list[0].key >> (8 * d) & 255] == count) continue;
    for (unsigned int v = 0; v < 256; v++) {
      size_t const n = seen[d][v];
      seen[d][v] = at;
      at += n;
    }
    for (size_t i = 0; i < count; i++) to[seen[d][from[i].key >> (8 * d) & 255]++] = from[i];
    swap = from, from = to, to = swap;
  }
  if (from != list) memcpy(list, from, count * sizeof *list);
}

/* By base mails lie in order of arrival, and nearly in that of their dates. */
static int is_sorted(index_item const *list, size_t count)
{
  size_t i = 1;
  while (i < count && list[i - 1].key <= list[i].key) i++;
  return i >= count;
}

void index_sort(index_item *list, size_t count, index_item *spare)
{
  if (is_sorted(list, count)) return;
  if (count <= FEW) insert_sort(list, count);
  else if (count <= SEVERAL) merge_sort(list, count, spare);
  else count_sort(list, count, spare);
}

/* Eight octets of s, the first the most significant. */
static uint64_t octets_at(slice s, size_t at)
{
  uint64_t key = 0;
  if (at >= s.len) return 0;
  if (s.len - at >= 8) {
    memcpy(&key, s.s + at, 8);
    return be64toh(key);
  }
  for (size_t i = 0; i < 8; i++) key = key << 8 | (at + i < s.len ? (unsigned char)s.s[at + i] : 0);
  return key;
}

/* Those that are equal up to at. A text has at most 256 octets, so this goes 33 deep at most. */
static void sort_text_from(index_item *list, size_t count, index_item *spare, index_text_func *text, void const *context, size_t at)
{
  for (size_t i = 0; i < count; i++) list[i].key = octets_at(text(context, list[i].number), at);
  index_sort(list, count, spare);
  for (size_t i = 0, run; i < count; i += run) {
    for (run = 1; i + run < count && list[i + run].key == list[i].key; run++)
      ;
    /* Where the last octet is not there, all of the run have ended, and are equal. */
    if (run > 1 && (list[i].key & 255) && at < INDEX_TEXT_MAX) sort_text_from(list + i, run, spare, text, context, at + 8);
  }
}

void index_sort_text(index_item *list, size_t count, index_item *spare, index_text_func *text, void const *context)
{
  if (count > 1) sort_text_from(list, count, spare, text, context, 0);
}
