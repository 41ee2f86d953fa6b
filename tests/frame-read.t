#!/bin/sh
# frame-read and frame-write on pipes and files: what they run, what they answer, how they end.
# shellcheck disable=SC2059,SC2317 # functions are called by name; printf makes octets; one word a variable
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

script() { cat > "$work/$1" && chmod 755 "$work/$1"; }
script cat <<'END'
#!/bin/sh
exec cat
END
script show <<'END'
#!/bin/sh
printf '%s:%s' "$*" "$(cat)"
END
script code <<'END'
#!/bin/sh
printf '%s' "$2"
exit "$1"
END
script count <<END
#!/bin/sh
echo x >> $work/runs
END
script fds <<'END'
#!/bin/sh
exec ls /proc/self/fd
END
script signals <<'END'
#!/bin/sh
grep -E '^(SigBlk|SigIgn)' /proc/self/status | tr -s '\t\n' ' '
END
script killed <<'END'
#!/bin/sh
printf half
kill -9 $$
END
be32() { printf "\\$(printf %o $(($1 >> 24 & 255)))\\$(printf %o $(($1 >> 16 & 255)))\\$(printf %o $(($1 >> 8 & 255)))\\$(printf %o $(($1 & 255)))"; }
frame() { be32 ${#1}; printf '%s' "$1"; be32 ${#2}; printf '%s' "$2"; }
response() { be32 ${#1}; printf '%s' "$1"; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
# FILE holds requests; the chain's output in hex is in $got, its code in $code.
chain() { timeout 60 "$@" < "$work/in" > "$work/got" 2> "$work/err"; code=$?; got=$(hex < "$work/got"); }
failure() {  # that the output is one response whose error has the code N, which is not 0
  case $got in 000000??7a??08"$(printf %02x "$1")"12*) return 0 ;; *) return 1 ;; esac
}
unknown() { case $got in 000000??7a??12*) return 0 ;; *) return 1 ;; esac; }

# --- what works ---
{ frame Show one; frame Raw ''; frame A-b_9 three; } > "$work/in"
chain frame-read frame-write "$work/show" x
is 'requests in order, with the method behind the arguments' "$got" "$({ response 'x Show:one'; response 'x Raw:'; response 'x A-b_9:three'; } | hex)"
is 'exit 0 at end of file' $code 0
: > "$work/in"
chain frame-read frame-write false
is 'nothing in, nothing out' "$code$got" 0
{ frame Show one; printf 'rest'; } > "$work/in"
is 'exactly the octets of a frame are read' "$( (frame-read -t 1 "$work/code" 3 >/dev/null 2>&1; cat) < "$work/in" | hex)" ''
{ frame M "$(printf %70000d 7)"; frame M "$(printf %65536d 8)"; } > "$work/in"
chain frame-read frame-write "$work/cat"
is 'messages through a memfd and a pipe' "$got" "$({ response "$(printf %70000d 7)"; response "$(printf %65536d 8)"; } | hex)"
{ be32 1; printf M; be32 1048577; head -c 1048577 /dev/zero; } > "$work/in"
mkdir "$work/dir"
chain frame-read -d "$work/dir" frame-write sh -c 'readlink /proc/self/fd/0'
is 'a long message is a file of the directory' "$(grep -ac "$work/dir/#" "$work/got")" 1
chain frame-read -d "$work/none" frame-write sh -c 'wc -c'
is 'or of the memory, where that has none' "$(tail -c +5 "$work/got")" 1048577
chain frame-read frame-write sh -c 'readlink /proc/self/fd/0'
is 'or where none is named' "$(grep -ac memfd "$work/got")" 1
is 'none is left' "$(ls "$work/dir")" ''
frame M x > "$work/in"
chain frame-read frame-write "$work/fds"
"$work/fds" < "$work/in" > "$work/fds.alone" 2>/dev/null
is 'the program has the descriptors that it has alone' "$(tail -c +5 "$work/got")" "$(cat "$work/fds.alone")"
chain sh -c 'trap "" CHLD; exec frame-read frame-write '"$work/code 0 done"
is 'an ignored SIGCHLD loses no exit codes' "$code$got" "0$(response 'done' | hex)"
chain frame-read frame-write "$work/signals"
is 'SIGPIPE is as it was, nothing is blocked' "$(tail -c +5 "$work/got")" 'SigBlk: 0000000000000000 SigIgn: 0000000000000000 '
frame M x > "$work/in"
printf 'first' > "$work/appended"
frame-read frame-write "$work/code" 0 more < "$work/in" >> "$work/appended"
is 'a file opened for appending, which sendfile refuses' "$(hex < "$work/appended")" "$({ printf first; response more; } | hex)"
frame M x | PORTER_STATUS=5 frame-read frame-write "$work/code" 0 '' 5> "$work/status" > /dev/null
is 'PORTER_STATUS gets one byte' "$(wc -c < "$work/status")" 1
frame M x > "$work/in"
PORTER_STATUS=1 chain frame-read frame-write "$work/code" 0 x
is 'but not where it names standard output' "$got" "$(response x | hex)"
PORTER_STATUS=77 chain frame-read frame-write env
is 'nor a closed one; and the program does not see it' "$code$(grep -c PORTER_STATUS "$work/got")" 1270

