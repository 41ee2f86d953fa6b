#!/bin/sh
# maildir-op: mails, files and requests that were made to hurt cost no more than others, and whatever else is asked is answered.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/hostile.py"
