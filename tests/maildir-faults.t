#!/bin/sh
# maildir-op where each system call that changes something fails, or the process is killed there: no mail is lost, none is doubled
# but by a kill where no rename can refuse to replace or a mail goes to another file system, and what the answer says is so.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
if ! command -v strace > /dev/null; then
  skip faults "no strace here"
  finish
fi
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/faults.py"
