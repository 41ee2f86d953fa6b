#!/bin/sh
# Bounds that a client made itself: a mail is a place whatever is beside its mid; one that has gone is the place of what was seen of it.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/bounds.py"
