#!/bin/sh
# frame-auth in front of a qmail-authuser that is not setuid: who logged in decides the mailbox, and any code of it is a refusal.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
# shellcheck source=tests/extractor.sh
. "$top/tests/extractor.sh"
need_root authuser-socket.t
account v
for user in ada bob; do
  mkdir -p "$work/mail/$user/cur" "$work/mail/$user/new" "$work/mail/$user/tmp"
done
printf 'Subject: x\n\nx\n' > "$work/mail/ada/cur/1.a:2,S"
chown -R "$account" "$work/mail"
mkdir -p "$work/qmail/users"
printf '%s\n' ada:secret bob:hidden > "$work/qmail/users/authuser"
cd "$work/qmail" || exit 111
background s6-ipcserver -a 0600 -- "$work/socket" frame-auth -d 0 "$authuser" setuidgid -u "$account" maildir-enter "$work/mail/%u" \
  frame-read frame-write maildir-op 2> "$work/server.err"
background s6-ipcserver -a 0600 -- "$work/small" frame-auth -l -d 0 "$authuser" setuidgid -u "$account" maildir-enter "$work/mail/%u" \
  frame-read frame-write maildir-op 2> "$work/small.err"
background s6-ipcserver -a 0600 -- "$work/named" frame-auth -d 0 "$authuser" setuidgid -u "$account" maildir-enter -m ada "$work/mail/%u" \
  frame-read frame-write maildir-op 2> "$work/named.err"
wait_for listens "$work/socket"
wait_for listens "$work/named"
wait_for listens "$work/small"

call() {  # SOCKET USER PASSWORD: the response in one line
  /usr/bin/python3 "$top/tests/client.py" --unix "$work/$1" --user "$2" --password "$3" Stats 2>&1 | tr -s ' \n' '  '
}
is 'logged in' "$(call socket ada secret)" 'mail_count: 1 byte_size: 14 '
is 'another is in his own mailbox' "$(call socket bob hidden)" ''
has() { case $3 in *"$2"*) result 0 "$1" ;; *) result 1 "$1"; echo "# got $3" ;; esac; }
has 'a wrong password is refused' 'code: REFUSED' "$(call socket ada hidden)"
has 'an unknown user is refused' 'code: REFUSED' "$(call socket eve secret)"
has 'a name in other letters, which qmail-authuser takes, is another mailbox' 'code: NO_MAILBOX' "$(call socket Ada secret)"
is 'but not with -l' "$(call small ADA secret)" 'mail_count: 1 byte_size: 14 '
is 'a mailbox that is named, and his' "$(call named ada secret)" 'mail_count: 1 byte_size: 14 '
has 'a mailbox that is named, and not his' 'code: NO_MAILBOX' "$(call named bob hidden)"
finish
