#!/bin/sh
# maildir-op on a Maildir that mbsync keeps in step with an IMAP server (Dovecot): moves and flags on either side reach the other, no
# mail is lost or doubled, and mbsync never stops.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
if ! command -v mbsync > /dev/null || [ ! -x /usr/lib/dovecot/imap ]; then
  skip mbsync "isync or dovecot-imapd is not here"
  finish
fi
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/mbsync.py"
