#!/bin/sh
# maildir-op: the methods that change, Maildir++'s corners, and other clients at the same time.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/changes.py"
