#!/bin/sh
# The filter for fail2ban in doc/examples, with what frame-auth says, under each time stamp that a log may put in front.
# shellcheck disable=SC2059,SC2069 # printf makes octets; standard error is what is read
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
command -v fail2ban-regex > /dev/null || { echo '1..0 # SKIP fail2ban.t: needs fail2ban (package/deps deb)'; exit 0; }
filter=$top/doc/examples/fail2ban/porter.conf
say() {  # ADDRESS USER CODE: the line that frame-auth writes for a login
  { printf '\0\0\0\4Auth\0\0\0'; printf "\\$(printf %03o $((${#2} + 3)))"; printf '%s\0s\0' "$2"; } |
    TCPREMOTEIP=$1 frame-auth -v -d 0 sh -c "exit $3" 2>&1 > /dev/null
}
found() { fail2ban-regex --print-all-matched -v "$work/log" "$filter" 2>&1 | sed -n 's/^|  *\([0-9a-f.:][0-9a-f.:]*\)  .*/\1/p' | sort -u | tr '\n' ' '; }
for stamp in '2026-11-26 17:00:00.123456789  ' '@400000006a1f3c2d1c9a3f04 ' 'Nov 26 17:00:00 host frame-auth[12]: '; do
  for line in "$(say 192.0.2.1 joe 1)" "$(say 2001:db8::7 joe 1)" "$(say 192.0.2.2 'a": accepted: "b' 1)" \
    "$(printf '\0\0\0\4Show\0\0\0\0' | TCPREMOTEIP=192.0.2.3 frame-auth -v -d 0 true 2>&1 > /dev/null)"; do echo "$stamp$line"; done > "$work/log"
  is "$stamp: who was refused" "$(found)" '192.0.2.1 192.0.2.2 192.0.2.3 2001:db8::7 '
done
{
  say 192.0.2.1 joe 111
  say 192.0.2.1 joe 5
  TCPREMOTEIP=192.0.2.1 frame-auth -v sh -c 'frame-read true' 2>&1 > /dev/null <<END
$(printf 'x')
END
  echo 'frame-auth: ip 192.0.2.1: accepted: "joe"'
  echo 'frame-auth: uid 33: user or password not accepted: "joe"'
  say 127.0.0.1 'x: ip 203.0.113.9: user or password not accepted: "joe' 111
  say 127.0.0.1 'x
frame-auth: ip 203.0.113.9: user or password not accepted: "y"' 5
} | sed 's/^/2026-11-26 17:00:00.123456789  /' > "$work/log"
sed -i '/first request/d' "$work/log"
is 'trouble of ours, who got in, and what a user calls himself ban nobody' "$(found)" ''
finish
