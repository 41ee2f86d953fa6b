#!/bin/sh
# Half a minute of controllers that claim, post and listen, and are killed at any moment (kill -9).
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/storm.py" "$bin" "$work"
exit
