#!/bin/sh
# Claims of names that somebody holds: how long they wait, for whom, and what goes on meanwhile.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/claims.py" "$bin" "$work"
exit