# --- exit codes ---
for c in 3 4 6; do
  { frame M x; frame M y; } > "$work/in"
  chain frame-read frame-write "$work/code" $c error
  is "a response with code $c is sent, and ends it" "$code$got" "$c$(response error | hex)"
done
chain frame-read frame-write "$work/code" 4 ''
ok 'code 4 without a word is no empty success' failure 1
chain frame-read frame-write "$work/code" 6 ''
ok 'nor is 6' failure 2
chain frame-read frame-write "$work/code" 3 ''
ok 'nor 3' unknown
for c in 1 2 5 42 100 110 126 127; do
  chain frame-read frame-write "$work/code" $c thrown-away
  is "code $c comes through" $code $c
  ok "what was written with code $c is thrown away for a failure" unknown
done
chain frame-read frame-write "$work/code" 111 thrown-away
is 'code 111 comes through' $code 111
ok 'as a temporary failure' failure 10
chain frame-read frame-write "$work/killed"
is 'a program killed by a signal counts as 111' $code 111
ok 'as a temporary failure' failure 10
chain frame-read frame-write "$work/none"
is 'a program that is not there' $code 127
ok 'is answered' unknown
chain frame-read frame-write "$work"
is 'a program that cannot be run' $code 126
chain frame-read "$work/killed"
is 'nothing is sent behind what a program that was killed has sent' "$code$got" "111$(printf half | hex)"
chain frame-read "$work/none"
is 'no frame-write either' $code 127
ok 'is answered' unknown
: > "$work/runs"
{ frame M x; frame M y; be32 4; } > "$work/in"
chain frame-read frame-write "$work/count"
is 'two requests, then half of one: exit 4' $code 4
is 'the half one was not run' "$(wc -l < "$work/runs")" 2

# --- KeepOpen ---
{ frame KeepOpen ''; frame M x; frame M y; } > "$work/in"
for c in 3 6; do
  chain frame-read frame-write "$work/code" $c error
  is "after KeepOpen code $c does not end the connection" "$code$got" "0$({ response ''; response error; response error; } | hex)"
  chain frame-read frame-write "$work/code" $c ''
  is "nor $c without a word, which is answered each time" "$code$(printf %s "$got" | sed 's/^00000000\(000000..7a..*\)\1$/twice/')" 0twice
done
for c in 4 1 5 42 110; do
  : > "$work/runs"
  chain frame-read frame-write sh -c "echo x >> $work/runs; printf error; exit $c"
  is "code $c does" "$code$(wc -l < "$work/runs")" "${c}1"
