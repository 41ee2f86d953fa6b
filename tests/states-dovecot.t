#!/bin/sh
# Changes beside Dovecot's sessions, which append, flag, move, copy and expunge: who follows from state to state knows what is there.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
[ -x /usr/lib/dovecot/imap ] || { skip states-dovecot "Dovecot is not installed (dovecot-imapd)"; finish; }
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/states_dovecot.py"
