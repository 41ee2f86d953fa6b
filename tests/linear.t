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
# shellcheck disable=SC2317 # ok calls it
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
finish