done
chain frame-read frame-write "$work/code" 111 ''
is 'so does 111' "$code" 111
ok 'with one failure behind the answer to KeepOpen' test "$(hex < "$work/got" | grep -c '^00000000000000..7a..080a12')" = 1
chain frame-read frame-write "$work/killed"
is 'and a program that was killed' "$code" 111
{ frame KeepOpen ''; frame M x; be32 4; } > "$work/in"
chain frame-read frame-write "$work/code" 3 error
is 'and a frame that is not whole' $code 4
{ frame M x; frame KeepOpen ''; frame M y; } > "$work/in"
chain frame-read frame-write "$work/code" 3 error
is 'what failed before it has ended the connection' "$code$got" "3$(response error | hex)"
{ frame KeepOpen ''; frame KeepOpen ''; frame M x; frame KeepOpen ''; } > "$work/in"
chain frame-read frame-write "$work/code" 3 error
is 'it may be said again, and each time is answered' "$code$got" "0$({ response ''; response ''; response error; response ''; } | hex)"
{ frame KeepOpen x; frame M y; } > "$work/in"
chain frame-read frame-write "$work/count"
is 'a KeepOpen with content: exit 4' $code 4
ok 'is answered' failure 1
{ be32 8; printf KeepOpen; be32 4294967295; } > "$work/in"
chain frame-read frame-write "$work/count"
is 'one that announces 4 GB likewise' $code 4
ok 'is answered' failure 1
frame keepopen '' > "$work/in"
chain frame-read frame-write "$work/code" 3 error
is 'another spelling is another method' "$code$got" "3$(response error | hex)"

# --- -j: what frame-read and frame-write say themselves is JSON ---
json() { tail -c +5 "$work/got"; }
{ frame KeepOpen '{}'; frame KeepOpen ' {
} '; frame KeepOpen ''; frame M x; } > "$work/in"
chain frame-read -j frame-write -j "$work/code" 3 no
is '-j: KeepOpen, in JSON or empty, is answered in JSON' "$code$got" "0$({ response '{}'; response '{}'; response '{}'; response no; } | hex)"
for content in '{"a":1}' '[]' 'null' '{' '}' '{}x' '{}{}' "$(printf '%70s{}' '')"; do
  frame KeepOpen "$content" > "$work/in"
  chain frame-read -j frame-write -j "$work/count"
  is "-j: KeepOpen with $content: exit 4" $code 4
  is 'is answered' "$(json)" '{"error":{"code":"BAD_REQUEST","text":"KeepOpen has no content"}}'
done
{ be32 1; printf M; be32 5; printf abcd; } > "$work/in"
chain frame-read -j frame-write -j "$work/count"
is '-j: a frame that is not whole' "$(json)" '{"error":{"code":"BAD_REQUEST","text":"end of file inside a frame"}}'
frame M x > "$work/in"
chain frame-read -j frame-write -j "$work/code" 111 ''
is '-j: 111' "$(json)" '{"error":{"code":"TEMPORARY","text":"temporary failure, try again later"}}'
chain frame-read -j frame-write -j "$work/code" 42 ''
is '-j: another code; UNKNOWN is the default, and is left out' "$(json)" '{"error":{"text":"the request could not be carried out"}}'
chain frame-read -j frame-write -j "$work/code" 6 ''
is '-j: 6 without a word' "$(json)" '{"error":{"code":"UNSUPPORTED","text":"the request was refused"}}'
is '-j: its length' "$(head -c 4 "$work/got" | hex)" "$(be32 $(($(wc -c < "$work/got") - 4)) | hex)"

# --- a disk that is full ---
mkdir "$work/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=1m porter-test "$work/small" 2>/dev/null; then
  test_cleanup() { umount "$work/small"; }
  large() { be32 1; printf M; be32 3000000; head -c 3000000 /dev/zero; }
  { large; frame M x; } > "$work/in"
  chain frame-read -d "$work/small" frame-write "$work/code" 0 'done'
  is 'no space for a message: exit 3' $code 3
  ok 'over quota' failure 8
  { frame KeepOpen ''; large; frame M x; large; } > "$work/in"
  chain frame-read -d "$work/small" frame-write "$work/code" 0 'done'
  is 'after KeepOpen the connection goes on behind it' "$code$(printf %s "$got" | sed 's/000000..7a..080812[0-9a-f]\{50\}/full/g')" "000000000full$(response 'done' | hex)full"
  { frame KeepOpen ''; large | head -c 2000000; } > "$work/in"
  chain frame-read -d "$work/small" frame-write "$work/code" 0 'done'
  is 'one that is cut short is a bad frame all the same' $code 4
else
  skip 'a disk that is full' 'needs root, and to mount'
fi

