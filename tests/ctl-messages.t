#!/bin/sh
# Proposal 197 and the table of decisions, row by row: alone, in front of a tor, and all of it over TCP.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/messages.py" "$bin" "$work"
exit
