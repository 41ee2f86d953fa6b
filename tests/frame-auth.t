#!/bin/sh
# frame-auth in front of any checkpassword program: what each of its ends looks like to the client. tests/chain.t has the rest.
# shellcheck disable=SC2059,SC2217 # functions are called by name; printf makes octets; one word a variable
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

be32() { printf "\\$(printf %o $(($1 >> 24 & 255)))\\$(printf %o $(($1 >> 16 & 255)))\\$(printf %o $(($1 >> 8 & 255)))\\$(printf %o $(($1 & 255)))"; }
auth() { printf '\0\0\0\4Auth\0\0\0\13joe\0secret\0'; }
frame() { be32 ${#1}; printf '%s' "$1"; be32 ${#2}; printf '%s' "$2"; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
# run prog...: with what is in $work/in; the code is in $code, the output in hex in $got
run() { timeout 60 "$@" < "$work/in" > "$work/got" 2> "$work/err"; code=$?; got=$(hex < "$work/got"); }
failure() {
  case $1 in 0) case $got in 000000??7a??12*) return 0 ;; esac ;; *) case $got in 000000??7a??08"$(printf %02x "$1")"12*) return 0 ;; esac ;; esac
  return 1
}

{ auth; frame M x; } > "$work/in"
# --- what a chain's code becomes: the number of an Error ---
end() {  # CODE ERROR
  run frame-auth -d 0 "$stub/check" "$1" true
  is "a checker that ends with $1: the code comes through" $code "$1"
  ok "a checker that ends with $1: error $2" failure "$2"
}
for c in 1 3 4 6 7 42 99 101 128 178 253 255; do end $c 9; done
end 2 1; end 5 11; end 111 10
for c in 100 110 126 127; do end $c 0; done
run frame-auth -d 0 "$stub/check" 0 true
is 'a chain that ends well before frame-read began' $code 0
ok 'is not set up right' failure 0
run frame-auth -d 0 "$work/none"
is 'a checker that is not there' $code 127
ok 'is not set up right' failure 0
run frame-auth -d 0 "$work"
is 'a checker that cannot be run' $code 126
run frame-auth -d 0 sh -c 'kill -9 $$'
is 'a checker killed by a signal' $code 111
ok 'is a temporary failure' failure 10

# --- -j: the same in JSON ---
json() { tail -c +5 "$work/got"; }
run frame-auth -j -d 0 "$stub/check" 1 true
is '-j: a refusal' "$(json)" '{"error":{"code":"REFUSED","text":"user or password not accepted"}}'
is '-j: its length' "$(head -c 4 "$work/got" | hex)" "$(be32 $(($(wc -c < "$work/got") - 4)) | hex)"
run frame-auth -j -d 0 "$stub/check" 5 true
is '-j: no mailbox' "$(json)" '{"error":{"code":"NO_MAILBOX","text":"this account has no mailbox"}}'
run frame-auth -j -d 0 "$stub/check" 100 true
is '-j: UNKNOWN is the default, and is left out' "$(json)" '{"error":{"text":"the server is not set up right"}}'
frame Stats '' > "$work/in"
run frame-auth -j -d 0 "$stub/check" 0 true
is '-j: another first request' "$(json)" '{"error":{"code":"BAD_REQUEST","text":"the first request must be Auth"}}'
{ auth; frame M x; } > "$work/in"

# --- once frame-read has begun, frame-auth says nothing ---
for c in 0 3 4 6; do
  run frame-auth "$stub/check" 0 frame-read frame-write sh -c "printf x; exit $c"
  is "a session with code $c: the code comes through" $code $c
  is "a session with code $c: one response" "$got" 0000000178
done
run frame-auth -d 0 "$stub/check" 0 frame-read frame-write sh -c 'exit 1'
is 'a session that ends with 1, as a refusal does' $code 1
ok 'has one response, that of frame-read' failure 0
is 'which is all' "$(printf %d "0x$(printf %s "$got" | cut -c1-8)")" "$((${#got} / 2 - 4))"
run frame-auth -d 0 "$stub/check" 0 sh -c 'sleep 100 & frame-read frame-write cat; kill $!'
is 'somebody else who holds the pipe does not matter' $code 0
(run frame-auth -d 0 "$stub/check" 0 sh -c 'sleep 3 >/dev/null 2>&1 & exit 5'; [ $code = 5 ] && failure 11)
is 'nor where the chain ends early' $? 0

# --- what prog gets ---
cat > "$work/look" <<'END'
#!/bin/sh
printf '%s|' "$AUTHUSER"; od -An -c <&3 | tr -d ' \n'; printf '|'
ls /proc/self/fd | tr '\n' ' '; printf '|'; [ "$PORTER_STATUS" -ge 10 ] && [ -e "/proc/self/fd/$PORTER_STATUS" ] && printf open
printf '|'; grep -E '^(SigBlk|SigIgn)' /proc/self/status | tr -d '\t\n'
END
chmod 755 "$work/look"
ls /proc/self/fd > "$work/fds" < "$work/in"
run frame-auth -d 0 sh -c "exec $work/look >&2"
is 'AUTHUSER, the credentials as they came, PORTER_STATUS, no signal blocked' "$(cut -d'|' -f1,2,4,5 "$work/err")" \
  'joe|joe\0secret\0|open|SigBlk:0000000000000000SigIgn:0000000000000000'
