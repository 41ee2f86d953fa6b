#!/bin/sh
# setuidgid: who it becomes, whom it refuses to become, and that there is no way back.
# shellcheck disable=SC2016,SC2086,SC2317 # functions are called by name; printf makes octets; one word a variable
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$(dirname "$0")/account.sh"
need_root setuidgid.t

account s; s=$account; uid=$(id -u "$s"); gid=$(id -g "$s")
account_try usermod -a -G bin,daemon "$s"
ids="$(id -u "$s") $(id -g "$s") $(id -G "$s" | tr ' ' '\n' | sort -n | tr '\n' ' ')"
cat > "$work/ids" <<'END'
#!/bin/sh
# ids: real, effective, saved and file system ids are one; prints uid, gid and groups
awk '/^[UG]id:/ { if ($2 != $3 || $3 != $4 || $4 != $5) print "mixed"; print $2 } /^Groups:/ { for (i = 2; i <= NF; i++) print $i }' \
  /proc/self/status | { read -r u; read -r g; echo "$u $g $(sort -n | tr '\n' ' ')"; }
END
chmod 755 "$work/ids"
as() {  # VARIABLE=VALUE... -- ARGUMENTS OF setuidgid
  vars=; while [ "$1" != -- ]; do vars="$vars $1"; shift; done; shift
  # shellcheck disable=SC2086 # one word a variable
  env -u UID -u GID -u GIDLIST -u USER $vars setuidgid "$@"
}

exits '-u account' 0 as -- -u "$s" "$work/ids"
is 'ids and groups' "$(cat "$work/out")" "$ids"
exits 'UID and GID' 0 as UID=$uid GID=$gid -- "$work/ids"
is 'and no other group' "$(cat "$work/out")" "$uid $gid $gid "
exits 'GIDLIST' 0 as UID=$uid GID=$gid GIDLIST=2,1 -- "$work/ids"
is 'is the groups, beside GID' "$(cat "$work/out")" "$uid $gid $(printf '%s\n' 1 2 "$gid" | sort -n | tr '\n' ' ')"
exits '-u goes before UID, GID and GIDLIST' 0 as UID=0 GID=0 GIDLIST=0 -- -u "$s" "$work/ids"
is 'all of it' "$(cat "$work/out")" "$ids"
exits 'USER is not looked up' 5 as USER="$s" -- "$work/ids"
exits 'USER does not count' 0 as USER=root UID=$uid GID=$gid -- "$work/ids"

for bad in UID=0 UID=-1 UID=4294967295 UID=4294967296 UID=x UID=1x UID= UID=00 'UID=1 GID=4294967295' 'UID=1 GID=-1' 'UID=1 GID=x' 'UID=1 GIDLIST=1,x' \
  'UID=1 GIDLIST=1/2' 'UID=1 GIDLIST=1,' 'UID=1 GIDLIST=,1' 'UID=1 GIDLIST=4294967295' 'UID=1 GIDLIST=4294967296' 'UID=1 GIDLIST=1,42949672960'; do
  # shellcheck disable=SC2086
  exits "refused: $bad" 5 as GID=1 $bad -- echo run
  is 'nothing was run' "$(cat "$work/out")" ''
done
exits 'no UID' 5 as GID=1 -- true
exits 'no GID' 5 as UID=1 -- true
exits 'root' 5 as -- -u root true
exits 'an account that does not exist' 5 as -- -u "${s}x" true
exits 'an empty one' 5 as -- -u '' true
exits 'too many groups' 5 as UID=1 GID=1 "GIDLIST=$(seq -s, 1 5000)" -- true

# --- no way back ---
cat > "$work/back.py" <<'END'
import os
for name, call in (('setuid', lambda: os.setuid(0)), ('seteuid', lambda: os.seteuid(0)), ('setreuid', lambda: os.setreuid(0, 0)),
                   ('setresuid', lambda: os.setresuid(0, 0, 0)), ('setgid', lambda: os.setgid(0)), ('setgroups', lambda: os.setgroups([0]))):
    try:
        call()
        print(name, 'came back')
    except PermissionError:
        pass
print(' '.join(l.split()[1] for l in open('/proc/self/status') if l.startswith(('CapInh', 'CapPrm', 'CapEff', 'CapAmb'))))
END
exits 'nothing brings root back' 0 as -- -u "$s" /usr/bin/python3 "$work/back.py"
is 'no call, no capability' "$(cat "$work/out")" '0000000000000000 0000000000000000 0000000000000000 0000000000000000'
# setpriv leaves a right that setuidgid must notice: a uid that has changed already, with CAP_SETUID kept.
exits 'a capability that would bring it back' 5 setpriv --reuid "$uid" --regid "$gid" --clear-groups --inh-caps +setuid --ambient-caps +setuid \
  setuidgid -u "$s" echo run
is 'nothing was run' "$(cat "$work/out")" ''
exits 'securebits that would keep capabilities' 5 setpriv --securebits +no_setuid_fixup setuidgid -u "$s" echo run

