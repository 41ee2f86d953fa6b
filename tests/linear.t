#!/bin/sh
# No mail costs more than linear time: instructions for n and for 4n of each thing that could (tests/linear/make.py),
# counted by valgrind, not seconds. 4.5 leaves room for memory that is taken in steps, as 20,000 do for the rest.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
if [ "$SANITIZED" ]; then
  skip linear "valgrind and the sanitizers do not go together"
  finish
fi
n=1500
mkdir "$work/1" "$work/4"
python3 "$top/tests/linear/make.py" "$work/1" $n
python3 "$top/tests/linear/make.py" "$work/4" $((4 * n))

# One process reads them all: to start valgrind takes longer than most of them.
instructions_each mail_json mail-show "$work"/1/* > "$work/few"
instructions_each mail_json mail-show "$work"/4/* > "$work/many"
printf '%s\n' "$work"/1/* | sed 's,.*/,,' | paste - "$work/few" "$work/many" > "$work/all"
grows_linearly() {
  echo "$1: $2 instructions for $n, $3 for $((4 * n))"
  [ "$2" -gt 0 ] && [ $(($3 * 10)) -le $(($2 * 45 + 200000)) ]
}
while read -r name few many; do
  ok "linear in $name" grows_linearly "$name" "$few" "$many"
  [ "$name" != plain ] || plain_few=$few plain_many=$many
done < "$work/all"

# A hundred thousand of each cost at most twice what a plain mail of the same size does.
printf 'Subject: x\n\nx\n' > "$work/least"
least=$(instructions mail-show "$work/least")
hurt='parts fields words parameters groups comments-nested nested-multiparts line'
mkdir "$work/100000"
# shellcheck disable=SC2086 # words
python3 "$top/tests/linear/make.py" "$work/100000" 100000 $hurt
size() { stat -c %s "$1"; }
plain=$(((plain_many - plain_few) * 100 / ($(size "$work/4/plain") - $(size "$work/1/plain"))))
costs_little() {
  many=$(instructions mail-show "$work/100000/$1")
  octets=$(size "$work/100000/$1")
  echo "$1: $((many - least)) instructions for $octets octets, $((plain * octets / 100)) for plain ones"
  [ $((many - least)) -gt 0 ] && [ $((many - least)) -le $((2 * plain * octets / 100)) ]
}
for name in $hurt; do ok "100,000 $name cost at most twice a plain mail" costs_little "$name"; done
finish
