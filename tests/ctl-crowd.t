#!/bin/sh
# A thousand connections on one bus, four hundred of which are silent, slow, or never read: nobody else starves.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/crowd.py" "$bin" "$work"
exit
