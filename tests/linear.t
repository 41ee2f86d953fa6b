#!/bin/sh
# No mail costs more than linear time: instructions for n and for 4n of each thing that could (tests/linear/make.py),
# counted by valgrind, not seconds. 4.5 leaves room for memory that is taken in steps, as 20,000 do for the rest.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
if [ "$B" != "${B%asan}" ]; then
  skip linear "valgrind and the sanitizers do not go together"
  finish
fi
n=1500
mkdir "$work/1" "$work/4"
python3 "$top/tests/linear/make.py" "$work/1" $n
python3 "$top/tests/linear/make.py" "$work/4" $((4 * n))
printf 'Subject: x\n\nx\n' > "$work/least"

count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null mail-show "$1" 2>&1 > /dev/null | sed -n 's/.*Collected : //p'
}
least=$(count "$work/least")
grows_linearly() {
  count "$work/1/$1" > "$work/few" &
  many=$(count "$work/4/$1")
  wait $!
  few=$(cat "$work/few")
  echo "$1: $((few - least)) instructions for $n, $((many - least)) for $((4 * n))"
  [ $(((many - least) * 10)) -le $(((few - least) * 45 + 200000)) ]
}
for mail in "$work"/1/*; do
  name=$(basename "$mail")
  ok "linear in $name" grows_linearly "$name"
done

# A hundred thousand of each cost at most twice what a plain mail of the same size does.
hurt='parts fields words parameters groups comments-nested nested-multiparts line'
mkdir "$work/100000"
# shellcheck disable=SC2086 # words
python3 "$top/tests/linear/make.py" "$work/100000" 100000 $hurt
size() { stat -c %s "$1"; }
plain=$((($(count "$work/4/plain") - $(count "$work/1/plain")) * 100 / ($(size "$work/4/plain") - $(size "$work/1/plain"))))
costs_little() {
  many=$(count "$work/100000/$1")
  octets=$(size "$work/100000/$1")
  echo "$1: $((many - least)) instructions for $octets octets, $((plain * octets / 100)) for plain ones"
  [ $((many - least)) -le $((2 * plain * octets / 100)) ]
}
for name in $hurt; do ok "100,000 $name cost at most twice a plain mail" costs_little "$name"; done
finish
