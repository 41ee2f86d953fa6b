#!/bin/sh
# 130 mails of other projects' tests, where they are at hand (../shared/corpus): mail-show agrees with their oracle in
# everything that has one right answer and is not in tests/corpus/known; what was made to hurt does not.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
corpus=$top/../shared/corpus
if [ ! -d "$corpus/messages" ]; then
  skip corpus "../shared/corpus is not there"
  finish
fi
cd "$corpus/messages" || exit 1
ok 'every mail is shown' mail-show ./*.eml
sed 's,"file": "./,"file": ",' "$work/out" > "$work/ours.jsonl"
ok 'as the oracle says' python3 "$top/tests/corpus/compare.py" ../expected.jsonl "$work/ours.jsonl" "$top/tests/corpus/known"
cat "$work/out"
cd ../torture || exit 1
for mail in *.eml; do ok "made to hurt: $mail" timeout 10 mail-show "$mail"; done
finish
