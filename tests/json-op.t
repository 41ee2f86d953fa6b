#!/bin/sh
# json-op: maildir-op in JSON, alone and at the end of a chain; what a hostile client gets.
# shellcheck disable=SC2059 # printf makes octets
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

mkdir -p "$work/M/cur" "$work/M/new" "$work/M/tmp"
printf 'From: Zo\303\253 <zoe@example.org>\nSubject: one\n\nbody\n' > "$work/M/cur/1700000000.M1.h:2,FS"
cd "$work/M" || exit 111
op() { printf '%s' "$2" | json-op maildir-op "$1"; }
is 'a response' "$(op Stats '{}')" '{"mailCount":"1","byteSize":"48"}'
is 'with what has its default value' "$(printf '{}' | json-op -d maildir-op Stats)" '{"mailCount":"1","unreadCount":"0","byteSize":"48"}'
is 'a request in either spelling' "$(op ListSearch '{"limit":1,"sort":{"parameter":"ARRIVAL"}}' | jq -r '.mailHeads[].header.writtenFrom[].name')" 'Zoë'
is 'octets are base64' "$(op Show '{"mid":"1700000000.M1.h"}' | jq -r .mail.body.discrete | base64 -d)" body
is 'an error' "$(op Stats '{"folder":"x"}')" '{"error":{"code":"INVALID_FOLDER","text":"no such folder \"x\""}}'
is 'outcomes and an error' "$(op Remove '{"mids":["x"]}' | jq -c '[.error.code, .outcomes[].error.code]')" '["NO_SUCH_MAIL","NO_SUCH_MAIL"]'
exits 'its code' 3 op Stats '{"folder":"x"}'
for method in Nope '' '../x' KeepOpen Mail "$(printf %065d 0 | tr 0 a)"; do exits "method '$method'" 6 op "$method" '{}'; done
is 'an unknown method' "$(op Nope '{}')" '{"error":{"code":"UNSUPPORTED","text":"no such method"}}'

# --- what cannot be read is refused, and nothing is run ---
cat > "$work/run" <<END
#!/bin/sh
echo x >> $work/runs
END
chmod 755 "$work/run"
: > "$work/runs"
bad() {  # NAME JSON
  printf "$2" > "$work/in"
  json-op "$work/run" Move < "$work/in" > "$work/got" 2> "$work/err"
  is "$1" "$?$(jq -r .error.code "$work/got")$(cat "$work/err")" 4BAD_REQUEST
}
bad 'nothing at all' ''
bad 'a blank' ' '
bad 'an array' '[]'
bad 'a string' '"x"'
bad 'half an object' '{"mids":["a"]'
bad 'something behind it' '{} x'
bad 'two objects' '{}{}'
bad 'an unknown name' '{"mid":["a"]}'
bad 'a double name' '{"mids":[],"mids":[]}'
bad 'one name in both spellings' '{"toFolder":"a","to_folder":"a"}'
bad 'a wrong type' '{"mids":"a"}'
bad 'null in a list' '{"mids":[null]}'
bad 'NUL in a string' '{"toFolder":"\\u0000"}'
bad 'an octet NUL' '{"toFolder":"\0"}'
bad 'NUL behind it' '{}\0'
bad 'invalid UTF-8' '{"toFolder":"\377"}'
bad 'an overlong form' '{"toFolder":"\300\200"}'
bad 'a surrogate' '{"toFolder":"\\ud800"}'
bad 'a byte order mark' '\357\273\277{}'
bad 'JSON with a comment' '{/**/}'
bad 'a deep array' "$(printf '%20000s' '' | tr ' ' '[')"
bad 'a deep object' "{\"x\":$(printf '%20000s' '' | sed 's/ /{\"x\":/g')"
bad 'more values than a request can have' "{\"mids\":[$(printf '%100000s' '' | sed 's/ /1,/g')1]}"
head -c 16777217 /dev/zero | tr '\0' ' ' > "$work/long"
json-op "$work/run" Move < "$work/long" > "$work/got"
is 'more than 16 MiB' "$?$(jq -r .error.text "$work/got")" '4the JSON text is too long'
is 'nothing was run' "$(wc -l < "$work/runs")" 0
is 'ten thousand mids are a request' "$(json-op maildir-op Remove < "$(jq -nc '{mids: [range(10000) | tostring]}' > "$work/many"; echo "$work/many")" | jq '.outcomes | length')" 10000
if [ "$SANITIZED" ]; then
  skip 'millions of brackets in 150 MB' 'the sanitizers take memory of their own'
else
  small() { prlimit --as=150000000 -- json-op "$work/run" Move < "$1"; }
  { printf '{"mids":['; head -c 16000000 /dev/zero | tr '\0' '['; } > "$work/deep"
  exits 'sixteen million brackets in 150 MB' 4 small "$work/deep"
  { printf '{"mids":['; yes '{}' | head -n 90000 | tr '\n' ','; printf '{}]}'; } > "$work/objects"
  exits 'ninety thousand objects in 150 MB' 4 small "$work/objects"
fi

# --- what it runs ---
cat > "$work/code" <<'END'
#!/bin/sh
printf "$2"
exit "$1"
END
chmod 755 "$work/code"
answers() { printf '{}' | json-op "$work/code" "$@" Stats; }
for c in 1 2 5 42 100 110 111; do
  exits "code $c comes through" $c answers $c '\010\001'
  is 'and what was written is not' "$(cat "$work/out")" ''
