#!/bin/sh
# Mails that break a rule, kind by kind, and their neighbours that must not change: each is read as its sender meant it, and lists,
# Show, sorting and search say the same (tests/maildir/meant.py).
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/meant.py"
