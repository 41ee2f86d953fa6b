#!/bin/sh
# States and Changes: a model of clients with old states, over random changes by porter and by others; pages; what must be a reset; rubbish.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/states.py"
