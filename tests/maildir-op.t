#!/bin/sh
# maildir-op, asked by Google's protobuf: the methods that read, and what bad requests get.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/methods.py"
