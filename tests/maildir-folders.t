#!/bin/sh
# maildir-op: folders are renamed, removed and emptied, whole or not at all, beside deliveries and killed at each call.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cp "$B/hook/hurried" "$work" || exit 111
env WORK="$work" BIN="$bin" STUB="$B/stub" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/folders.py"
