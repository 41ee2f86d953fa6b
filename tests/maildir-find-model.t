#!/bin/sh
# maildir-op Find: filters to 10 deep against an independent reader, on mails of all kinds and on odd ones, without an index and with one.
# FIND_SEED and FIND_LEAVES: other mails and filters, and how many of these.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/find_model.py"
