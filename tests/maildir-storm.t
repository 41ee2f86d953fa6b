#!/bin/sh
# Methods beside Dovecot's sessions and mblaze's programs on one Maildir, at the same time: nothing lost, doubled or wrong (make soak: for minutes).
# What mrefile doubles itself (maildir-mblaze.t) is told by its file being another, and counted.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
[ -x /usr/lib/dovecot/imap ] || { skip storm "Dovecot is not installed (dovecot-imapd)"; finish; }
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/storm.py" 120
