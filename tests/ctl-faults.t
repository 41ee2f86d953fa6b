#!/bin/sh
# What can fail does: disks, rights, descriptors, files that are not what they should be. tor's commands pass all the same.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
test_cleanup() { ! mountpoint -q "$work/tmpfs" || umount -l "$work/tmpfs"; }
/usr/bin/python3 "$top/tests/ctl/faults.py" "$bin" "$work"
exit
