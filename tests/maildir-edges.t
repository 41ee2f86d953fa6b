#!/bin/sh
# maildir-op: each limit one below and one above, and that nothing is cut without a word; names that no folder can have, in every method.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/edges.py"