# --- bad frames: nothing is run ---
bad() {  # NAME [frame-read's options]; the frame is in $work/in
  name=$1; shift
  : > "$work/runs"
  chain frame-read "$@" frame-write "$work/count"
  is "$name: exit 4" $code 4
  ok "$name: is answered" failure 1
  is "$name: nothing was run" "$(wc -l < "$work/runs")" 0
}
frame M abcd > "$work/in"; bad 'a message longer than -n' -n 3
chain frame-read -n 4 frame-write "$work/code" 0 x
is 'one as long as -n' $code 0
{ be32 1; printf M; be32 5; printf abcd; } > "$work/in"; bad 'a message cut short'
{ be32 1; printf M; be32 70000; printf %69999d 1; } > "$work/in"; bad 'a long message cut short'
{ be32 1; printf M; be32 68157441; } > "$work/in"; bad 'a message longer than 65 MiB'
{ be32 5; printf Show; } > "$work/in"; bad 'a method cut short'
printf '\0\0' > "$work/in"; bad 'a length cut short'
frame '' x > "$work/in"; bad 'no method'
frame 1a x > "$work/in"; bad 'a method that begins with a digit'
frame "$(printf %065d 0 | tr 0 a)" x > "$work/in"; bad 'a method of 65'
frame "$(printf %064d 0 | tr 0 a)" x > "$work/in"
chain frame-read frame-write "$work/code" 0 x
is 'a method of 64' $code 0
mkfifo "$work/fifo"
(exec 3> "$work/fifo"; printf '\0\0\0\1' >&3; exec sleep 60 3>&3) & tap_pids="$tap_pids $!"
timeout 60 frame-read -t 1 frame-write cat < "$work/fifo" > "$work/got" 2>/dev/null; code=$?; got=$(hex < "$work/got")
is 'a pipe that falls silent: exit 4' $code 4
ok 'is answered' failure 1

# --- limits of the system ---
{ frame M "$(printf %200000d 7)"; } > "$work/in"
chain sh -c 'ulimit -f 1; exec frame-read frame-write cat'
is 'a limit on the size of files is a temporary failure' $code 111
ok 'which is answered' failure 10
if [ "$(id -u)" = 0 ]; then
  { frame M x; } > "$work/in"
  # The sanitizers search for leaks in a process of its own.
  chain env ASAN_OPTIONS=detect_leaks=0 setpriv --reuid 47110 --regid 47110 --clear-groups prlimit --nproc=0 frame-read frame-write cat
  is 'a limit on processes is a temporary failure' $code 111
  ok 'which is answered' failure 10
else
  skip 'a limit on processes' 'needs root'
fi

# --- frame-write alone ---
is 'a filter' "$(printf abc | frame-write | hex)" "$(response abc | hex)"
is 'of nothing' "$(frame-write < /dev/null | hex)" 00000000
is 'of more than a pipe holds' "$(printf %200000d 1 | frame-write | wc -c)" 200004
exits 'more than -n' 110 sh -c 'printf abcd | frame-write -n 3'
is 'nothing is written then' "$(wc -c < "$work/out")" 0
exits 'as much as -n' 0 sh -c 'printf abc | frame-write -n 3'
exits 'a program that writes more than -n, and knows' 3 frame-write -n 3 sh -c 'printf abcd || exit 111'
is 'what is written then is an error, not the octets' "$(hex < "$work/out" | cut -c9-10,13-16)" 7a080d
exits 'a limit on files is a limit on responses' 110 sh -c 'ulimit -f 1; head -c 2000 /dev/zero | frame-write'
exits 'a full device' 4 sh -c 'printf abc | frame-write > /dev/full'
exits 'a reader that has gone' 4 "$work/code" 4
( (printf %200000d 1 | frame-write 2>/dev/null; echo $? > "$work/code-gone") | head -c 1 > /dev/null)
is 'a reader that goes inside a response: exit 4' "$(cat "$work/code-gone")" 4
( (printf %200000d 1 | frame-write -t 1 2>/dev/null; echo $? > "$work/code-stuck") | { wait_for test -s "$work/code-stuck"; cat > /dev/null; } )
is 'a reader that does not read: exit 4' "$(cat "$work/code-stuck")" 4

for usage in 'frame-read' 'frame-read -t 0 cat' 'frame-read -n x cat' 'frame-read -x cat' 'frame-write -t x' 'frame-write -n 4294967296' 'frame-write -x'; do
  # shellcheck disable=SC2086 # one word an argument
  exits "usage: $usage" 100 $usage
done
finish
