#!/bin/sh
# auth: what it accepts, what it refuses, what it leaves in the environment, and at what exit code.
# shellcheck disable=SC2016,SC2059,SC2317 # functions are called by name; printf makes octets; one word a variable
# Turns are the whole machine's: with a /run of its own no other test takes those that are counted here.
if [ "$(id -u)" = 0 ] && [ -z "${OWN_RUN:-}" ] && unshare -m mount -t tmpfs none /run 2>/dev/null; then
  exec unshare -m sh -c 'mount -t tmpfs -o mode=755 none /run && OWN_RUN=yes exec "$0"' "$0"
fi
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$(dirname "$0")/account.sh"

hash=$(mkpasswd -m yescrypt 'secret')
{
  echo '# a comment'
  echo "joe@x.org:$hash:1001:1002:Joe:/home/joe:/bin/sh:userdb_quota_rule=*:bytes=1G"
  echo "names:{CRYPT}$hash:daemon:bin"
  echo "badname:$hash:no-such-user:bin"
  echo "bare:{PLAIN}secret"
  echo "locked:!$hash:1:1"
  echo "nologin:$hash:1:1::::nologin=y"
  echo "cram:{PLAIN}tanstaaftanstaaf:1:1"
} > "$work/users"

# login USER PASSWORD [CHALLENGE] -- COMMAND...: the command has the credentials on descriptor 3
login() {
  if [ "$3" = -- ]; then printf '%s\0%s\0' "$1" "$2"; else printf '%s\0%s\0%s\0' "$1" "$2" "$3"; shift; fi > "$work/credentials"
  shift 3
  env AUTHUSER=evil USER=evil UID=0 GID=0 GIDLIST=0 HOME=/evil SHELL=/evil KEPT=kept "$@" 3< "$work/credentials"
}
environment() { grep -E '^(AUTHUSER|USER|UID|GID|GIDLIST|HOME|SHELL|KEPT)=' "$work/out" | sort | tr '\n' ' '; }

exits 'a right password' 0 login joe@x.org secret -- auth "$work/users" env
is 'what the program has' "$(environment)" 'AUTHUSER=joe@x.org GID=1002 HOME=/home/joe KEPT=kept SHELL=/bin/sh UID=1001 USER=joe@x.org '
exits 'a name in capitals' 0 login JOE@X.ORG secret -- auth "$work/users" env
is 'is exported as the file has it' "$(environment)" 'AUTHUSER=joe@x.org GID=1002 HOME=/home/joe KEPT=kept SHELL=/bin/sh UID=1001 USER=joe@x.org '
exits 'names for numbers' 0 login names secret -- auth "$work/users" env
is 'become numbers' "$(environment)" "AUTHUSER=names GID=$(getent group bin | cut -d: -f3) KEPT=kept UID=$(id -u daemon) USER=names "
exits 'a name that nobody has' 111 login badname secret -- auth "$work/users" env
is 'is said so' "$(cat "$work/err")" 'auth: fatal: the users file has neither a number nor the name of a user: no-such-user'
exits 'an entry without fields' 0 login bare secret -- auth "$work/users" env
is 'leaves nothing of what the caller had set' "$(environment)" 'AUTHUSER=bare KEPT=kept USER=bare '
exits 'the exit code is the program'\''s' 42 login bare secret -- auth "$work/users" sh -c 'exit 42'
exits 'descriptor 3 is closed' 1 login bare secret -- auth "$work/users" test -e /proc/self/fd/3
exits 'a program that is not there' 127 login bare secret -- auth "$work/users" "$work/none"

for who in joe@x.org:wrong joe@x.org: joe@x.orgx:secret nobody:secret :secret locked:secret nologin:secret "joe@x.org:$hash" 'bare:{PLAIN}secret' '# a comment:'; do
  exits "refused: $who" 1 login "${who%%:*}" "${who#*:}" -- auth "$work/users" echo run
  is 'and nothing was run' "$(wc -c < "$work/out")" 0
done

