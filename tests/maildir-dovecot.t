#!/bin/sh
# RenameFolder, RemoveFolder and keywords as Dovecot's sessions see them: UIDs, UIDVALIDITY and keywords stay, and dates.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
[ -x /usr/lib/dovecot/imap ] || { skip dovecot "Dovecot is not installed (dovecot-imapd)"; finish; }
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/as_dovecot_sees.py"
