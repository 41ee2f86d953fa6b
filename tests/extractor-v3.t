#!/bin/sh
# extractor-v3 under qmail-authuser: setuid root, run as root, with entries that change the user, and behind frame-auth.
# shellcheck disable=SC2016,SC2059,SC2086,SC2317 # functions are called by name; printf makes octets; one word a variable
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
# shellcheck source=tests/extractor.sh
. "$top/tests/extractor.sh"
need_root extractor-v3.t
extractor_home frame-read frame-write
authuser_setuid
account v; vmail=$account
account w; web=$account
account s; system=$account
account_try usermod -p "$(mkpasswd -m sha512crypt -R 1000 secret)" "$system"

maildir() { mkdir -p "$1/cur" "$1/new" "$1/tmp"; printf 'Subject: x\n\nx\n' > "$1/cur/1.a:2,S"; }
maildir "$work/mail/user"; maildir "$work/mail/other"
chmod 700 "$work/mail/user"; chown -R "$vmail" "$work/mail"
maildir "$work/own/$system"; chown -R "$system" "$work/own"
printf '%s\n' user:secret liar:secret "$system:!" > "$work/qmail/users/authuser"
mkdir -p "$work/home/s" && chown "$system" "$work/home/s"
chmod 755 "$work/qmail" "$work/qmail/users"
cd "$work/qmail" || exit 111
be32() { printf "\\$(printf %o $(($1 >> 24 & 255)))\\$(printf %o $(($1 >> 16 & 255)))\\$(printf %o $(($1 >> 8 & 255)))\\$(printf %o $(($1 & 255)))"; }
frame() { be32 ${#1}; printf '%s' "$1"; be32 ${#2}; printf '%s' "$2"; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
{ frame Stats ''; frame Folders ''; frame Stats ''; } > "$work/requests"
stats=000000040801180e; answer=${stats}00000000$stats
credentials() { printf '%s\0%s\0\0' "$1" "$2" > "$work/credentials"; chmod 644 "$work/credentials"; }
# session WHO... -- PROGRAM BASE SYSUSER MAILUSER: the answer in hex, and the code behind it; WHO is a command that runs another
session() {
  who=; while [ "$1" != -- ]; do who="$who $1"; shift; done; shift
  # shellcheck disable=SC2086 # one word each
  $who "$1" "$home/bin/extractor-v3" "$2" "$3" "$4" < "$work/requests" 3< "$work/credentials" 2>> "$work/errors" | hex
}
as_web="setpriv --reuid $(id -u "$web") --regid $(id -g "$web") --clear-groups"

credentials user secret
for way in "setuid root: $as_web" 'run as root:env'; do
  who=${way#*:}
  is "${way%%:*}: three requests" "$(session $who -- "$work/setuid/qmail-authuser" "$work/mail" "$vmail" user)" $answer
  for setting in "PATH=$work/evil" UID=0 GID=0 "MAILDIR=$work/mail/other" "LD_PRELOAD=$work/evil/none.so" "HOME=$work/evil" AUTHUSER=user PORTER_STATUS=1 \
    PORTER_STATUS=0 PORTER_STATUS=-1 PORTER_STATUS=99999999999; do
    is "${way%%:*}: with $setting" "$(session $who env "$setting" -- "$work/setuid/qmail-authuser" "$work/mail" "$vmail" user)" $answer
  done
  is "${way%%:*}: AUTHUSER is somebody else" "$(session $who env AUTHUSER=other -- "$work/setuid/qmail-authuser" "$work/mail" "$vmail" user)" ''
  for bad in "$work/mail root user" "$work/mail none-such user" "$work/mail $vmail .." "$work $vmail user" "/mail $vmail user" "mail $vmail user" "-c $vmail user" \
    "$work/mail $vmail -c" "$work/mail/%u $vmail user"; do
    # shellcheck disable=SC2086
    is "${way%%:*}: refused: ${bad#"$work"}" "$(session $who -- "$work/setuid/qmail-authuser" $bad)" ''
  done
done
# A folder that it makes tells who made it, and with what rights, whatever the caller's umask.
{ frame AddFolder "$(printf '\n\4Made')"; } > "$work/requests"
(umask 0; session $as_web -- "$work/setuid/qmail-authuser" "$work/mail" "$vmail" user > /dev/null)
is 'who has made a folder' "$(stat -c '%U %G %a' "$work/mail/user/.Made/cur")" "$vmail $vmail 700"
rm -r "$work/mail/user/.Made"
{ frame Stats ''; frame Folders ''; frame Stats ''; } > "$work/requests"

# --- entries after which the process is the user already ---
credentials "$system" secret
own="${stats}00000000$stats"
is 'a system account: stays who it is' "$(session $as_web -- "$work/setuid/qmail-authuser" "$work/own" "$system" "$system")" "$own"
is 'a system account: and becomes nobody else' "$(session $as_web -- "$work/setuid/qmail-authuser" "$work/mail" "$vmail" user)" ''
credentials "$system" wrong
$as_web "$work/setuid/qmail-authuser" "$home/bin/extractor-v3" "$work/own" "$system" "$system" < "$work/requests" 3< "$work/credentials" > "$work/out" 2>&1
is 'a system account with a wrong password: some code, and no word' "$(case $? in 0 | 111) echo $? ;; esac; cat "$work/out")" ''
rmdir "$work/home/s"
credentials "$system" secret
$as_web "$work/setuid/qmail-authuser" "$home/bin/extractor-v3" "$work/own" "$system" "$system" < "$work/requests" 3< "$work/credentials" > "$work/out" 2>&1
is 'a system account without a home' $? 111

# --- behind frame-auth, not setuid: the mailbox is that of who logged in ---
: > "$work/errors"
login() {  # USER PASSWORD MAILUSER [CHECKER...]: the answer is in $work/hex, the code in $code
  { printf '\0\0\0\4Auth'; be32 $((${#1} + ${#2} + 2)); printf '%s\0%s\0' "$1" "$2"; cat "$work/requests"; } > "$work/in"
  login_box=$3; shift 3
  [ $# != 0 ] || set -- "$authuser"
  timeout 60 frame-auth -d 0 "$@" "$home/bin/extractor-v3" "$work/mail" "$vmail" "$login_box" < "$work/in" > "$work/out" 2>> "$work/errors"; code=$?
  hex < "$work/out" > "$work/hex"
}
login user secret user
is 'frame-auth: three requests' "$code$(cat "$work/hex")" "0$answer"
credentials user secret
frame_auth_sh() { timeout 60 frame-auth -d 0 sh -c 'exec "$0" "$1/bin/extractor-v3" "$2" "$3" "$AUTHUSER"' "$authuser" "$home" "$work/mail" "$vmail" < "$work/in" 2>/dev/null; }
is 'frame-auth: MAILUSER from AUTHUSER, by a shell' "$(frame_auth_sh | hex)" "$answer"
failed() { case $(cat "$work/hex") in 000000??7a??08"$(printf %02x "$1")"12*) return 0 ;; *) return 1 ;; esac; }
login liar secret user
is 'frame-auth: who logs in as one and asks for the mailbox of another' $code 5
ok 'is told that he has none' failed 11
login user wrong user
is 'frame-auth: a wrong password' $code 1
ok 'is refused' failed 9
for c in 3 4 6 178 253; do
  login user x user "$stub/check" $c
  is "frame-auth: a code that a checker made up, $c, comes through" $code $c
  ok 'as a refusal' failed 9
done
login user x user "$stub/check" 111
is 'frame-auth: 111 comes through' $code 111
ok 'as a temporary failure' failed 10
login user x user "$stub/check" 110
is 'frame-auth: 110 comes through' $code 110
finish