# --- the interface ---
raw() { printf "$1" > "$work/credentials"; shift; "$@" 3< "$work/credentials"; }
exits 'nothing on descriptor 3' 2 raw '' auth "$work/users" true
exits 'one field' 2 raw 'bare\0' auth "$work/users" true
exits 'a NUL too few' 2 raw 'bare\0secret' auth "$work/users" true
exits 'a challenge without its NUL' 2 raw 'bare\0secret\0x' auth "$work/users" true
exits 'three fields and more' 0 raw 'bare\0secret\0x\0y\0' auth "$work/users" true
exits '513 octets' 2 raw "bare\\0secret\\0$(printf %500d 0)\\0" auth "$work/users" true
exits '512 octets' 0 raw "bare\\0secret\\0$(printf %499d 0)\\0" auth "$work/users" true
exits 'descriptor 3 is not open' 2 sh -c 'auth "$0" true 3<&-' "$work/users"
exits 'no users file' 111 raw 'bare\0secret\0' auth "$work/none" true
exits 'a directory for one' 111 raw 'bare\0secret\0' auth "$work" true
: > "$work/empty"
exits 'an empty one' 1 raw 'bare\0secret\0' auth "$work/empty" true
exits 'closed descriptors 0 to 2 are opened before anything else takes their place' 0 \
  sh -c 'auth "$0" sh -c "test -e /proc/self/fd/0 && test -e /proc/self/fd/1 && test -e /proc/self/fd/2" 0<&- 1>&- 2>&- 3<"$1"' "$work/users" "$work/credentials"
for usage in 'auth' 'auth -s' 'auth file' 'auth -x file true' 'auth -s -c true' 'auth -s -q true'; do
  # shellcheck disable=SC2086 # one word an argument
  exits "usage: $usage" 100 $usage
done

# --- CRAM-MD5: RFC 2195's example ---
challenge='<1896.697170952@postoffice.reston.mci.net>' response=b913a602c7eda7a495b4e6e7334d3890
exits 'a response, with -c' 0 login cram $response "$challenge" -- auth -c "$work/users" true
exits 'a wrong one' 1 login cram "${response%0}1" "$challenge" -- auth -c "$work/users" true
exits 'the response to another challenge' 1 login cram $response "${challenge}x" -- auth -c "$work/users" true
exits 'without -c' 1 login cram $response "$challenge" -- auth "$work/users" true
exits 'with -c, the password where there is a challenge' 1 login cram tanstaaftanstaaf "$challenge" -- auth -c "$work/users" true
exits 'with -c, the password where there is none' 0 login cram tanstaaftanstaaf -- auth -c "$work/users" true
exits 'without -c, the password where there is a challenge' 0 login cram tanstaaftanstaaf "$challenge" -- auth "$work/users" true
exits 'a response where only a hash is stored' 1 login joe@x.org 74e6f7298a9c2d168935f58c001bad88 "$challenge" -- auth -c "$work/users" true

# --- s/qmail's users/authuser ---
{
  echo '# comment'
  echo '*:everybody'
  echo '@example.org:the domain'
  echo 'joe@example.org:%5f4dcc3b5aa765d61d8327deb882cf99  '
  echo 'ann@example.org:%5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8'
  echo 'bob@example.org:%5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8'
  echo 'cram@example.org:tanstaaftanstaaf'
  echo '!gone@example.org:x'
  echo '!@closed.example:x'
  echo 'ann@closed.example:her own'
  echo '@closed.example:the domain'
  echo 'sys@example.org:?'
  echo 'empty@example.org:'
} > "$work/authuser"
for user in joe ann bob; do
  exits "-q: $user's hash" 0 login $user@example.org password -- auth -q "$work/authuser" env
  is 'what the program has' "$(environment)" "AUTHUSER=$user@example.org KEPT=kept USER=$user@example.org "
  exits "-q: $user's wrong password" 1 login $user@example.org Password -- auth -q "$work/authuser" true
