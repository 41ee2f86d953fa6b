#!/bin/sh
# maildir-op: Move, Copy, SetFlags and Remove with keywords, anywhere, exactly.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/carry.py"
