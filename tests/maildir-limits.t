#!/bin/sh
# maildir-op: memory, full disks, other file systems, files that cannot be read.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
test_cleanup() { for m in mounts/.Full disk; do ! mountpoint -q "$work/$m" || umount "$work/$m"; done; }
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/limits.py"
