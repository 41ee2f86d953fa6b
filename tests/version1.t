#!/bin/sh
# maildir-v1: JWebmail's version 1 in front of maildir-op.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/version1/answers.py"
