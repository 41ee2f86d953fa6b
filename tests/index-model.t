#!/bin/sh
# The index: every method's answer is the same with it and without it, whatever happens to the mailbox.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/index_model.py"
