#!/bin/sh
# The index while others change the mailbox and calls are killed: never a wrong count. INDEX_SECONDS: how long (6).
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/index_storm.py"
