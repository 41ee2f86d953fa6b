#!/bin/sh
# No call costs maildir-op more than linear time in what a mailbox has or a request names: instructions for n and for 4n (tests/maildir/linear.py makes
# mailboxes and requests), counted by valgrind.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
if [ "$SANITIZED" ]; then
  skip maildir-linear "valgrind and the sanitizers do not go together"
  finish
fi
env WORK="$work" BIN="$bin" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/maildir/linear.py" "${n:=150}" > "$work/things"
count() { (cd "$1" && instructions maildir-op "$2" < "$3"); }
grows_linearly() {
  few=$(count "$3" "$2" "$4")
  many=$(count "$5" "$2" "$6")
  echo "$1: $few instructions for $n, $many for $((4 * n))"
  [ "$few" -gt 0 ] && [ $((many * 10)) -le $((few * 45)) ]
}
while read -r name method box1 request1 box4 request4; do
  ok "linear in $name" grows_linearly "$name" "$method" "$box1" "$request1" "$box4" "$request4" < /dev/null
done < "$work/things"
finish
