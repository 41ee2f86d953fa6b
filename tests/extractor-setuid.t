#!/bin/sh
# The extractors under a setuid qmail-authuser: nothing of the caller's environment, descriptors or directory leads anywhere.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
# shellcheck source=tests/extractor.sh
. "$top/tests/extractor.sh"
need_root extractor-setuid.t
extractor_home maildir-v1 frame-read frame-write
authuser_setuid
account v; vmail=$account
account w; web=$account
mkdir -p "$work/mail/user/cur" "$work/mail/user/new" "$work/mail/user/tmp" "$work/mail/other/cur" "$work/mail/other/new" "$work/mail/other/tmp" "$work/evil"
printf 'Subject: x\n\nx\n' > "$work/mail/user/cur/1.a:2,S"
chown -R "$vmail" "$work/mail"
printf 'user:secret\n' > "$work/qmail/users/authuser"
chmod 755 "$work/qmail" "$work/qmail/users"
chown "$web" "$work/evil"

# What would tell that the caller's program or library was run, by whom.
for program in setuidgid maildir-enter maildir-v1 maildir-op execlineb frame-read frame-write sh env; do
  printf '#!/bin/sh\n/usr/bin/id -u >> %s/evil/ran\nexit 0\n' "$work" > "$work/evil/$program"; chmod 755 "$work/evil/$program"
done
cat > "$work/evil/lib.c" <<'END'
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void run(void) { if (geteuid() != WEB) close(open(EVIL, O_CREAT | O_WRONLY, 0666)); }
END
gcc -shared -fPIC -DWEB="$(id -u "$web")" -DEVIL="\"$work/evil/ran\"" -o "$work/evil/lib.so" "$work/evil/lib.c" || exit 111
chmod 777 "$work/evil"
printf 'user\0secret\0\0' > "$work/credentials"
cd "$work/qmail" || exit 111
inbox() { find "$work/mail" -type f -exec md5sum {} +; find "$work/mail"; }
inbox > "$work/before"

as_web() { runuser -u "$web" -- "$@"; }
cat > "$work/v1" <<END
#!/bin/sh
exec "$work/setuid/qmail-authuser" "$home/bin/extractor-v1" "$work/mail" "$vmail" "\${MAILUSER:-user}" "\$@" 3< "$work/credentials"
END
cat > "$work/v2" <<END
#!/bin/sh
exec "$work/setuid/qmail-authuser" "$home/bin/extractor-v2" "$work/mail" "$vmail" "\${MAILUSER:-user}" "\$@" 3< "$work/credentials"
END
chmod 755 "$work/v1" "$work/v2"
answer='{"count":1,"size":14,"new":0}'
is 'version 1 answers' "$(as_web "$work/v1" count)" "$answer"
for setting in "PATH=$work/evil" "UID=0" "GID=0" "MAILDIR=$work/mail/other" "LD_PRELOAD=$work/evil/lib.so" "LD_LIBRARY_PATH=$work/evil" \
  "LD_AUDIT=$work/evil/lib.so" "GCONV_PATH=$work/evil" "IFS=/" "HOME=$work/evil" "USER=root" "AUTHUSER=user" "PORTER_STATUS=1" "LANG=../x" "ENV=$work/evil/sh"; do
  is "with $setting" "$(as_web env "$setting" "$work/v1" count 2>/dev/null)" "$answer"
  is "version 2 with $setting" "$(as_web env "$setting" "$work/v2" Stats 2>/dev/null < /dev/null | od -An -tx1 | tr -d ' \n')" 0801180e
done
exits 'AUTHUSER is somebody else' 5 as_web env AUTHUSER=other "$work/v1" count
exits 'no environment at all' 0 as_web env -i "$work/v1" count
ok 'nothing of the caller was run by another' test ! -e "$work/evil/ran"

closed() { as_web sh -c "$1"; }
exits 'descriptor 0 is closed' 0 closed "exec $work/v1 count <&-"
is 'it answers' "$(cat "$work/out")" "$answer"
# The C library of a program that is set-uid gives it a descriptor 1 that cannot be written to.
exits 'descriptors 0 and 1 are closed' 111 closed "exec $work/v1 count <&- >&-"
exits 'descriptors 0 to 2 are closed' 111 closed "exec $work/v1 count <&- >&- 2>&-"
exits 'version 2: descriptors 0 to 2 are closed' 111 closed "exec $work/v2 Stats <&- >&- 2>&-"
exits 'descriptor 3 is closed' 111 closed "exec $work/setuid/qmail-authuser $home/bin/extractor-v1 $work/mail $vmail user count 3<&-"
for name in .. . '' ../mail/user user/cur /etc %d -c; do
  exits "MAILUSER '$name'" 5 as_web "$work/setuid/qmail-authuser" "$home/bin/extractor-v2" "$work/mail" "$vmail" "$name" Stats 3< "$work/credentials"
done
for call in extractor-v1 'extractor-v1 /mail' "extractor-v1 /mail $vmail" "extractor-v1 /mail $vmail user" extractor-v2 "extractor-v2 /mail $vmail" \
  "extractor-v2 /mail $vmail user" extractor-v3 'extractor-v3 /mail' "extractor-v3 /mail $vmail"; do
  # shellcheck disable=SC2086 # words
  said=$("$home/bin/"$call 2>&1 > /dev/null); code=$?
  # shellcheck disable=SC2086
  set -- $call
  is "too few arguments: $call" "$code $said" "100 execlineb: fatal: too few arguments: expecting at least $([ "$1" = extractor-v3 ] && echo 3 || echo 4) but got $(($# - 1))"
done
inbox > "$work/after"
ok 'the mailbox is as it was' cmp "$work/before" "$work/after"
finish