done
exits 'a no without a word' 3 answers 3 ''
is 'is left to who reads it' "$(cat "$work/out")" ''
exits 'a response that is no message' 111 answers 0 '\377'
exits 'a program that is not there' 127 json-op "$work/none" Stats < "$work/many.$(printf '{}' > "$work/many."; echo)"
exits 'a program that cannot be run' 126 json-op / Stats < "$work/many."
exits 'a program that is killed' 111 json-op sh -c 'kill -9 $$' Stats < "$work/many."
full() { json-op maildir-op Stats < "$work/many." > /dev/full; }
exits 'a full device' 111 full
exits 'standard input is closed, which is an empty request' 4 json-op maildir-op Stats <&-
is 'the method is the last argument' "$(printf '{}' | json-op sh -c 'printf "\012\011$*"' x a Folders)" '{"folders":["a Folders"]}'
for usage in 'json-op' 'json-op Stats' 'json-op -x maildir-op Stats'; do
  # shellcheck disable=SC2086 # one word an argument
  exits "usage: $usage" 100 $usage < /dev/null
done

# --- large answers ---
/usr/bin/python3 - <<'END'
import os
for name, size in (('2.h:2,', 44000000), ('3.h:2,', 46000000)):
    with open('cur/' + name, 'wb') as f:
        f.write(b'Subject: large\n\n' + os.urandom(1000) * (size // 1000))
END
is 'Raw of 44 MB' "$(op Raw '{"mid":"2.h"}' | jq -r .body | base64 -d | cmp - cur/2.h:2, && echo same)" same
exits 'Raw of 46 MB' 3 op Raw '{"mid":"3.h"}'
is 'is too large' "$(jq -r .error.code "$work/out")" TOO_LARGE
piece() { op Raw "{\"mid\":\"3.h\",\"offset\":\"$1\",\"length\":\"23000010\"}" | jq -r '.body // ""' | base64 -d; }
is 'but in pieces' "$({ piece 0; piece 23000010; piece 46000020; } | cmp - cur/3.h:2, && echo same)" same

truncate -s 1G cur/4.h:2,
exits 'Raw of 1 GB' 3 op Raw '{"mid":"4.h"}'
is 'is too large' "$(jq -r .error.code "$work/out")" TOO_LARGE
exits 'so is the whole in Show' 3 op Show '{"mid":"2.h","bodies":"ALL"}'
rm cur/4.h:2,

# --- at the end of a chain ---
cat > "$work/talk.py" <<'END'
"""talk.py BIN: sessions with frame-read -j frame-write -j json-op maildir-op over a pair of sockets."""
import json, socket, struct, subprocess, sys
n = bad = 0
def session(octets):
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    p = subprocess.Popen(['frame-read', '-j', 'frame-write', '-j', 'json-op', 'maildir-op'], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    theirs.close()
    ours.sendall(octets)
    ours.shutdown(socket.SHUT_WR)
    got, responses = b'', []
    while True:
        piece = ours.recv(65536)
        if not piece: break
        got += piece
    while got:
        (size,) = struct.unpack('>I', got[:4])
        responses.append(json.loads(got[4:4 + size]))
        got = got[4 + size:]
    return p.wait(), [r.get('error', {}).get('code', 'UNKNOWN') if 'error' in r else r for r in responses]
def frame(method, text):
    return struct.pack('>I', len(method)) + method + struct.pack('>I', len(text)) + text
def eq(name, got, want):
    global n, bad
    n += 1
    bad += got != want
    print('%s: got %r' % (name, got)) if got != want else None
S, K, X = frame(b'Stats', b'{"folder":""}'), frame(b'KeepOpen', b'{}'), frame(b'Stats', b'{"folder":"x"}')
code, (stats,) = session(S)
eq('one request', code, 0)
eq('requests ahead', session(S * 3), (0, [stats] * 3))
eq('an error ends it', session(X + S), (3, ['INVALID_FOLDER']))
eq('but not after KeepOpen', session(K + X + S + frame(b'Nope', b'{}') + S), (0, [{}, 'INVALID_FOLDER', stats, 'UNSUPPORTED', stats]))
eq('KeepOpen twice', session(K + K + X + S), (0, [{}, {}, 'INVALID_FOLDER', stats]))
eq('KeepOpen with content', session(frame(b'KeepOpen', b'{"x":1}') + S), (4, ['BAD_REQUEST']))
eq('KeepOpen in protobuf', session(frame(b'KeepOpen', b'\x0a\x00') + S), (4, ['BAD_REQUEST']))
for text in (b'', b'{', b'[]', b'null', b'\xff', b'{"folder":"\xff"}', b'{"folder":1}', b'{}\0', b'{"a":1}', b'{"folder":"a","folder":"b"}', b'[' * 100000):
    eq('%r' % text[:20], session(K + frame(b'Stats', text) + S), (4, [{}, 'BAD_REQUEST']))
for half in (b'\0', b'\0\0\0\5Sta', frame(b'Stats', b'{}')[:-1], struct.pack('>I', 5) + b'Stats' + b'\xff' * 4, frame(b'St ts', b'{}')):
    eq('%r' % half, session(K + S + half), (4, [{}, stats, 'BAD_REQUEST']))
eq('nothing', session(b''), (0, []))
sys.exit(bad != 0 or n < 20)
END
ok 'sessions in JSON: KeepOpen, broken frames, broken texts' /usr/bin/python3 "$work/talk.py"
finish
