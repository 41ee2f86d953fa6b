#!/bin/sh
# A state directory that is removed while it is used: who is connected goes on in a new one, and knows what he has lost.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cp "$B/hook/uncounted" "$work" || exit 111
/usr/bin/python3 "$top/tests/ctl/wiped.py" "$bin" "$work"
exit