printf '\0\0\0\4Auth\0\0\0\15joe\0secret\0x\0' > "$work/in"
run frame-auth -d 0 sh -c "exec $work/look >&2"
is 'a challenge is passed on' "$(cut -d'|' -f2 "$work/err")" 'joe\0secret\0x\0'
is 'what follows the Auth frame is the chain'\''s' "$( { auth; printf rest; } | frame-auth -d 0 sh -c 'cat <&3 >/dev/null; cat >&2' 2>&1 >/dev/null)" rest

# --- -d, -v, -t ---
auth > "$work/in"
begun=$(date +%s%N)
run frame-auth -d 1 "$stub/check" 1
ok '-d: a failure comes later' test $(($(date +%s%N) - begun)) -ge 1000000000
run frame-auth -d 1000 "$stub/check" 0 frame-read frame-write cat
is '-d: success does not' $code 0
# A refusal leaves at whole multiples of -d after the frame came: how long the check took is not to be seen. strace tells until when
# frame-auth sleeps, so that no load is in the way.
cat > "$work/late.py" <<'END'
import re, subprocess, sys, time
noted, took, code = sys.argv[1:]
check = 'import sys, time; begun = time.monotonic(); time.sleep(float(sys.argv[2])); print(begun, time.monotonic(), file=open(sys.argv[1], "w")); sys.exit(int(sys.argv[3]))'
p = subprocess.Popen(['strace', '-ttt', '-o', noted + '.trace', '-e', 'trace=clock_nanosleep', 'frame-auth', '-d', '2', '/usr/bin/python3', '-c', check, noted, took, code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
time.sleep(0.3)
apart = time.time() - time.monotonic()
sent = time.monotonic()
p.stdin.write(b'\0\0\0\4Auth\0\0\0\13joe\0secret\0'.replace(b'\13', bytes([11])))
p.stdin.close()
p.stdout.read(1)
came = time.monotonic()
p.wait()
begun, ended = map(float, open(noted).read().split())
slept = re.search(r'(?m)^(\S+) clock_nanosleep\(CLOCK_MONOTONIC, TIMER_ABSTIME, {tv_sec=(\d+), tv_nsec=(\d+)}', open(noted + '.trace').read())
until, at = int(slept[2]) + int(slept[3]) / 1e9, float(slept[1]) - min(apart, time.time() - time.monotonic())
# The frame came between sent and begun. (A microsecond is lost in numbers with a point.)
whole = any(sent - 1e-5 <= until - 2 * k <= begun + 1e-5 for k in range(1, 60))
print('good' if whole and until - 2 - 1e-5 <= at and ended < until <= came else (sent, begun, ended, at, until, came))
END
for late in '0 1' '1.5 1' '2.5 1' '2.5 111'; do /usr/bin/python3 "$work/late.py" "$work/late$late" "${late% *}" "${late#* }" > "$work/left$late" 2>&1 & done
wait
is '-d: at the next multiple after a check of 0, 1.5, 2.5 s; TEMPORARY too' "$(cat "$work"/left* | tr '\n' ' ')" 'good good good good '

last() { tail -n 1 "$work/err"; }
TCPREMOTEIP=192.0.2.1 run frame-auth -v -d 0 "$stub/check" 1
is '-v: a refusal' "$(last)" 'frame-auth: ip 192.0.2.1: user or password not accepted: "joe"'
IPCREMOTEEUID=33 run frame-auth -v -d 0 "$stub/check" 0 frame-read true
is '-v: success' "$(last)" 'frame-auth: uid 33: accepted: "joe"'
run frame-auth -v -d 0 "$stub/check" 1
is '-v: nobody says who it is' "$(last)" 'frame-auth: nobody knows whom: user or password not accepted: "joe"'
cat > "$work/pair.py" <<'END'
import os, socket, subprocess, sys
a, b = socket.socketpair()
a.sendall(b'\0\0\0\4Auth\0\0\0' + bytes([11]) + b'joe\0secret\0')
sys.exit(subprocess.run(sys.argv[1:], stdin=b, stdout=b).returncode)
END
run /usr/bin/python3 "$work/pair.py" frame-auth -v -d 0 "$stub/check" 1
is '-v: the kernel knows who made a unix socket' "$(last)" "frame-auth: uid $(id -u): user or password not accepted: \"joe\""
printf '\0\0\0\4Show\0\0\0\0' > "$work/in"
run frame-auth -v -d 0 "$stub/check" 1
is '-v: no user' "$(last)" 'frame-auth: nobody knows whom: the first request must be Auth: no user'
named() {  # USER AS-SHOWN
  { printf '\0\0\0\4Auth\0\0\0'; printf "\\$(printf %03o $(($(printf "$1" | wc -c) + 3)))"; printf "$1\0s\0"; } > "$work/in"
  TCPREMOTEIP=192.0.2.1 run frame-auth -v -d 0 "$stub/check" 1
  is "-v: a user called $1" "$(last)" "frame-auth: ip 192.0.2.1: user or password not accepted: $2"
}
named nobody '"nobody"'
named 'no user' '"no user"'
named '' '""'
named 'a from 203.0.113.9' '"a from 203.0.113.9"'
named 'a": accepted: "b' '"a\": accepted: \"b"'
named 'a\\' '"a\\"'
named 'a\nframe-auth: ip 203.0.113.9: accepted' '"a\x0aframe-auth: ip 203.0.113.9: accepted"'
printf '\0\0\0\4Auth\0\0\0\16j\nfr\33m\0secret\0' > "$work/in"
run frame-auth -v -d 0 "$stub/check" 1
is '-v: one line, whatever the user is called' "$(wc -l < "$work/err")" 1
grep -q secret "$work/err"
is '-v: no password' $? 1

# A log that nobody reads any more: the pipe is full, and the client gets his answer all the same.
auth > "$work/in"
cat > "$work/full.py" <<'END'
import fcntl, os, subprocess, sys
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, os.O_NONBLOCK)
try:
    while True:
        os.write(w, b'x' * 4096)
except BlockingIOError:
    fcntl.fcntl(w, fcntl.F_SETFL, 0)
sys.exit(subprocess.run(sys.argv[1:], stderr=w, timeout=60).returncode)
END
run /usr/bin/python3 "$work/full.py" frame-auth -v -d 0 "$stub/check" 1
is 'a full pipe for the log: the refusal comes' $code 1
ok 'as an error' failure 9
run /usr/bin/python3 "$work/full.py" frame-auth -v -d 0 "$work/none"
is 'also where there is more to say' $code 127
{ auth; frame M x; } > "$work/in"
run /usr/bin/python3 "$work/full.py" frame-auth -v -d 0 "$stub/check" 0 frame-read frame-write "$work/none"
is 'in a session too' $code 127
run /usr/bin/python3 "$work/full.py" frame-auth -v -d 0 "$stub/check" 0 maildir-enter /none/%u frame-read
is 'and before it' $code 5

if [ "$(id -u)" = 0 ]; then
  cat > "$work/held.sh" <<'END'
i=0
while [ $i -lt 5000 ] && grep -q '^Uid:.*[[:space:]]0\($\|[[:space:]]\)' "/proc/$PPID/status"; do i=$((i + 1)); sleep 0.01; done
ls "/proc/$PPID/fd" | sort -n | tr '\n' ' ' >&2
END
  run sh -c 'exec frame-auth -d 0 sh "$0" 7< /etc/passwd 9< /dev/null' "$work/held.sh"
  is 'nothing is open in it but the connection, the log and the pipe' "$(wc -w < "$work/err")" 4
  auth > "$work/in"
  cat > "$work/who" <<'END'
#!/bin/sh
# The parent's ids, once it has given up being root: it does so while this runs.
i=0
while [ $i -lt 5000 ] && grep -q '^Uid:.*[[:space:]]0\($\|[[:space:]]\)' "/proc/$PPID/status"; do i=$((i + 1)); sleep 0.01; done
grep -E '^(Uid|Gid|Groups):' "/proc/$PPID/status" | tr -s '\t\n' ' ' >&2
END
  chmod 755 "$work/who"
  run frame-auth -d 0 "$work/who"
  is 'started as root it becomes one who owns nothing' "$(cat "$work/err")" 'Uid: 65534 65534 65534 65534 Gid: 65534 65534 65534 65534 Groups: 65534 '
  run frame-auth -d 0 -u 4711:4712 "$work/who"
  is '-u: or another' "$(cat "$work/err")" 'Uid: 4711 4711 4711 4711 Gid: 4712 4712 4712 4712 Groups: 4712 '
  account_line=$(awk -F: '$3 > 0 && $3 != 65534 { print $1 " " $3 " " $4; exit }' /etc/passwd)
  # shellcheck disable=SC2086
  set -- $account_line
  run frame-auth -d 0 -u "$1" "$work/who"
  is '-u: or an account of the system' "$(cat "$work/err")" "Uid: $2 $2 $2 $2 Gid: $3 $3 $3 $3 Groups: $3 "
else
  skip 'giving up root' 'needs root'
fi
for usage in 'frame-auth' 'frame-auth -t 0 true' 'frame-auth -d x true' 'frame-auth -u 0:1 true' 'frame-auth -u 1 true' 'frame-auth -u 1:x true' 'frame-auth -u root true' 'frame-auth -u nonesuch true' 'frame-auth -x true'; do
  # shellcheck disable=SC2086
  exits "usage: $usage" 100 $usage
done
finish
