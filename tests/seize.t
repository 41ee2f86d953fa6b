#!/bin/sh
# Many mailboxes may share one uid: a process of it must get hold of no other session of it, not even in the moment after exec.
# The kernel makes no program dumpable that who runs it cannot read; package/modes says which are so.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$(dirname "$0")/account.sh"
need_root seize.t
if [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" != 0 ]; then
  echo '1..0 # SKIP seize.t: this kernel lets nobody seize a process that is not his child'
  exit 0
fi
mkdir "$work/home"
while read -r name mode; do install -m "$mode" "$bin/$name" "$work/home/$name"; done < "$top/package/modes"
cp /bin/sleep "$work/home/readable"
seized() { program=$work/home/$1; shift; for _ in 1 2 3 4 5 6 7 8; do "$B/stub/seize" 4711 "$program" "$@" < /dev/null > /dev/null 2>&1; [ $? != 1 ] || echo seized; done | sort -u; }
is 'a program that everybody can read is seized' "$(seized readable 0.2)" seized
# What runs in a session once it has its uid. Scripts are the shell's, and have nothing yet.
for name in maildir-enter frame-read frame-write maildir-op maildir-v1 varlink-read varlink-call json-op; do
  [ -e "$work/home/$name" ] || continue
  if [ "$SANITIZED" ]; then skip "$name is not" 'the sanitizers make it dumpable at its end, to search for leaks'; continue; fi
  is "$name is not" "$(seized $name / true)" ''
done
finish
