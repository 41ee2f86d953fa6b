#!/bin/sh
# maildir-op: mails and uploads are stored, from memory, files, pipes and frames; whole or not at all.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" STUB="$B/stub" PEAK="$B/stub/peak" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/store.py"
