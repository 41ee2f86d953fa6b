#!/bin/sh
# The run directories of mail under real supervisors, s6-svscan and runit's runsvdir, with the log directory that their comment tells to have: a
# user logs in and gets his mail, a stranger does not, the log says both; killed, it comes up again; told to, it goes.
# shellcheck disable=SC2154 # set by tap.sh
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
need_root mail-services.t
account m; owner=$account; uid=$(id -u "$owner") gid=$(id -g "$owner")
account a; checker=$account
account l; logger=$account
account w; web=$account
mkdir -p "$work/var/example.org/joe/cur" "$work/var/example.org/joe/new" "$work/var/example.org/joe/tmp" "$work/home/bin" "$work/etc"
printf 'Subject: x\n\nx\n' > "$work/var/example.org/joe/cur/1.M1P1.h:2,S"
chown -R "$uid:$gid" "$work/var/example.org/joe"
printf 'joe@example.org:{PLAIN}secret:%s:%s\n' "$uid" "$gid" > "$work/etc/users"
chmod 600 "$work/etc/users"
for p in frame-auth auth setuidgid maildir-enter frame-read frame-write maildir-op frame-call message-to-json; do cp "$bin/$p" "$work/home/bin/"; done

# The example, with this test's paths and accounts in place of its own; and the log that its comment has.
service() {  # s6|runit
  d=$work/$1/porter-mail
  mkdir -p "$d/log" "$work/log.$1"
  chown "$logger" "$work/log.$1"
  sed -e "s,/run/porter,$work/run.$1,g; s,@HOME@/bin,$work/home/bin,g; s,/etc/porter,$work/etc,g; s,/var/mail/,$work/var/,g" \
    -e "s/www-data/$web/; s/porter-auth/$checker/; s,:/usr/bin:/bin,:$PATH," "$top/doc/examples/$1/porter-mail/run" > "$d/run"
  { echo '#!/bin/sh'; sed -n 's/^# *\(exec .*\)/\1/p' "$d/run" | sed "s/setuidgid log/setuidgid $logger/; s/-u log/-u $logger/; s,/var/log/porter,$work/log.$1,"; } > "$d/log/run"
  chmod 755 "$d/run" "$d/log/run"
  socket=$work/run.$1/mail
}
call() {  # ACCOUNT PASSWORD: how many mails
  printf 'joe@example.org\0%s\0' "$2" > "$work/credentials"
  s6-setuidgid "$1" s6-ipcclient -l 0 -- "$socket" "$work/home/bin/frame-call" -a Stats < /dev/null 3< "$work/credentials" 2> "$work/err" | message-to-json StatsResp 2> "$work/err2"
}
logged() { cat "$work/log.$1"/* 2> /dev/null | grep -c -- "$2"; }
says() { [ "$(logged "$1" "$2")" -ge 1 ]; }
answers() { call "$web" secret | grep -q mailCount; }

talk() {  # s6|runit: what is tried of each
  wait_for listens "$socket"
  wait_for answers
  ok "$1: a user gets his mail" answers
  is "$1: his one mail" "$(call "$web" secret | jq -r .mailCount)" 1
  call "$web" wrong > "$work/refusal"
  ok "$1: not with another password" grep -q '"REFUSED"' "$work/refusal"
  is "$1: who is not in the socket's group does not connect" "$(call "$owner" secret)$(grep -o 'Permission denied' "$work/err")" '{}Permission denied'
  is "$1: the socket is the web server's group's" "$(stat -c '%a %G' "$socket")" "660 $web"
  wait_for says "$1" accepted
  ok "$1: the log has who was let in" says "$1" 'accepted.*joe@example.org'
  wait_for says "$1" 'not accepted'
  ok "$1: and who was not" says "$1" 'not accepted.*joe@example.org'
}

if command -v s6-svscan > /dev/null; then
  service s6
  background s6-svscan "$work/s6"
  scan=$!
  talk s6
  before=$(s6-svstat -o pid "$work/s6/porter-mail")
  s6-svc -k "$work/s6/porter-mail"
  again() { now=$(s6-svstat -o pid "$work/s6/porter-mail"); [ "$now" != "$before" ] && [ "$now" -gt 0 ] && answers; }
  wait_for again
  ok 's6: killed, it comes up again and answers' again
  kill -TERM $scan
  gone() { ! kill -0 "$scan" 2> /dev/null; }
  wait_for gone
  ok 's6: told to, all of it goes' sh -c "! s6-svok '$work/s6/porter-mail' && ! s6-ipcclient -l 0 -- '$socket' true"
else
  skip s6 'no s6-svscan'
fi

if command -v runsvdir > /dev/null && command -v chpst > /dev/null; then
  service runit
  background runsvdir -P "$work/runit"
  scan=$!
  talk runit
  before=$(cat "$work/runit/porter-mail/supervise/pid")
  sv kill "$work/runit/porter-mail" > /dev/null
  again() { now=$(cat "$work/runit/porter-mail/supervise/pid"); [ -n "$now" ] && [ "$now" != "$before" ] && answers; }
  wait_for again
  ok 'runit: killed, it comes up again and answers' again
  kill -HUP $scan
  down() { ! s6-ipcclient -l 0 -- "$socket" true 2> /dev/null; }
  wait_for down
  ok 'runit: told to, it goes' down
else
  skip runit 'no runsvdir, chpst'
fi
finish
