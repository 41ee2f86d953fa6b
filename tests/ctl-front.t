#!/bin/sh
# ctlmsg -f: to the byte what tor says, at once; ours in their turn; ends of connections; real controllers through it.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/front.py" "$bin" "$work"
exit
