#!/bin/sh
# The index is never stale: on the file system of the test, on tmpfs, and where stamps are of one second. Without the rule that a stamp counts only
# once it is settled it is: else this tests nothing. The same of states where there is no index. INDEX_ROUNDS: how many rounds each (100).
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
rounds=${INDEX_ROUNDS:-100}
coarse=$work/coarse
shm=$(mktemp -d /dev/shm/porter-test.XXXXXX) || exit 111
test_cleanup() {
  rm -rf "$shm"
  ! mountpoint -q "$coarse" || umount "$coarse"
}

stale() { /usr/bin/python3 "$top/tests/maildir/index_stale.py" "$1" "$2" "${3:-$rounds}"; }
# Answers of Changes, without an index, that say that nothing happened where something had.
missed() { env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/states_bare.py" "$1" "$2" "$rounds"; }

is 'here' "$(stale "$bin/maildir-op" "$work/box")" 0
is 'on tmpfs' "$(stale "$bin/maildir-op" "$shm/box")" 0
is 'states here' "$(missed "$bin/maildir-op" "$work/states")" 0
is 'states on tmpfs' "$(missed "$bin/maildir-op" "$shm/states")" 0
mkdir "$coarse"
if truncate -s 64M "$work/image" && mkfs.ext4 -q -I 128 "$work/image" 2>/dev/null && mount -o loop "$work/image" "$coarse" 2>/dev/null; then
  is 'where stamps are of one second' "$(stale "$bin/maildir-op" "$coarse/box")" 0
  is 'states where stamps are of one second' "$(missed "$bin/maildir-op" "$coarse/states")" 0
  got=$(missed "$B/hook/unsettled" "$coarse/states-unsettled")
  ok "without the rule changes are missed ($got)" test "$got" -gt 0
  got=$(stale "$B/hook/unsettled" "$coarse/unsettled")
  ok "without the rule there are stale answers ($got)" test "$got" -gt 0
else
  skip 'where stamps are of one second' 'no loop mount'
  # tmpfs takes a file's old stamp for what is linked: one call in a hundred.
  got=$(stale "$B/hook/unsettled" "$shm/unsettled" 1500)
  ok "without the rule there are stale answers ($got)" test "$got" -gt 0
fi
finish
