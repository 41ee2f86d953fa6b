#!/bin/sh
# Many connections, many messages: one order for all, the log turning over below slow readers, 500 connections, memory.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
/usr/bin/python3 "$top/tests/ctl/load.py" "$bin" "$work"
exit
