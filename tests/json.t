#!/bin/sh
# message-to-json and json-to-message: Google's json_format is the judge of what they write and take.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

python=/usr/bin/python3
mkdir "$work/pb"
protoc --python_out="$work/pb" --proto_path="$top/src/proto" "$top/src/proto/maildir.proto" || exit 111

rounds=12
[ ! "$SANITIZED" ] || rounds=1  # a process under the sanitizers takes fifty times as long
ok 'random messages: both directions as json_format, byte for byte' "$python" "$top/tests/json/peer.py" "$work/pb" "$bin" 20240501 "$rounds"
ok 'what is taken and what is refused' "$python" "$top/tests/json/refusals.py" "$work/pb" "$bin"

: > "$work/empty"
exits 'no type' 100 message-to-json
exits 'no type' 100 json-to-message
exits 'two types' 100 message-to-json ListReq ListReq
exits 'an unknown type' 100 message-to-json ListRequest
exits 'an unknown type' 100 json-to-message porter.
exits 'an unknown option' 100 json-to-message -x ListReq
exits 'a bound that is no number' 100 message-to-json -n 1k ListReq
printf '\n\1a' > "$work/message"
exits 'no more octets than the bound' 0 message-to-json -n 3 StatsReq < "$work/message"
is 'the whole type name' "$(message-to-json porter.StatsReq < "$work/message")" '{"folder":"a"}'
exits 'one more' 4 message-to-json -n 2 StatsReq < "$work/message"
printf '{"folder":"a"}' > "$work/json"
exits 'no more JSON than the bound' 0 json-to-message -n 14 StatsReq < "$work/json"
exits 'one more' 4 json-to-message -n 13 StatsReq < "$work/json"
is 'nothing on standard output then' "$(wc -c < "$work/out")" 0
exits 'standard input is closed' 111 json-to-message StatsReq <&-
exits 'standard input is a directory' 111 message-to-json StatsReq < "$work"
full() { "$@" > /dev/full; }
exits 'standard output is full' 111 full message-to-json StatsReq < "$work/message"
exits 'standard output is full' 111 full json-to-message StatsReq < "$work/json"
exits 'the fault on one line' 4 json-to-message ListReq < "$work/json.missing$(printf '{"start":"x"}' > "$work/json.missing")"
is 'with the place' "$(cat "$work/err")" 'json-to-message: fatal: start: not a whole number from 0 to 4294967295'

# Memory: 40 MB of octets are written as base64 with little beside the message itself; many small values stay in proportion.
if [ "$SANITIZED" ]; then
  skip 'memory' 'the sanitizers take their own'
else
  limited() { limit=$1; shift; prlimit --as="${limit}000" -- "$@"; }
  "$python" - "$work/large" <<'END'
import sys
body = bytes(range(256)) * 163840
n, tag = len(body), b"\x12"
while n > 127: tag += bytes([n & 127 | 128]); n >>= 7
open(sys.argv[1], "wb").write(tag + bytes([n]) + body)
END
  round_trip() { limited 120000 message-to-json RawResp < "$work/large" > "$work/large.json"; }
  ok '40 MB of octets in less than 120 MB' round_trip
  large_back() { json-to-message -n 100000000 RawResp < "$work/large.json" | cmp - "$work/large"; }
  ok 'and back' large_back
  "$python" -c 'import sys; sys.stdout.buffer.write(b"\n\0" * 4000000)' > "$work/many"
  many() { limited 60000 message-to-json FoldersResp < "$work/many" | wc -c; }
  is 'four million empty strings in less than 60 MB' "$(many)" 12000014
fi
finish
