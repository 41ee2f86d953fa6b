# shellcheck shell=sh
# Sourced by the tests in sh: TAP, a directory of the test's own, servers that are stopped at the end.
#
#   ok NAME COMMAND...         passes if COMMAND succeeds
#   is NAME GOT WANT           passes if the two strings are equal
#   exits NAME CODE COMMAND... passes if COMMAND exits with CODE; its output is in $work/out and $work/err
#   skip NAME WHY              says what is not tested here
#   wait_for COMMAND...        until COMMAND succeeds, at most a minute or so
#   listens PATH               succeeds where somebody listens on that socket: it is there a moment before
#   background COMMAND...      starts it; stopped at the end ($! is its pid)
#   instructions COMMAND...    prints how many it takes, by valgrind
#   instructions_each FUNCTION COMMAND...   prints how many each of its calls of that function takes, a line each
#   finish                     prints the plan; last line of a test
#
# bin is where the programs under test are; every test has $work, a directory that goes away. SANITIZED says something where they were
# built with SANITIZE, into build/asan: they take more memory, time, system calls and processes then, and are not confined.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
B=${B:-build}
case $B in /*) ;; *) B=$top/$B ;; esac
case ${B##*/} in *asan*) SANITIZED=yes ;; *) SANITIZED= ;; esac
export SANITIZED
bin=$B/bin
stub=$top/tests/stub
LC_ALL=C.UTF-8
export LC_ALL
umask 022
work=$(mktemp -d /tmp/porter-test.XXXXXX) || exit 111
chmod 755 "$work"
# Accounts that a test switches to must be able to run the programs, wherever this checkout lies.
if [ "$(id -u)" = 0 ] && [ -d "$bin" ] && ! setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$bin/" -a -r "$bin/"; then
  cp -R "$bin" "$stub" "$work"
  bin=$work/bin
  stub=$work/stub
fi
PATH=$bin${SANITIZED:+:$stub/sanitized}:/usr/bin:/bin:/usr/sbin:/sbin
export PATH
tap_n=0
tap_bad=0
tap_pids=

cleanup() {
  for pid in $tap_pids; do kill "$pid" 2>/dev/null; done
  for pid in $tap_pids; do wait "$pid" 2>/dev/null; done
  if command -v test_cleanup >/dev/null 2>&1; then test_cleanup; fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

result() {
  tap_n=$((tap_n + 1))
  if [ "$1" = 0 ]; then echo "ok $tap_n - $2"; else echo "not ok $tap_n - $2"; tap_bad=$((tap_bad + 1)); fi
}
ok() {
  tap_name=$1; shift
  "$@" > "$work/out" 2> "$work/err"; tap_code=$?
  result $tap_code "$tap_name"
  [ $tap_code = 0 ] || { echo "# exit $tap_code: $*"; sed 's/^/# /' "$work/out" "$work/err" | head -n 20; }
}
is() {
  [ "$2" = "$3" ]; tap_code=$?
  result $tap_code "$1"
  [ $tap_code = 0 ] || { printf '%s\n' "$2" | sed 's/^/# got:  /' | head -n 20; printf '%s\n' "$3" | sed 's/^/# want: /' | head -n 20; }
}
exits() {
  tap_name=$1; tap_want=$2; shift 2
  "$@" > "$work/out" 2> "$work/err"; tap_code=$?
  [ $tap_code = "$tap_want" ]; result $? "$tap_name"
  [ $tap_code = "$tap_want" ] || { echo "# exit $tap_code, want $tap_want: $*"; sed 's/^/# /' "$work/err" | head -n 10; }
}
skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n - # SKIP $1: $2"; echo "# ${0##*/} leaves out $1: $2" >&2; }
wait_for() {
  tap_tries=0
  until "$@" >/dev/null 2>&1; do
    tap_tries=$((tap_tries + 1))
    [ $tap_tries -lt 5000 ] || return 1
    sleep 0.01
  done
}
listens() { grep -q " 00010000 .* $1\$" /proc/net/unix; }
instructions() {
  valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null "$@" 2>&1 > /dev/null | sed -n 's/.*I *refs: *//p' | tr -d ,
}
instructions_each() {
  tap_function=$1
  shift
  mkdir "$work/calls"
  valgrind --tool=callgrind --callgrind-out-file="$work/calls/n" --zero-before="$tap_function" --dump-after="$tap_function" "$@" > /dev/null 2>&1
  # Not the last file, which is of what comes behind the last call.
  find "$work/calls" -name 'n.*' | sort -t. -k3n | xargs sed -n 's/^totals: //p'
  rm -r "$work/calls"
}
background() { "$@" & tap_pids="$tap_pids $!"; }
finish() { echo "1..$tap_n"; [ $tap_bad = 0 ]; exit; }
