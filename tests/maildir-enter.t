#!/bin/sh
# maildir-enter: which mailbox it enters, which it refuses. The rules of templates are in tests/unit/maildir_enter.c.
# shellcheck disable=SC2016,SC2317 # functions are called by name; printf makes octets; one word a variable
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

mail=$work/mail
mkdir -p "$mail/x.org" "$work/home"
maildir() { mkdir "$1" "$1/cur" "$1/new" "$1/tmp"; }
maildir "$mail/x.org/joe"; maildir "$mail/joe"; maildir "$work/home/Maildir"; maildir "$work/outside"
ln -s joe "$mail/x.org/link"
ln -s x.org "$mail/link.org"
ln -s "$work/outside" "$mail/x.org/out"
ln -s mail "$work/linked"
mkdir "$mail/x.org/half" "$mail/x.org/half/cur" "$mail/x.org/half/new"
: > "$mail/x.org/file"
enter() { env -u AUTHUSER -u HOME "$@"; }

exits 'the mailbox of who was authenticated' 0 enter AUTHUSER=joe@x.org maildir-enter "$mail/%d/%n" pwd -P
is 'is where the program runs' "$(cat "$work/out")" "$mail/x.org/joe"
exits 'MAILDIR does not count' 0 enter MAILDIR="$work/outside" AUTHUSER=joe@x.org maildir-enter "$mail/%d/%n" pwd -P
is 'whatever it says' "$(cat "$work/out")" "$mail/x.org/joe"
exits 'HOME' 0 enter HOME="$work/home" maildir-enter '%h/Maildir' pwd -P
is 'is a fixed part' "$(cat "$work/out")" "$work/home/Maildir"
exits 'a link in the fixed part is the administrator'\''s' 0 enter AUTHUSER=joe@x.org maildir-enter "$work/linked/%d/%n" pwd -P
exits '-m, where nobody was authenticated' 0 enter maildir-enter -m joe "$mail/%u" pwd -P
is 'names the mailbox' "$(cat "$work/out")" "$mail/joe"
exits '-m that is AUTHUSER' 0 enter AUTHUSER=joe maildir-enter -m joe "$mail/%u" pwd
exits '-m that is not AUTHUSER' 5 enter AUTHUSER=joe@x.org maildir-enter -m joe "$mail/%u" pwd
exits '-m that is not AUTHUSER, which is empty' 5 enter AUTHUSER= maildir-enter -m joe "$mail/%u" pwd
exits 'nobody was authenticated' 5 enter maildir-enter "$mail/%u" pwd
exits 'HOME is not set' 5 enter AUTHUSER=joe maildir-enter '%h/Maildir' pwd
exits 'the umask is 077' 0 enter AUTHUSER=joe maildir-enter "$mail/%u" sh -c umask
is 'whatever it was' "$(cat "$work/out")" 0077

before=$(find "$work/mail" "$work/outside" | sort)
for user in link@x.org out@x.org joe@link.org none@x.org file@x.org half@x.org .@x.org ..@x.org ../joe@x.org joe@.. joe@../x.org x.org/joe joe@x.org/ \
  joe@ @x.org '' "joe@x.org
"; do
  exits "refused: $user" 5 enter AUTHUSER="$user" maildir-enter "$mail/%d/%n" echo run
  is 'nothing was run' "$(wc -c < "$work/out")" 0
  exits "refused with -m: $user" 5 enter maildir-enter -m "$user" "$mail/%d/%n" echo run
done
is 'nothing was made' "$(find "$work/mail" "$work/outside" | sort)" "$before"

exits '-c makes a mailbox' 0 enter AUTHUSER=new@new.org maildir-enter -c "$mail/%d/%n/Maildir" pwd -P
is 'whole' "$(cd "$mail/new.org" && find . -printf '%P %m\n' | sort | tr '\n' ' ')" \
  ' 700 new 700 new/Maildir 700 new/Maildir/cur 700 new/Maildir/new 700 new/Maildir/tmp 700 '
exits '-c follows no link either' 5 enter AUTHUSER=out@x.org maildir-enter -c "$mail/%d/%n/Maildir" pwd
exits '-c makes nothing outside' 5 enter AUTHUSER=joe@.. maildir-enter -c "$mail/%d/%n" pwd
is 'it did not' "$(ls -A "$work/outside")" "$(printf 'cur\nnew\ntmp')"
exits '-c does not make the fixed part' 5 enter AUTHUSER=joe maildir-enter -c "$work/nowhere/%u" pwd
i=0; while [ $i -lt 20 ]; do i=$((i + 1)); enter AUTHUSER=many maildir-enter -c "$mail/%u/a/b" echo in >> "$work/many" 2>&1 & done; wait
is '-c by twenty at once' "$(sort -u "$work/many")$(wc -l < "$work/many")" in20
cat > "$work/no_openat2" <<'END'
import ctypes, os, struct, sys
# A seccomp filter under which openat2 (437) does not exist, as on old kernels.
libc = ctypes.CDLL(None)
prog = struct.pack('HBBIHBBIHBBIHBBI', 0x20, 0, 0, 0, 0x15, 0, 1, 437, 0x06, 0, 0, 0x00050000 | 38, 0x06, 0, 0, 0x7fff0000)
buf = ctypes.create_string_buffer(prog)
fprog = struct.pack('HxxxxxxP', 4, ctypes.addressof(buf))
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, 2, ctypes.create_string_buffer(fprog), 0, 0):
    sys.exit(99)
os.execvp(sys.argv[1], sys.argv[1:])
END
old() { enter "$1" /usr/bin/python3 "$work/no_openat2" maildir-enter "$mail/%d/%n" pwd -P; }
exits 'without openat2' 0 old AUTHUSER=joe@x.org
is 'the way is the same' "$(cat "$work/out")" "$mail/x.org/joe"
for user in link@x.org out@x.org joe@link.org none@x.org file@x.org half@x.org; do
  exits "and so is what is refused: $user" 5 old AUTHUSER="$user"
done

exits 'closed descriptors 0 to 2 are opened' 0 enter AUTHUSER=joe sh -c \
  'maildir-enter "$0/%u" sh -c "test -e /proc/self/fd/0 && test -e /proc/self/fd/1 && test -e /proc/self/fd/2" 0<&- 1>&- 2>&-' "$mail"
exits 'the exit code is the program'\''s' 42 enter AUTHUSER=joe maildir-enter "$mail/%u" sh -c 'exit 42'
exits 'a program that is not there' 127 enter AUTHUSER=joe maildir-enter "$mail/%u" "$work/none"
for usage in 'maildir-enter' 'maildir-enter /x' 'maildir-enter -x /x true' 'maildir-enter x/%u true' 'maildir-enter /x/%y true' \
  'maildir-enter /x/%u/../y true' 'maildir-enter /x/%h true'; do
  # shellcheck disable=SC2086
  exits "usage: $usage" 100 enter AUTHUSER=joe HOME=/ $usage
done
finish
