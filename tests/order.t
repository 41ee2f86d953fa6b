#!/bin/sh
# After a call has answered, a power failure loses nothing of it.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/order.py"
