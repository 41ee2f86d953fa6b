#!/bin/sh
# maildir-op where each system call that changes something fails, or the process is killed there: no mail is lost or doubled, and what
# the answer says is so.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
if ! command -v strace > /dev/null; then
  skip faults "no strace here"
  finish
fi
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/faults.py"
