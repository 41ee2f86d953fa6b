#!/bin/sh
# extractor-varlink under qmail-authuser: setuid root, run as root, and behind frame-auth; and the chain of a socket, where frame-auth logs in.
# shellcheck disable=SC2016,SC2059,SC2086,SC2317 # functions are called by name; printf makes octets; one word a variable
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
# shellcheck source=tests/extractor.sh
. "$top/tests/extractor.sh"
need_root extractor-varlink.t
extractor_home varlink-read varlink-call
authuser_setuid
account v; vmail=$account
account w; web=$account
maildir() { mkdir -p "$1/cur" "$1/new" "$1/tmp"; printf 'Subject: x\n\nx\n' > "$1/cur/1.a:2,S"; }
maildir "$work/mail/user"; maildir "$work/mail/other"; maildir "$work/roots/user"
chmod 700 "$work/mail/user"; chown -R "$vmail" "$work/mail"
{ echo 'user:secret'; echo 'other:hidden'; } > "$work/qmail/users/authuser"
chmod 755 "$work/qmail" "$work/qmail/users"
cd "$work/qmail" || exit 111
mail=de.jmhoffmann.jwebmail.mail-storage
init() { printf '{"method":"%s.Init","parameters":{"unix_user":"%s","mailbox_path":"%s"}}\0' "$mail" "$1" "$2"; }
stats() { printf '{"method":"%s.Stats","parameters":{"folder":""}}\0' "$mail"; }
good='{"parameters":{}} {"parameters":{"mail_count":1,"unread_count":0,"byte_size":14}} '
denied='{"error":"org.varlink.service.PermissionDenied","parameters":{}} {"error":"'$mail'.NotInitialized","parameters":{}} '
printf '%s\0%s\0\0' user secret > "$work/credentials"; chmod 644 "$work/credentials"
printf '%s\0%s\0\0' user wrong > "$work/wrong"; chmod 644 "$work/wrong"
as_web="setpriv --reuid $(id -u "$web") --regid $(id -g "$web") --clear-groups"
# session WHO... -- BASE SYSUSER PATH [USER]: the replies to Init and Stats; WHO is a command that runs another
session() {
  who=; while [ "$1" != -- ]; do who="$who $1"; shift; done; shift
  { init "${4:-$2}" "$3"; stats; } > "$work/calls"
  $who "$work/setuid/qmail-authuser" "$home/bin/extractor-varlink" "$1" "$2" < "$work/calls" 3< "$work/credentials" 2>> "$work/errors" | tr '\0' ' '
}

for way in "setuid root: $as_web" 'run as root:env'; do
  who=${way#*:} name=${way%%:*}
  is "$name: Init and a call" "$(session $who -- "$work/mail" "$vmail" "$work/mail/user")" "$good"
  for setting in "PATH=$work/evil" UID=0 GID=0 "MAILDIR=$work/mail/other" "LD_PRELOAD=$work/evil/none.so" "HOME=$work/evil" AUTHUSER=user PORTER_STATUS=1 \
    PORTER_STATUS=0 PORTER_STATUS=-1 PORTER_STATUS=99999999999; do
    is "$name: with $setting" "$(session $who env "$setting" -- "$work/mail" "$vmail" "$work/mail/user")" "$good"
  done
  is "$name: AUTHUSER is somebody else" "$(session $who env AUTHUSER=other -- "$work/mail" "$vmail" "$work/mail/user")" "$denied"
  is "$name: another user" "$(session $who -- "$work/mail" "$vmail" "$work/mail/user" root)" "$denied"
  is "$name: outside" "$(session $who -- "$work/mail" "$vmail" "$work/roots/user")" "$denied"
  for bad in "$work/mail root" "$work/mail none-such" "mail $vmail" "-u $vmail"; do
    is "$name: nothing at all: ${bad#"$work"}" "$(session $who -- $bad "$work/mail/user")" ''
  done
done
$as_web "$work/setuid/qmail-authuser" "$home/bin/extractor-varlink" "$work/mail" "$vmail" < "$work/calls" 3< "$work/wrong" > "$work/out" 2>/dev/null
is 'a wrong password: 1' "$? $(tr '\0' ' ' < "$work/out")" '1 '
{ init "$vmail" "$work/mail/user"; printf '{"method":"%s.AddFolder","parameters":{"name":"Made"}}\0' "$mail"; } > "$work/calls"
(umask 0; $as_web "$work/setuid/qmail-authuser" "$home/bin/extractor-varlink" "$work/mail" "$vmail" < "$work/calls" 3< "$work/credentials" > /dev/null)
is 'who has made a folder' "$(stat -c '%U %G %a' "$work/mail/user/.Made/cur")" "$vmail $vmail 700"
rm -r "$work/mail/user/.Made"

# --- a socket: frame-auth reads the credentials' frame, and varlink begins behind it ---
chain="setuidgid -u $vmail maildir-enter $work/mail/%u varlink-read varlink-call maildir-op"
background s6-ipcserver -a 0600 -- "$work/entered" frame-auth -d 0 "$authuser" $chain 2>> "$work/errors"
background s6-ipcserver -a 0600 -- "$work/extractor" frame-auth -d 0 "$authuser" "$home/bin/extractor-varlink" "$work/mail" "$vmail" 2>> "$work/errors"
wait_for listens "$work/entered"
wait_for listens "$work/extractor"
talk() { /usr/bin/python3 "$top/tests/varlink/log_in.py" "$work/$1" "$2" "$3" "$4" "$vmail"; }
for where in '' . "$work/mail/user"; do
  is "a socket: logged in, in ${where#"$work"}" "$(talk entered user secret "$where")" '1 mail'
done
is 'a socket: Init with the mailbox of another' "$(talk entered user secret "$work/mail/other")" PermissionDenied
is 'a socket: with none' "$(talk entered user secret "$work/mail")" PermissionDenied
is 'a socket: a wrong password is answered by a frame' "$(talk entered user hidden '')" 'refused by a frame'
is 'the extractor behind frame-auth: his own mailbox' "$(talk extractor user secret "$work/mail/user")" '1 mail'
is 'the extractor behind frame-auth: that of another' "$(talk extractor user secret "$work/mail/other")" PermissionDenied
is 'the extractor behind frame-auth: a wrong password' "$(talk extractor user hidden "$work/mail/user")" 'refused by a frame'
finish
