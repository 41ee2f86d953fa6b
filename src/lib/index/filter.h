/* porter.search: for each mail a bit for every three neighbouring octets of the texts that a search looks at, in the form that is compared. A
 * text that holds a pattern has all threes of the pattern: so a clear bit is proof that it is not there, whatever the language. doc/index.md
 * has the layout and what was measured.
 *
 *   file    "porters1", instance 8, birth of the index 8; then entries
 *   entry   serial 4, log2 of the octets of bits 1, flags 1, check 2, bits
 */
#ifndef PORTER_INDEX_FILTER_H
#define PORTER_INDEX_FILTER_H

#include "index.h"

#define FILTER_NAME "porter.search"
#define FILTER_MAGIC "porters1"
#define FILTER_HEADER 24
#define FILTER_ENTRY 8         /* octets before the bits */
#define FILTER_OCTETS_MAX 8192 /* of bits: 64 Kibit */
#define FILTER_PATTERN_MIN 3   /* a shorter pattern has no threes */
enum { FILTER_FULL = 2 };      /* so much text that no bits tell anything: always read */

/* The bits of one mail, while they are made. */
typedef struct filter_bits_s filter_bits;
struct filter_bits_s {
  unsigned char set[FILTER_OCTETS_MAX];
  uint32_t last;
  unsigned int have; /* octets of the text so far, up to 2 */
};
extern void filter_bits_begin(filter_bits *b);
/* A sink_func: the next octets of a text; with s null, or by filter_bits_break, another text begins. */
extern int filter_bits_put(void *b, char const *s, size_t len);
extern void filter_bits_break(filter_bits *b);
#define FILTER_ENTRY_MAX (FILTER_ENTRY + FILTER_OCTETS_MAX)

/* Which mails cannot hold a pattern. */
typedef struct folder_filter_s folder_filter;
struct folder_filter_s {
  int dir;
  char const *name;
  uint64_t birth;
  uint64_t size; /* of the file as it was read; 0 where there was none that can be used */
  uint64_t inode;
  uint64_t entries;
  uint32_t serials;       /* below this */
  unsigned char *known;   /* a bit for each serial that has an entry */
  unsigned char *without; /* a bit for each that cannot hold all patterns */
  char *fresh;            /* entries to be written */
  size_t fresh_len, fresh_room, fresh_count;
};
#define FOLDER_FILTER_ZERO \
  { \
    .dir = -1 \
  }
/* Reads the file of that name, and finds which mails cannot hold all of the patterns. What cannot be read proves nothing. 0 where memory fails. */
extern int filter_read(folder_filter *f, int dir, char const *name, uint64_t birth, uint32_t serials, slice const *pattern, size_t count);
extern int filter_known(folder_filter const *f, uint32_t serial);
extern int filter_without(folder_filter const *f, uint32_t serial);
/* Keeps an entry for filter_write. */
extern int filter_add(folder_filter *f, filter_bits *b, uint32_t serial);
/* Leaves what was added behind, where the file is what was read; makes it where there is none. 0 with errno. */
extern int filter_write(folder_filter *f, int tmp, char const *unique);
/* Writes the file anew, with the entries of the serials that alive (a bit for each) has. */
extern int filter_rewrite(folder_filter *f, int tmp, char const *unique, unsigned char const *alive);
extern void filter_free(folder_filter *f);

#endif
