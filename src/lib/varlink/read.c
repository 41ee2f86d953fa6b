/* Reading calls. A message has no length in front of it, so what follows its NUL may have been read too, and is kept.
 *
 *   what is there           NUL in it    no NUL                          end of file    nothing in time
 *   nothing                 -            read                            FRAME_END      FRAME_IDLE
 *   part of a message       give it out  read; beyond the limit:         FRAME_CUT      FRAME_LATE
 *                                        FRAME_LENGTH
 */
#include <errno.h>
#include <string.h>

#include <porter/varlink.h>

/* Makes room behind what is there. */
static void move_down(varlink_input *in)
{
  if (in->start) memmove(in->s, in->s + in->start, in->end - in->start);
  in->end -= in->start;
  in->start = 0;
}

enum frame_status varlink_next(varlink_input *in, slice *message)
{
  int64_t const patience = (int64_t)in->patience * 1000;
  int64_t deadline = frame_clock() + patience;
  size_t seen = 0, mark = FRAME_PIECE; /* octets of this message: without a NUL; that must have come by the deadline */
  for (;;) {
    size_t have = in->end - in->start;
    char const *nul = have > seen ? memchr(in->s + in->start + seen, 0, have - seen) : NULL;
    ssize_t r;
    if (nul) {
      *message = (slice){ in->s + in->start, (size_t)(nul - in->s) - in->start };
      in->start += message->len + 1;
      return FRAME_OK;
    }
    seen = have;
    if (have > VARLINK_MESSAGE_MAX) return FRAME_LENGTH;
    move_down(in);
    r = frame_some(in->fd, in->s + in->end, sizeof in->s - in->end < FRAME_PIECE ? sizeof in->s - in->end : FRAME_PIECE, deadline);
    if (!r) return have ? FRAME_CUT : FRAME_END;
    if (r < 0) return errno != ETIMEDOUT ? FRAME_SYSTEM : have ? FRAME_LATE : FRAME_IDLE;
    in->end += (size_t)r;
    if (in->end >= mark) {
      mark = in->end + FRAME_PIECE;
      deadline = frame_clock() + patience;
    }
  }
}
