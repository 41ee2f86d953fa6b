#!/bin/sh
# varlink-read and varlink-call: every method and error, bad input, slow and silent clients, with a client that shares nothing with them.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/varlink/door.py"
