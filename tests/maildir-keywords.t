#!/bin/sh
# Names of keywords beside Dovecot: both add them at once; locks of dovecot-uidlist that are left.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
[ -x /usr/lib/dovecot/imap ] || { skip keywords "Dovecot is not installed (dovecot-imapd)"; finish; }
cp "$B/hook/same_second" "$work" || exit 111
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/keywords.py" "$work/same_second"