done
exits '-q: the token is no password' 1 login joe@example.org %5f4dcc3b5aa765d61d8327deb882cf99 -- auth -q "$work/authuser" true
exits '-q: nor the hash' 1 login joe@example.org 5f4dcc3b5aa765d61d8327deb882cf99 -- auth -q "$work/authuser" true
exits '-q: who has an entry has no other' 1 login joe@example.org 'the domain' -- auth -q "$work/authuser" true
exits '-q: a domain' 0 login eve@example.org 'the domain' -- auth -q "$work/authuser" true
exits '-q: everybody' 0 login eve 'everybody' -- auth -q "$work/authuser" true
exits '-q: disabled' 1 login gone@example.org 'the domain' -- auth -q "$work/authuser" true
exits '-q: a name in other letters' 0 login JOE@Example.Org password -- auth -q "$work/authuser" env
is 'is the name that the file has' "$(environment)" "AUTHUSER=joe@example.org KEPT=kept USER=joe@example.org "
exits '-q: disabled, in other letters' 1 login Gone@EXAMPLE.org 'the domain' -- auth -q "$work/authuser" true
exits '-q: a domain that is disabled' 1 login eve@closed.example 'the domain' -- auth -q "$work/authuser" true
exits '-q: who has an entry in it' 1 login ann@closed.example 'her own' -- auth -q "$work/authuser" true
exits '-q: that domain in other letters' 1 login ann@CLOSED.example 'her own' -- auth -q "$work/authuser" true
printf '@:any\n*:all\n' > "$work/any"
exits '-q: @ is any user, with a domain' 0 login eve@x.org any -- auth -q "$work/any" true
exits '-q: or without one' 0 login eve any -- auth -q "$work/any" true
exits '-q: what is behind it is not asked' 1 login eve all -- auth -q "$work/any" true
printf '*:all\n' > "$work/any"
exits '-q: everybody, with a domain' 0 login eve@x.org all -- auth -q "$work/any" true
exits '-q: what another checker would have to say' 1 login sys@example.org '?' -- auth -q "$work/authuser" true
exits '-q: an empty password' 1 login empty@example.org '' -- auth -q "$work/authuser" true
exits '-q: no user' 1 login '' everybody -- auth -q "$work/authuser" true
printf '%s\n' joe:old '#joe:comment' 'Joe:%5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8' 'ann:%5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8' ann:new \
  '@x.org:one' '@X.org:two' 'bob:=equals' 'two:ab' 'one:a' 'sys:!' "$(printf 'tab:pass\t \t')" "$(printf 'cr:pass\r')" '!not:x' > "$work/lines"
q() { exits "-q: $1" "$2" login "$3" "$4" -- auth -q "$work/lines" env; }
q 'of lines with one name the last counts' 0 joe password
is 'and says how it is spelt' "$(environment)" 'AUTHUSER=Joe KEPT=kept USER=Joe '
q 'and no other' 1 joe old
q 'clear text behind a hash' 0 ann new
q 'and not that' 1 ann password
q 'of a domain likewise' 0 eve@x.org two
q 'and not the first' 1 eve@x.org one
q '= is part of the password' 0 bob =equals
q 'without it it is another' 1 bob equals
q 'a token of two octets' 0 two ab
q 'of one' 1 one a
q 'a system account' 1 sys '!'
q 'blanks and tabs at the end of a line' 0 tab pass
q 'but not other octets' 1 cr pass
q 'as they stand' 0 cr "$(printf 'pass\r')"
for user in @x.org '!not' '*'; do q "a user who is called $user" 1 "$user" two; done
exits '-q: CRAM-MD5' 0 login cram@example.org $response "$challenge" -- auth -c -q "$work/authuser" true

# --- the system's accounts ---
if [ "$(id -u)" != 0 ]; then skip '-s' 'needs root'; finish; fi
# --- turns: a check takes memory, so a few go at a time ---
slots=/run/porter.auth
login bare secret -- auth "$work/users" true
is 'turns: a directory that is root'\''s alone' "$(stat -c '%a %u' $slots)" '700 0'
is 'turns: and so is what is in it' "$(find $slots -type f ! -perm 600)" ''
# held SECONDS: who holds every slot there can be with -n 1
turn() { flock -x $slots/0 "$@"; }
login bare secret -- auth -n 1 "$work/users" true
cat > "$work/taken.sh" <<'END'
for user in bare joe@x.org nobody; do
  printf '%s\0secret\0' $user > "$1/c"
  auth -n 1 -w 1 "$1/users" true 3< "$1/c" 2> "$1/c.err"
  echo $?
done
END
is 'turns: who gets none in time is told to come later, whatever the scheme, known or not' \
  "$(turn sh "$work/taken.sh" "$work" | tr '\n' ' ')" '111 111 111 '
is 'turns: and why' "$(cat "$work/c.err")" 'auth: fatal: unable to check a password: too many want it: Connection timed out'
exits 'turns: with more slots there is one' 0 turn env AUTHUSER=x sh -c 'auth -n 1000 -w 5 "$0/users" true 3< "$0/credentials"' "$work"
exits 'turns: -n 0 takes none' 0 turn sh -c 'auth -n 0 "$0/users" true 3< "$0/credentials"' "$work"
# It is held until somebody waits for it.
cat > "$work/hold.sh" <<'END'
inode=$(stat -c %i "$1")
: > "$2/held"
tries=0
until grep -q -- "-> FLOCK .*:$inode " /proc/locks; do
  [ $((tries = tries + 1)) -lt 5000 ] || exit 1
  sleep 0.01
