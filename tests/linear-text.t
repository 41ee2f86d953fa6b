#!/bin/sh
# Decoding, HTML, previews and search cost linear time: instructions for n and for 4n of what could cost more
# (tests/unit/linear_text.c), counted by valgrind. What search does on a processor that lacks AVX2 is tested here too.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
if [ "$B" != "${B%asan}" ]; then
  skip linear-text "valgrind and the sanitizers do not go together"
  finish
fi
program=$B/unit/linear_text
n=4000

count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}
least=$(count none 1)
grows_linearly() {
  few=$(count "$1" "$n")
  many=$(count "$1" $((4 * n)))
  echo "$1: $((few - least)) instructions for $n, $((many - least)) for $((4 * n))"
  [ "$few" -gt "$least" ] && [ $(((many - least) * 10)) -le $(((few - least) * 45 + 200000)) ]
}
for name in $("$program" list); do
  ok "linear in $name" grows_linearly "$name"
  # A processor may lack what search is quickest with.
  case $name in search-*) GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2 ok "linear in $name without AVX2" grows_linearly "$name" ;; esac
done
GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2 ok "search finds the same without AVX2" "$B/unit/search" 5000
finish
