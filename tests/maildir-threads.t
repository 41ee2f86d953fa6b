#!/bin/sh
# maildir-op Threads: conversations, by the rule of maildir.proto, in pages.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/threads.py"
