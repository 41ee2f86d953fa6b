#!/bin/sh
# KeepOpen at a server that is older than it: one UNSUPPORTED, end of file; who connects again and does without is served (protocol(7)).
# OLD_BIN=DIR: the programs of porter 0.1.0 too.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONPATH="$top/tests" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/keep_open.py"
