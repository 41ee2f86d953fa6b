#!/bin/sh
# Events about controllers that come, go and change their names.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/changes.py" "$bin" "$work"
exit
