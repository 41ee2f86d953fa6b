#!/bin/sh
# frame-write and readers who take their time: what they hold, how long, and how much there can be. tests/frame-read.t has the rest.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
big() { head -c "$1" /dev/urandom > "$work/big"; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
mkdir "$work/tmp"
cd "$work" || exit 111

# How slowly: this goes on beside the rest.
/usr/bin/python3 "$top/tests/slow_reader.py" err.slow frame-write -t 30 head -c 5000000 /dev/zero > code.slow & slow=$!
# And one who stands still himself, for longer than his patience with the reader.
/usr/bin/python3 "$top/tests/stopped_writer.py" err.stopped 13 frame-write -t 12 head -c 80000 /dev/zero > code.stopped & stopped=$!

# sending: frame-write's pid, once it has begun to send; it has a fifo for standard output, of which one octet was read.
stalled() {
  rm -f fifo
  mkfifo fifo
  frame-write "$@" cat big > fifo 2> err & pid=$!
  exec 5< fifo
  dd bs=1 count=1 <&5 > first 2>/dev/null
}
resume() { cat <&5 > rest; exec 5<&-; wait $pid; code=$?; }
held() { readlink /proc/$pid/fd/* | grep -E "$1"; }
whole() { cat first rest > got; [ "$(head -c 4 got | hex)" = "$(printf %08x "$(stat -c %s big)")" ] && tail -c +5 got | cmp - big; }

big 5000000
stalled -d tmp
ok '-d: what waits is a file there' held "^$work/tmp/.*deleted"
is '-d: and nothing in memory' "$(held memfd)" ''
resume
is '-d: sent to its end' $code 0
ok '-d: as it was' whole
stalled
ok 'without -d it waits in memory' held memfd
resume
ok 'and is whole too' whole
big 1048572
stalled -d tmp
ok '-d: up to 1 MiB it stays in memory' held memfd
resume
ok '-d: whole' whole
big 5000000
stalled -d none
ok '-d: no such directory: in memory' held memfd
resume
ok 'whole' whole

# A disk that is full: the octets stay in memory, and go from it as they are sent.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  mkdir full
  cat > full.sh <<'END'
mount -t tmpfs -o size=1M none full && mkfifo fifo2 || exit 111
frame-write -d full cat big > fifo2 & pid=$!
exec 5< fifo2
head -c 4000000 <&5 > first
readlink /proc/$pid/fd/* | grep -c memfd
blocks=$(stat -L -c %b "$(find /proc/$pid/fd -lname '*memfd*' | head -n 1)")
[ "$blocks" -lt 4000 ] && echo freed || echo "$blocks"
cat <&5 > rest
wait $pid
echo $?
END
  is 'a full disk: memory, which is given back as it goes' "$(unshare -m sh full.sh 2>&1 | tr '\n' ' ')" '1 freed 0 '
  ok 'whole' whole
else
  skip 'a full disk' 'needs root and mount'
fi
is 'a limit on the size of files: memory' "$(sh -c 'ulimit -f 11000; frame-write -d tmp cat big | wc -c')" 5000004

# --- how much ---
is 'a response beyond the limit: TOO_LARGE' "$(frame-write -n 1000 cat big 2>/dev/null | hex | cut -c9-10,13-16)" 7a080d
exits 'ends with 3' 3 frame-write -n 1000 cat big
exits 'as much as the limit is fine' 0 sh -c 'frame-write -n 1000 head -c 1000 big'
is 'and whole' "$(wc -c < "$work/out")" 1004
is 'the limit is 65 MiB' "$(frame-write head -c 68157440 /dev/zero | wc -c)" 68157444
is 'and no octet more' "$(frame-write head -c 68157441 /dev/zero 2>/dev/null | hex | cut -c9-10,13-16)" 7a080d

wait $stopped
is 'its own standstill is not the reader'"'"'s' "$(cat code.stopped err.stopped)" '0 80004'
wait $slow
is 'who takes 3000 octets a second is left alone after the patience, whatever the pieces took' "$(cat code.slow)" 4
ok 'and is said to be late' grep -q 'timed out' err.slow
finish
