#!/bin/sh
# maildir-op's conversations of mailing lists that come in order, late and shuffled, against the rule read independently and against union-find.
# LISTS: files in mbox format of real lists; LISTS_SEED: other lists, other orders.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/lists.py"
