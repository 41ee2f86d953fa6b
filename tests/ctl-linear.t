#!/bin/sh
# No line costs ctlmsg more than linear time: instructions for n and for 4n of each thing that could, counted by valgrind.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
if [ "$SANITIZED" ]; then
  skip ctl-linear "valgrind and the sanitizers do not go together"
  finish
fi
# lines N THING
lines() {
  /usr/bin/python3 -c '
import sys
n, thing = int(sys.argv[1]), sys.argv[2]
sys.stdout.write("AUTHENTICATE\r\n" + {
    "lines": "GETINFO version\r\n" * n,
    "keys": "GETINFO" + " version" * 4 * n + "\r\n",
    "keys that are unknown": "GETINFO" + " a" * 4 * n + "\r\n",
    "keys that are unknown behind those that are known": "GETINFO" + " version" * n + " a" * 4 * n + "\r\n",
    "events": "SETEVENTS" + " EXTENDED" * 4 * n + "\r\n",
    "dotted lines": "+POSTMESSAGE\r\n" + "..x\r\n" * 4 * n + ".\r\n",
    "escapes": "AUTHENTICATE \"" + "\\n\\\"" * 4 * n + "\"\r\n",
}[thing] + "QUIT\r\n")' "$1" "$2"
}
count() { rm -rf "$work/bus"; instructions ctlmsg "$work/bus" < "$1"; }
lines 0 lines > "$work/least"
least=$(count "$work/least")
grows_linearly() {
  lines 5000 "$1" > "$work/few"
  lines 20000 "$1" > "$work/many"
  few=$(count "$work/few") many=$(count "$work/many")
  echo "$1: $((few - least)) instructions for 5000, $((many - least)) for 20000"
  [ $((many - least)) -gt 10000 ] && [ $(((many - least) * 10)) -le $(((few - least) * 45 + 400000)) ]
}
for thing in lines keys 'keys that are unknown' 'keys that are unknown behind those that are known' events 'dotted lines' escapes; do
  ok "linear in $thing" grows_linearly "$thing"
done
finish
