#!/bin/sh
# maildir-op: what other programs, administrators and restores leave in a Maildir is served, and every error is told as what it is.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/others.py"
