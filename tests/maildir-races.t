#!/bin/sh
# maildir-op beside other clients: each race that two of them can have over one mail or one name is played, call by call
# (tests/stub/hold), then a few seconds of the same at full speed. tests/soak goes on with it for minutes.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cp "$B/hook/late_names" "$work" || exit 111
env WORK="$work" BIN="$bin" STUB="$B/stub" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/races.py"
