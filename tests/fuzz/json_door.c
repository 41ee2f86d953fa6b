/* Any octets as what comes to a door in JSON: no more values than were counted, KeepOpen's nothing, an error in a response. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include <porter/frame.h>
#include <porter/message_json.h>
#include <porter/text.h>

#include "check.h"

/* Values and names of what jansson has made. */
static size_t count(json_t const *value)
{
  size_t n = 1;
  if (json_is_array(value)) for (size_t i = 0; i < json_array_size(value); i++) n += count(json_array_get(value, i));
  if (json_is_object(value))
    for (void *i = json_object_iter((json_t *)value); i; i = json_object_iter_next((json_t *)value, i)) n += 1 + count(json_object_iter_value(i));
  return n;
}

static void keep_open(uint8_t const *data, size_t size)
{
  int fd = memfd_create("fuzz", MFD_CLOEXEC);
  check(fd >= 0 && write(fd, data, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET));
  enum frame_status status = frame_keep_open_read(fd, (uint32_t)size, 1, 1);
  json_t *value = json_loadb((char const *)data, size, 0, NULL);
  check(status == FRAME_OK || status == FRAME_CONTENT);
  check(!size || size > 64 || (status == FRAME_OK) == (json_is_object(value) && !json_object_size(value)));
  json_decref(value);
  close(fd);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  slice json = { (char const *)data, size };
  json_t *value = json_loadb(json.s, json.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
  char text[TEXT_ESCAPE_MAX + 1];
  int error, found = json_failure_find(json, &error, text);
  if (value) check(count(value) <= json_values(json));
  json_decref(value);
  check(found >= -1 && found <= 1 && error >= 0 && strlen(text) <= TEXT_ESCAPE_MAX);
  if (found <= 0) check(!error);
  keep_open(data, size);
  return 0;
}
