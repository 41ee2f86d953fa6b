#!/bin/sh
# ctlmsg -f behind whom some lines get no reply: tor itself, and filters.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/unanswered.py" "$bin" "$work"
exit
