/* The octets of a folder's index, porter.index: one image and the segments behind it. doc/index.md has the layout and the reasons;
 * numbers are little-endian. What is read here was written by the mailbox's owner: nothing of it is used before its bounds are
 * checked, and nothing is mapped. */
#ifndef PORTER_INDEX_FORMAT_H
#define PORTER_INDEX_FORMAT_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include <porter/slice.h>

#define INDEX_NAME "porter.index"
#define INDEX_MAGIC "porteri1"
#define INDEX_FORMAT 4
#define INDEX_HEADER 512          /* octets of the header */
#define INDEX_RECORD 64           /* of a record */
#define INDEX_SEGMENT 152         /* of a segment before its operations */
#define INDEX_OPERATION 16        /* of an operation before what it brings */
#define INDEX_GONE 13             /* of an entry of GONE before its base */
#define INDEX_ALIGN 64            /* sections begin at multiples of it */
#define INDEX_BLOCK 4096          /* of an order, for each of which SUMS has a check */
#define INDEX_SEGMENTS_MAX 262144 /* of all segments together */
#define INDEX_FILE_MAX (UINT64_C(4) << 30)
#define INDEX_MAILS_MAX (UINT32_C(1) << 30)
#define INDEX_TEXT_MAX 256 /* of a sender's or a subject's key */
#define INDEX_REFERENCES_MAX 255
#define INDEX_NAME_MAX 255
#define INDEX_PROVISIONAL_MAX 100 /* mails whose keys are made anew by every call */
#define INDEX_GONE_MAX 4096       /* of GONE, or a quarter of the mails */
#define INDEX_KEY 16              /* octets of a key of SipHash */

/* Changes with what the keys in a record are made by (folding, base subjects, ids, dates, addresses, names). With it goes what a call reads text
 * without a charset in: an index, or a table of threads, of another version is made anew. */
#define INDEX_KEYS_VERSION 4
#define INDEX_KEYS_ANY 0 /* whatever version, for who looks at no keys */

static inline uint16_t get16(char const *s)
{
  uint16_t u;
  memcpy(&u, s, 2);
  return le16toh(u);
}

static inline uint32_t get32(char const *s)
{
  uint32_t u;
  memcpy(&u, s, 4);
  return le32toh(u);
}

static inline uint64_t get64(char const *s)
{
  uint64_t u;
  memcpy(&u, s, 8);
  return le64toh(u);
}

static inline void put16(char *s, uint16_t u)
{
  u = htole16(u);
  memcpy(s, &u, 2);
}

static inline void put32(char *s, uint32_t u)
{
  u = htole32(u);
  memcpy(s, &u, 4);
}

static inline void put64(char *s, uint64_t u)
{
  u = htole64(u);
  memcpy(s, &u, 8);
}

enum index_section {
  SECTION_NAMES,
  SECTION_INODES,
  SECTION_RECORDS,
  SECTION_TEXT,
  SECTION_ORDERS, /* the six of them follow each other: date, size, sender, subject, arrival, base */
  SECTION_GONE = SECTION_ORDERS + 6,
  SECTION_SUMS,
  SECTION_PROVISIONAL,
  SECTIONS
};
enum { INDEX_ORDERS = 6, INDEX_BY_BASE = 5 }; /* the first five are those of enum order_by */

typedef struct index_stretch_s index_stretch;
struct index_stretch_s {
  uint64_t at, len;
};

typedef struct index_header_s index_header;
struct index_header_s {
  uint64_t instance, birth, image, sequence, gone_since, keys_version;
  uint32_t n, n_new, serial;
  uint32_t threadless; /* mails of the image that have no thread yet, and may get one */
  index_stretch section[SECTIONS];
};
/* 1; 0 where the INDEX_HEADER octets of s are no header of an index of that version (INDEX_KEYS_ANY: of any) that file_size octets can hold. */
extern int index_header_unpack(index_header *h, char const *s, uint64_t file_size, uint64_t keys_version);
extern void index_header_pack(char *s, index_header const *h);

/* A record's flags: has an attachment, has none; another inode has its base; it has several names (hard links). */
enum { INDEX_ATTACHED = 1, INDEX_BARE = 2, INDEX_TWIN = 4, INDEX_LINKED = 8, INDEX_FLAGS_MAX = 127 };