done
END
turn sh "$work/hold.sh" $slots/0 "$work" & holder=$!
wait_for test -e "$work/held"
exits 'turns: one waits' 0 login bare secret -- auth -n 1 "$work/users" true
ok 'turns: for the other' wait $holder
exits 'turns: a slot is not taken along' 0 login bare secret -- auth -n 1 "$work/users" flock -n $slots/0 true
exits 'turns: nor a timer' 0 login bare secret -- auth -n 1 "$work/users" sleep 1.5
exits 'turns: who is not root checks at once' 0 setpriv --reuid 47110 --regid 47110 --clear-groups sh -c 'exec auth "$0/users" true 3< "$0/credentials"' "$work"
is 'turns: and says so, once' "$(cat "$work/err")" 'auth: warning: unable to wait for a turn in /run/porter.auth, checking at once: Operation not permitted'
# sixty at once on two slots: no more than two hash at any time, and all are served
printf 'joe@x.org\0secret\0' > "$work/credentials"
cat > "$work/many.py" <<'END'
import subprocess, sys, time
work = sys.argv[1]
ps = [subprocess.Popen(['sh', '-c', 'exec auth -n 2 "$0/users" true 3< "$0/credentials"', work]) for i in range(60)]
def hashing(p):
    try:
        return int(next(l for l in open('/proc/%d/status' % p.pid) if l.startswith('VmRSS:')).split()[1]) > 12000
    except (OSError, StopIteration):
        return False
most = 0
while any(p.poll() is None for p in ps):
    # Looked at one after the other, they hash at once if they still do when all have been looked at.
    most = max(most, sum([hashing(p) for p in [p for p in ps if hashing(p)]]))
print(most <= 2, most > 0, {p.returncode for p in ps})
END
# Who hashes is told by his memory, which the sanitizers take of all.
if [ "$SANITIZED" ]; then skip 'turns: sixty at once' 'a build with sanitizers'; else
  is 'turns: sixty at once, two hash at a time' "$(/usr/bin/python3 "$work/many.py" "$work")" 'True True {0}'
fi
for usage in '-n x' '-n -1' '-n 10001' '-w x'; do
  # shellcheck disable=SC2086
  exits "usage: $usage" 100 auth $usage "$work/users" true
done

account s; s=$account
account_try usermod -a -G bin "$s"
exits '-s: no password yet' 1 login "$s" '' -- auth -s env
account_try usermod -p "$(mkpasswd -m sha512crypt -R 1000 secret)" "$s"
exits '-s: a right password' 0 login "$s" secret -- auth -s env
is '-s: what the program has' "$(environment)" \
  "AUTHUSER=$s GID=$(id -g "$s") GIDLIST=$(id -G "$s" | tr ' ' ',') HOME=$work/home/s KEPT=kept SHELL=/usr/sbin/nologin UID=$(id -u "$s") USER=$s "
exits '-s: a wrong password' 1 login "$s" Secret -- auth -s true
exits '-s: an unknown user' 1 login "${s}x" secret -- auth -s true
exits '-s: no user' 1 login '' secret -- auth -s true
account_try usermod -L "$s"
exits '-s: locked' 1 login "$s" secret -- auth -s true
account_try usermod -U "$s"
exits '-s: unlocked' 0 login "$s" secret -- auth -s true
account_try usermod -e 2001-01-01 "$s"
exits '-s: an account that has expired' 1 login "$s" secret -- auth -s true
account_try usermod -e '' "$s"
exits '-s: that expires no more' 0 login "$s" secret -- auth -s true
account_try chage -d 2001-01-01 -M 30 "$s"
exits '-s: a password that has expired' 1 login "$s" secret -- auth -s true
account_try chage -d 0 -M -1 "$s"
exits '-s: a password that must be changed' 1 login "$s" secret -- auth -s true
account_try chage -d 2001-01-01 -M -1 "$s"
exits '-s: one that need not' 0 login "$s" secret -- auth -s true
exits '-s: who may not read the passwords' 111 setuidgid -u "$s" sh -c 'exec auth -s true 3< "$0"' "$work/credentials"
finish
