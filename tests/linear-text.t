#!/bin/sh
# Decoding, HTML, previews, search and numbers of threads cost linear time: instructions for n and for 4n of what could cost
# more (tests/unit/linear_text.c), counted by valgrind. What search does on a processor that lacks AVX2 is tested here too.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
if [ "$SANITIZED" ]; then
  skip linear-text "valgrind and the sanitizers do not go together"
  finish
fi
program=$B/unit/linear_text
n=4000

grows_linearly() {
  echo "$1: $2 instructions for $n, $3 for $((4 * n))"
  [ "$2" -gt 0 ] && [ $(($3 * 10)) -le $(($2 * 45 + 200000)) ]
}
# linear PREFIX [WHERE]: each thing called so.
linear() {
  instructions_each run_thing "$program" "$1" "$n" > "$work/few"
  instructions_each run_thing "$program" "$1" $((4 * n)) > "$work/many"
  "$program" "$1" | paste - "$work/few" "$work/many" > "$work/all"
  while read -r name few many; do ok "linear in $name${2:-}" grows_linearly "$name" "$few" "$many"; done < "$work/all"
}
linear ''
ok 'search finds the same where char has no sign' "$B/hook/search-unsigned" 5000
# A processor may lack what search is quickest with.
GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2
export GLIBC_TUNABLES
linear search- ' without AVX2'
ok "search finds the same without AVX2" "$B/unit/search" 5000
ok 'likewise where char has no sign' "$B/hook/search-unsigned" 5000
finish
