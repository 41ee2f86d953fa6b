#!/bin/sh
# Charsets, transfer encodings and letter case against Python's codecs: every octet of the single-byte sets, every pair of the
# Chinese, Japanese and Korean ones, random text; where the two differ on purpose the reason is in charset_peer.py.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
for set in single pairs stateful random transfer fold compared folders; do
  ok "as Python has it: $set" /usr/bin/python3 "$top/tests/charset_peer.py" "$B/unit" "$set"
done
finish
