/* Which descriptors go on to the next program. */
#ifndef PORTER_DESCRIPTORS_H
#define PORTER_DESCRIPTORS_H

#define DESCRIPTORS_MAX 16

typedef struct descriptors_s descriptors;
struct descriptors_s {
  unsigned int n;
  unsigned int fd[DESCRIPTORS_MAX]; /* ascending */
};
/* Adds those that s lists, decimal with commas between. 1, or 0 for what is no such list, or too long a one. */
extern int descriptors_scan(descriptors *d, char const *s);
extern int descriptors_add(descriptors *d, unsigned int fd);
/* Closes every descriptor above 2 but those. */
extern void descriptors_close_others(descriptors const *d);

#endif
