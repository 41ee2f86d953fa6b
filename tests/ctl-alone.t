#!/bin/sh
# ctlmsg alone: the control protocol's own part, compared with tor reply by reply; the ways to authenticate; ends of connections.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/alone.py" "$bin" "$work"
exit
