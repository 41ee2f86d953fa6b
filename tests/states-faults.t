#!/bin/sh
# States met with trouble: system calls that fail or are the last, full disks, what else may be called porter.states, old and foreign states, -i and -I,
# mails that go from folder to folder while they are asked for, Wait.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/states_faults.py"
