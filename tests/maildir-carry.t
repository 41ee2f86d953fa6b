#!/bin/sh
# maildir-op: Move, Copy, SetFlags and Remove with keywords, anywhere, exactly.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# Who is traced cannot be looked at for leaks.
case $B in *asan*) ASAN_OPTIONS=detect_leaks=0; export ASAN_OPTIONS ;; esac
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/carry.py"
