#!/bin/sh
# frame-call against real servers and against ones that break off.
# shellcheck disable=SC1003,SC2016,SC2059,SC2317 # functions are called by name; printf makes octets; one word a variable
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

mkdir -p "$work/box/cur" "$work/box/new" "$work/box/tmp"
printf 'Subject: x\n\nx\n' > "$work/box/new/1000000000.M1P1.host"
echo 'joe:{PLAIN}secret' > "$work/users"
listen() { name=$1; shift; background s6-ipcserver -a 0600 -- "$work/$name" "$@" 2>/dev/null; wait_for s6-ipcclient "$work/$name" true; }
listen open sh -c 'cd "$0" && exec frame-read frame-write maildir-op' "$work/box"
listen auth frame-auth -d 0 auth "$work/users" sh -c 'cd "$0" && exec frame-read frame-write maildir-op' "$work/box"
call() { s=$1; shift; s6-ipcclient "$work/$s" frame-call "$@"; }
json() { printf '%s' "$1" > "$work/in"; shift; call "$@" < "$work/in"; }

exits 'a request in JSON' 0 json '{}' open -j Stats
is 'and its response' "$(cat "$work/out")" '{"mailCount":"1","unreadCount":"1","byteSize":"14"}'
exits 'an empty request in protobuf' 0 call open Stats < /dev/null
is 'and its response' "$(message-to-json StatsResp < "$work/out")" '{"mailCount":"1","unreadCount":"1","byteSize":"14"}'
exits 'an error' 3 json '{"folder":"None"}' open -j Stats
is 'is printed' "$(cut -c1-34 "$work/out")" '{"error":{"code":"INVALID_FOLDER",' 
json '{"folder":"None"}' open -j Stats 2> "$work/errors" > /dev/null
is 'and is a line for people' "$(grep -c '^frame-call: warning: error: ' "$work/errors")" 1
exits 'an unknown method' 6 call open Nope < /dev/null
exits 'an unknown method in JSON' 100 json '{}' open -j Nope
exits 'what is no JSON' 4 json '{' open -j Stats
exits 'a field that is not there' 4 json '{"x":1}' open -j Stats
printf '\377' > "$work/in"
exits 'what is no protobuf' 4 call open Stats < "$work/in"

login() { printf "$1" > "$work/credentials"; shift; call auth -a -j "$@" 3< "$work/credentials" < "$work/empty"; }
printf '{}' > "$work/empty"
exits '-a' 0 login 'joe\0secret\0' Stats
is 'and the response' "$(cat "$work/out")" '{"mailCount":"1","unreadCount":"1","byteSize":"14"}'
exits '-a: a wrong password' 1 login 'joe\0Secret\0' Stats
is 'the response is the refusal' "$(grep -c '"REFUSED"' "$work/out")" 1
exits '-a: credentials without an end' 2 login 'joe\0secret' Stats
exits '-a: no descriptor 3' 2 sh -c 's6-ipcclient "$0" frame-call -a Stats 3<&- < /dev/null' "$work/auth"
exits 'no -a where it is needed' 4 json '{}' auth -j Stats

# --- a server whose messages are in JSON ---
listen json frame-auth -j -d 0 auth "$work/users" sh -c 'cd "$0" && exec frame-read -j frame-write -j json-op maildir-op' "$work/box"
spoken() { printf "$1" > "$work/credentials"; printf '%s' "$2" > "$work/in"; shift 2; call json -a "$@" 3< "$work/credentials" < "$work/in"; }
exits 'JSON, as it is' 0 spoken 'joe\0secret\0' '{}' Stats
is 'and the response' "$(cat "$work/out")" '{"mailCount":"1","unreadCount":"1","byteSize":"14"}'
exits 'its errors have their codes' 3 spoken 'joe\0secret\0' '{"folder":"x"}' Stats
is 'and are a line for people' "$(cat "$work/err")" 'frame-call: warning: error: no such folder "x"'
exits 'an unknown method' 6 spoken 'joe\0secret\0' '{}' Nope
exits 'a refusal' 1 spoken 'joe\0wrong\0' '{}' Stats
exits 'a KeepOpen' 0 spoken 'joe\0secret\0' '{}' KeepOpen
exits 'protobuf there' 4 spoken 'joe\0secret\0' '' Stats

# --- servers that misbehave ---
server() { rm -f "$work/to" "$work/from"; mkfifo "$work/to"; printf "$1" > "$work/from"; shift; (cat > /dev/null < "$work/to" &); \
  timeout 60 frame-call "$@" 6< "$work/from" 7> "$work/to" < /dev/null; }
exits 'no response' 111 server '' Stats
exits 'a length cut short' 111 server '\0\0\0' Stats
exits 'a response cut short' 111 server '\0\0\0\5\10\1' Stats
exits 'one that is no message' 111 server '\0\0\0\1\377' Stats
exits 'one that is no JSON' 111 server '\0\0\0\2{{' Stats
exits 'one that is no message, in JSON' 111 server '\0\0\0\1\377' -n 5 Stats
exits 'one longer than -n' 111 server '\0\0\0\6\10\1\10\1\10\1' -n 5 Stats
exits 'one of 4 GiB that takes no memory' 111 server '\377\377\377\377' -n 4294967295 Stats
exits 'an error that is not known yet' 110 server '\0\0\0\4\172\2\10\143' Stats
exits 'an unknown error' 110 server '\0\0\0\2\172\0' Stats
server '\0\0\0\10\172\6\22\4a\33\n\\' Stats > /dev/null 2> "$work/err"
is 'an error'\''s text cannot write to a terminal' "$(cat "$work/err")" 'frame-call: warning: error: a\x1b\x0a\\'
mkfifo "$work/silent"
(exec 3> "$work/silent"; exec sleep 60 3>&3) & tap_pids="$tap_pids $!"
exits 'a server that is silent' 111 sh -c 'timeout 40 frame-call -t 1 Stats 6< "$0" 7> /dev/null < /dev/null' "$work/silent"
(sleep 0.2; frame-call Stats 6< /dev/null 7>&1 > /dev/null 2>&1 < /dev/null; echo $? > "$work/gone") | true
is 'a server that has gone' "$(cat "$work/gone")" 111
for usage in 'frame-call' 'frame-call a b' 'frame-call 1a' 'frame-call -x Stats' 'frame-call -t 0 Stats'; do
  # shellcheck disable=SC2086
  exits "usage: $usage" 100 $usage
done
finish