typedef struct index_record_s index_record;
struct index_record_s {
  int64_t date, arrival;
  uint64_t size, message_id;
  uint64_t thread; /* its id; 0: none was given yet */
  uint32_t serial, sequence, name_at, text_at, check;
  uint16_t sender_len, subject_len, flags;
  unsigned char provisional;
};
extern void index_record_unpack(index_record *r, char const *s);
extern void index_record_pack(char *s, index_record const *r);
/* Where in a packed record its fields lie. */
enum {
  RECORD_DATE = 0,
  RECORD_ARRIVAL = 8,
  RECORD_SIZE = 16,
  RECORD_MESSAGE_ID = 24,
  RECORD_SERIAL = 32,
  RECORD_SEQUENCE = 36,
  RECORD_NAME = 40,
  RECORD_TEXT = 44,
  RECORD_SENDER = 48,
  RECORD_SUBJECT = 50,
  RECORD_THREAD = 52,
  RECORD_CHECK = 60
};
#define RECORD_PROVISIONAL 0x8000u /* in the length of the sender's key */
#define RECORD_FLAGS_SHIFT 9       /* above the length of the subject's key */
#define RECORD_SUBJECT_MASK ((1u << RECORD_FLAGS_SHIFT) - 1)
/* Octets of both keys of a packed record, and 1; 0 where one breaks its bound. */
extern size_t index_record_keys(char const *s);
/* The check that a record's last field must have; packed is the record as it lies there. */
extern uint32_t index_record_check(char const *packed, uint64_t inode, slice name, slice text);

/* What statx said of new or cur, and when the clock that makes stamps was read before that. */
typedef struct index_stamp_s index_stamp;
struct index_stamp_s {
  uint64_t changed, modified, clock; /* ctime, mtime, nanoseconds */
  uint64_t inode, device, flags;
};
enum { STAMP_REMOTE = 1 }; /* the file system is a remote one: another clock may make its stamps */

typedef struct index_segment_s index_segment;
struct index_segment_s {
  uint32_t len, operations, threads; /* threads: how many of the operations tell nothing but a thread */
  uint64_t sequence, check;
  index_stamp stamp[2];
  uint64_t mails, unread, octets;
};
/* Where in a packed segment some of them lie. */
enum { SEGMENT_LEN = 4, SEGMENT_SEQUENCE = 8, SEGMENT_CHECK = 16, SEGMENT_OPERATIONS = 144, SEGMENT_THREADS = 148 };
/* 1 where a whole segment stands at s, of which len octets are there, and its check is right. */
extern int index_segment_unpack(index_segment *g, char const *s, size_t len, uint64_t instance);
/* The head of one that was unpacked before. */
extern void index_segment_head(index_segment *g, char const *s);
/* Writes the head; the check is made over all len octets of s, of which the operations are there already. */
extern void index_segment_pack(char *s, index_segment const *g, uint64_t instance);

enum index_kind { INDEX_ADD = 1, INDEX_GO, INDEX_RENAME, INDEX_KEYS, INDEX_THREAD };

typedef struct index_operation_s index_operation;
struct index_operation_s {
  unsigned char kind, where;
  uint32_t number;
  uint64_t inode;
  slice name;          /* ADD, RENAME */
  index_record record; /* ADD, KEYS; its check is not used */
  slice text;          /* ADD, KEYS: as in TEXT */
  uint64_t thread;     /* THREAD */
};
/* The octets that o takes; 0 where it breaks a bound or more than len octets of s would be needed. Slices point into s. */
extern size_t index_operation_unpack(index_operation *o, char const *s, size_t len);
/* Returns the length. With s null only that. */
extern size_t index_operation_pack(char *s, index_operation const *o);

/* Whether it is a name that a mail's file may have. */
extern int index_name_ok(slice name);
/* Whether text is that of r: both keys valid UTF-8 without NUL, within their bounds, the references counted. */
extern int index_text_ok(slice text, index_record const *r);

#define INDEX_CHECK_LONG 128 /* octets from which on it is made of four words at a time */
/* Against accidents: any change is seen. Against who makes them on purpose stand the bounds. */
extern uint64_t index_check(uint64_t seed, void const *p, size_t len);
/* SipHash-2-4 (Aumasson, Bernstein): for tables of what comes from senders, who must not choose what meets there. */
extern uint64_t index_siphash(char const key[INDEX_KEY], void const *p, size_t len);
/* The hash of an id, which is the same in every index (threads are made of it): SipHash with a key of NULs, never 0, which is none. Who makes two ids
 * meet has them in one thread, as he would by naming one in the other. */
extern uint64_t index_id_hash(slice id);

#endif
