#!/bin/sh
# maildir-op Find: filters against a plain evaluation, pages, bounds, starts.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/find.py"
