#!/bin/sh
# The index: system calls counted, failing and killing, torn files, rubbish in its place, clocks, copies and restores, -i and -I.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/index_faults.py"