# --- who is no root ---
as_s() { setpriv --reuid "$uid" --regid "$gid" --init-groups "$@"; }
exits 'who is the account already stays it' 0 as_s setuidgid -u "$s" "$work/ids"
is 'with his groups' "$(cat "$work/out")" "$ids"
exits 'from the environment too' 0 as_s env UID="$uid" GID="$gid" setuidgid "$work/ids"
exits 'but becomes nobody else' 5 as_s setuidgid -u nobody echo run
exits 'also not by uid' 5 as_s env UID=1 GID="$gid" setuidgid echo run
exits 'nor by gid' 5 as_s env UID="$uid" GID=1 setuidgid echo run
exits 'nor root' 5 as_s setuidgid -u root echo run
is 'nothing was run' "$(cat "$work/out")" ''

# --- setuid root in front, as qmail-authuser is: real uid the caller's, effective uid 0 ---
cat > "$work/setuid.py" <<'END'
import os, sys
uid, gid = int(sys.argv[1]), int(sys.argv[2])
os.setgroups([gid])
os.setresgid(gid, 0, 0)
os.setresuid(uid, 0, 0)
os.execvp(sys.argv[3], sys.argv[3:])
END
exits 'a real uid that is not the effective one' 0 /usr/bin/python3 "$work/setuid.py" 1 1 "$bin/setuidgid" -u "$s" "$work/ids"
is 'is gone too' "$(cat "$work/out")" "$ids"
exits 'even if it is that of the account' 0 /usr/bin/python3 "$work/setuid.py" "$uid" "$gid" "$bin/setuidgid" -u "$s" /usr/bin/python3 "$work/back.py"
is 'nothing comes back' "$(cat "$work/out")" '0000000000000000 0000000000000000 0000000000000000 0000000000000000'

# --- -e ---
exits '-e' 0 env AUTHUSER=a PORTER_STATUS=5 PATH="/tmp/evil:$PATH" LD_PRELOAD= IFS=x ENV=x HOME=x MAILDIR=x UID=0 "$bin/setuidgid" -e -u "$s" /usr/bin/env
is '-e: what is kept' "$(sort "$work/out" | tr '\n' ' ')" \
  "AUTHUSER=a HOME=x PATH=$(head -n 1 "$top/conf-home")/bin:/usr/local/bin:/usr/bin:/bin PORTER_STATUS=5 "
exits '-e: a variable that only begins like one' 0 env AUTHUSERS=a "$bin/setuidgid" -e -u "$s" /usr/bin/env
is '-e: is not kept' "$(grep -c AUTHUSER "$work/out")" 0

# --- descriptors ---
cat > "$work/fds" <<'END'
#!/bin/sh
for fd in /proc/self/fd/*; do [ -e "$fd" ] && printf '%s ' "${fd##*/}"; done
END
chmod 755 "$work/fds"
with_open() {  # ARGUMENTS OF setuidgid, under a bash that has 5, 6, 7, 10 and 251 open
  bash -c 'exec 5</dev/null 6</dev/null 7</dev/null 10</dev/null 251</dev/null; exec "$@"' bash env "$@" | tr ' ' '\n' | awk '$1 > 3 || $1 < 3' | tr '\n' ' '
}
is 'descriptors above 2 are closed' "$(with_open setuidgid -u "$s" ls /proc/self/fd)" '0 1 2 '
is 'but PORTER_STATUS'\''s' "$(with_open PORTER_STATUS=251 setuidgid -u "$s" ls /proc/self/fd)" '0 1 2 251 '
is 'and those of -k' "$(with_open PORTER_STATUS=251 setuidgid -k 7,6 -u "$s" ls /proc/self/fd)" '0 1 2 251 6 7 '
for usage in '-k x' '-k 6,' '-k 6,x' '-k -1' '-k 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17'; do
  # shellcheck disable=SC2086
  exits "usage: $usage" 100 setuidgid $usage -u "$s" true
done
background setuidgid -u "$s" sleep 60
wait_for pgrep -u "$s" sleep
# The sanitizers search for leaks in a process of its own.
exits 'a limit on processes is a temporary failure' 111 env ASAN_OPTIONS=detect_leaks=0 prlimit --nproc=0 "$bin/setuidgid" -u "$s" /bin/true

exits 'the exit code is the program'\''s' 42 as -- -u "$s" sh -c 'exit 42'
exits 'a program that is not there' 127 as -- -u "$s" "$work/none"
exits 'closed descriptors 0 to 2 are opened' 0 sh -c 'setuidgid -u "$0" sh -c "test -e /proc/self/fd/0 && test -e /proc/self/fd/1 && test -e /proc/self/fd/2" 0<&- 1>&- 2>&-' "$s"
for usage in 'setuidgid' 'setuidgid -u x' 'setuidgid -x true'; do
  # shellcheck disable=SC2086
  exits "usage: $usage" 100 $usage
done
finish
