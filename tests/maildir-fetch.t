#!/bin/sh
# maildir-op Fetch: many mails, lists of parts, texts, fields.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/fetch.py"
