#!/bin/sh
# No call costs varlink-read more than linear time: instructions for n and for 4n of each thing that could, counted by valgrind.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
if [ "$SANITIZED" ]; then
  skip varlink-linear "valgrind and the sanitizers do not go together"
  finish
fi
# make N THING: a stream of calls
make_calls() {
  /usr/bin/python3 -c '
import sys
n, thing = int(sys.argv[1]), sys.argv[2]
call = b"{\"method\":\"org.varlink.service.GetInfo\",\"x\":%s}\0"
sys.stdout.buffer.write({
    "calls": call % b"0" * n,
    "text": call % (b"\"" + b"x" * 50 * n + b"\""),
    "escapes": call % (b"\"" + b"\\u00e9\\\\\\\"" * 5 * n + b"\""),
    "arrays": call % (b"[" + b",".join([b"[]"] * n) + b"]"),
    "names": call % (b"{" + b",".join(b"\"n%d\":{}" % i for i in range(n)) + b"}"),
    "digits": call % (b"1" * 40 * n),
    "fractions": call % (b"0." + b"1" * 40 * n),
    "exponents": call % (b"[" + b",".join([b"1e999"] * n) + b"]"),
    "zeros": call % (b"[1e999," + b"0" * 50 * n + b"]"),
    "points": call % (b"[1e999," + b"1" * 50 * n + b".]"),
    "halves": call % (b"[1e999," + b"1" * 25 * n + b"." + b"1" * 25 * n + b"e+]"),
    "blanks": call % (b" " * 50 * n + b"0"),
}[thing])' "$1" "$2"
}
count() { instructions varlink-read true < "$1"; }
make_calls 1 calls > "$work/least"
least=$(count "$work/least")
grows_linearly() {
  make_calls 500 "$1" > "$work/few"
  make_calls 2000 "$1" > "$work/many"
  few=$(count "$work/few") many=$(count "$work/many")
  echo "$1: $((few - least)) instructions for 500, $((many - least)) for 2000"
  [ $(((many - least) * 10)) -le $(((few - least) * 45 + 400000)) ]
}
for thing in calls text escapes arrays names digits fractions exponents zeros points halves blanks; do ok "linear in $thing" grows_linearly "$thing"; done
finish
