#!/bin/sh
# The command lines of README and the pages, as they are typed: an account, a socket, a port, files.
# shellcheck disable=SC2059,SC2317 # printf makes octets; functions are called by name
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$(dirname "$0")/account.sh"
need_root as-typed.t

account a
uid=$(id -u "$account") gid=$(id -g "$account")
password='correct horse'

for box in "$work/mail/example.org/ada" "$work/home/a/Maildir"; do
  mkdir -p "$box/cur" "$box/new" "$box/tmp"
  n=0
  for file in "$top"/tests/mail/0*.eml; do
    n=$((n + 1))
    cp "$file" "$box/cur/170000000$n.M1P1.h:2,S"
  done
done
chown -R "$uid:$gid" "$work/mail/example.org/ada" "$work/home/a"
count=$n

# --- a users file, a unix socket ---
# README's own lines, but for places and names: nobody but root can read a secret that they make, not for a moment.
sed -n '/^    umask 077$/,/etc\/porter\/users/p' "$top/README.md" | sed -e "s,/etc/porter,$work/etc,g; s,/run/porter,$work/run,g; s,www-data,$account,; s,5000:5000,$uid:$gid," \
  -e "s,mkpasswd -m yescrypt,printf %s '$password' | mkpasswd -s -m yescrypt," > "$work/lines"
grep '> credentials$' "$top/README.md" >> "$work/lines"
cat >> "$work/lines" <<'END'
stat -c '%a %n' credentials etc/users etc
END
cd "$work" || exit 111
is 'README: secrets are made for root alone' "$(umask 022; password=$password sh "$work/lines" | tr '\n' ' ')" '600 credentials 600 etc/users 700 etc '
mv etc/users users
background env -i PATH="$PATH" s6-ipcserver -a 0660 -c 220 -C 200 -- "$work/run/sock" \
  frame-auth auth "$work/users" setuidgid maildir-enter "$work"'/mail/%d/%n' frame-read frame-write -d tmp maildir-op
wait_for listens "$work/run/sock"
is 's6-ipcserver, frame-call: the newest mails' "$(printf '%s' '{"limit":20,"sort":{"direction":"DESC"}}' |
  s6-ipcclient -- "$work/run/sock" frame-call -a -j ListSearch 3<credentials | jq '.mailHeads | length')" "$count"
is 'the same again, each connection its own' "$(printf '%s' '{}' | s6-ipcclient -- "$work/run/sock" frame-call -a -j Stats 3<credentials | jq -r .mailCount)" "$count"
printf 'ada@example.org\0%s\0\0' wrong > "$work/wrong"
exits 'with a wrong password: 1' 1 sh -c "printf '{}' | s6-ipcclient -- $work/run/sock frame-call -a -j Stats 3<wrong"

web() { printf '{}' | setpriv --reuid 65534 --regid "$1" --clear-groups s6-ipcclient -- "$work/run/sock" "$bin/frame-call" -a -j Stats 3<credentials; }
exits 'who is of the group of the directory may connect' 0 web "$gid"
exits 'and nobody else' 111 web 65534

# --- no server at all ---
cd "$work/mail/example.org/ada" || exit 111
is 'json-to-message, maildir-op, message-to-json, jq' "$(printf '%s' '{"end":3}' | json-to-message ListReq | maildir-op List | message-to-json ListResp | jq '.mailHeads | length')" 3
printf '\0\0\0\005Stats\0\0\0\0\0\0\0\007Folders\0\0\0\0' > "$work/requests"
frame-read frame-write maildir-op < "$work/requests" > "$work/responses"
is 'frame-read from a file to a file: exit code' $? 0
maildir-op Stats < /dev/null > "$work/stats"
{ printf '\0\0\0'; printf "\\$(printf %03o "$(wc -c < "$work/stats")")"; cat "$work/stats"; printf '\0\0\0\0'; } > "$work/want"
ok 'two requests from a file, two responses to a file' cmp "$work/responses" "$work/want"

# --- the system's accounts, TCP ---
account_try usermod -p "$(printf %s "$password" | mkpasswd -s -m sha512crypt)" "$account"
printf '%s\0%s\0\0' "$account" "$password" > "$work/credentials"
cd "$work" || exit 111
background env -i PATH="$PATH" tcpserver -1 -HRl0 -c 220 -b 200 127.0.0.1 0 \
  frame-auth auth -s setuidgid maildir-enter '%h/Maildir' frame-read frame-write -d tmp maildir-op > "$work/port"
wait_for test -s "$work/port"
port=$(cat "$work/port")
is 'tcpserver, auth -s: a mail is shown' "$(printf '{"mid":"1700000001.M1P1.h"}' |
  tcpclient -HRl0 127.0.0.1 "$port" frame-call -a -j Show 3<credentials | jq -r .mail.head.subject)" \
  "$(mail-show "$top/tests/mail/01-welcome.eml" | jq -r .subject)"
finish
