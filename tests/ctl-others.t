#!/bin/sh
# Controllers that others wrote, through ctlmsg -f: nyx, vanguards, onionshare-cli, bine, tor-control, all that stem can ask. No octet is changed.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
command -v tor > /dev/null || { echo '1..0 # SKIP ctl-others.t: tor is not installed'; exit 0; }
/usr/bin/python3 "$top/tests/ctl/others.py" "$bin" "$work"
exit
