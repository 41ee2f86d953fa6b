#!/bin/sh
# A connection is killed before each of its system calls, one after the other; the state directory and all others must not mind.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/kill.py" "$bin" "$work"
exit
