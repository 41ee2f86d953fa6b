#!/bin/sh
# An index beside mbsync (with Dovecot behind it), mutt, mblaze and Python's mailbox: what they do to the mailbox is in every answer at once,
# they take the index for no mail and leave it alone.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
for program in mbsync mutt mseq; do
  if ! command -v $program > /dev/null || [ ! -x /usr/lib/dovecot/imap ]; then
    skip 'an index beside others' "$program or dovecot-imapd is not here"
    finish
  fi
done
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/index_others.py"
