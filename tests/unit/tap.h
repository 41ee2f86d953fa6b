/* TAP for unit tests in C: ok, is_int, is_str, is_bytes, done. */
#ifndef PORTER_TESTS_TAP_H
#define PORTER_TESTS_TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused))
static int ok(int good, char const *format, ...)
{
  va_list args;
  va_start(args, format);
  printf("%sok %d - ", good ? "" : "not ", ++tap_count);
  vprintf(format, args);
  putchar('\n');
  va_end(args);
  if (!good) tap_failed++;
  return good;
}

__attribute__((unused))
static int is_int(long long got, long long want, char const *name)
{
  int good = ok(got == want, "%s", name);
  if (!good) printf("# got %lld, want %lld\n", got, want);
  return good;
}

__attribute__((unused))
static int is_bytes(char const *got, size_t got_len, char const *want, size_t want_len, char const *name)
{
  int good = ok(got_len == want_len && (!want_len || !memcmp(got, want, want_len)), "%s", name);
  if (!good) printf("# got  '%.*s' (%zu)\n# want '%.*s' (%zu)\n", (int)got_len, got ? got : "", got_len, (int)want_len, want ? want : "", want_len);
  return good;
}

__attribute__((unused))
static int is_str(char const *got, char const *want, char const *name)
{
  return is_bytes(got ? got : "(null)", got ? strlen(got) : 6, want, strlen(want), name);
}

__attribute__((unused))
static int done(void)
{
  printf("1..%d\n", tap_count);
  return tap_failed != 0;
}

#endif
