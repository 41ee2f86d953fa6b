#!/bin/sh
# Methods beside mblaze's mrefile and mflag, call by call (tests/stub/hold), and what those two do to a mail themselves when another program
# changes it at the same moment: what tests/maildir-storm.t finds at full speed is judged by that.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
command -v mrefile > /dev/null || { skip mblaze "mblaze is not installed"; finish; }
env WORK="$work" BIN="$bin" STUB="$B/stub" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/mblaze.py"
