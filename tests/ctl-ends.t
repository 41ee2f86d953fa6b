#!/bin/sh
# The ends of connections, alone and in front of a tor.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/ends.py" "$bin" "$work"
exit
