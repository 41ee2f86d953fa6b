#!/bin/sh
# The units in doc/examples: systemd finds nothing wrong with them, and a program is not kept from a system call that it makes: neither of those that it
# has left once it is confined, nor of those that it makes before, in sessions that are traced. make deb's package/deb-try boots them.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$top/tests/account.sh"
need_root systemd.t
if ! command -v systemd-analyze > /dev/null; then echo '1..0 # SKIP systemd.t: no systemd-analyze'; exit 0; fi
units='porter-ctl porter-ctl-tor porter-mail porter-varlink'
account m; owner=$account
account a; checker=$account
mkdir "$work/units" "$work/root" "$work/home"
ln -s "$bin" "$work/home/bin"

# --- what systemd says ---
mkdir "$work/root/etc" && cp /etc/passwd /etc/group "$work/root/etc/"
for file in "$top"/doc/examples/systemd/*.service "$top"/doc/examples/systemd/*.socket; do
  sed "s,@HOME@,$work/home,g" "$file" > "$work/units/${file##*/}"
done
for file in "$work"/units/*; do
  unit=${file##*/}
  exits "$unit is a unit" 0 systemd-analyze verify --man=no "$file"
  is "$unit: nothing to say" "$(grep "${unit%.*}" "$work/err")" ''
done
for file in "$top"/doc/examples/tmpfiles.d/*.conf "$top/doc/examples/systemd/tmpfiles.conf"; do
  sed "s/ ctlmsg/ $owner/g" "$file" > "$work/tmpfiles.conf"
  exits "${file##*/}, of tmpfiles.d" 0 systemd-tmpfiles --create --prefix="$work/root/run" "$work/tmpfiles.conf"
done
exits 'sysusers.conf' 0 systemd-sysusers --root="$work/root" "$top/doc/examples/systemd/sysusers.conf"
exits 'makes the account that frame-auth waits as' 0 grep -q '^porter-auth:' "$work/root/etc/passwd"

# --- the calls that a unit lets through ---
members() {  # GROUP|CALL...: the calls
  for member do
    case $member in
      @*) # shellcheck disable=SC2046
        members $(systemd-analyze syscall-filter "$member" | sed -n 's/^    \([@a-z0-9_-]*\)$/\1/p') ;;
      *) printf '%s\n' "$member" ;;
    esac
  done
}
let_through() {  # UNIT: its lines in their order, as systemd.exec(5) has it
  : > "$work/allowed"
  sed -n 's/^SystemCallFilter=//p' "$work/units/$1.service" > "$work/filter"
  while read -r line; do
    # shellcheck disable=SC2086
    members ${line#\~} | sort -u > "$work/members"
    case $line in
      '~'*) comm -23 "$work/allowed" "$work/members" ;;
      *) sort -u "$work/allowed" "$work/members" ;;
    esac > "$work/allowed.new"
    mv "$work/allowed.new" "$work/allowed"
  done < "$work/filter"
  # What systemd lets through in any case.
  members @default | sort -u - "$work/allowed" > "$work/allowed.$1"
}
kept_from() { comm -23 "$2" "$work/allowed.$1" | tr '\n' ' '; }  # UNIT FILE: those in the file that it does not let through
tr -d '\\\n' < "$top/src/lib/confine/calls.c" | grep -oE 'CALL(_IF)?\( *[a-z0-9_]+' | sed 's/.*( *//' | grep -vx name | sort -u > "$work/confined"
grep -rhoE '(landlock_(create_ruleset|add_rule|restrict_self)|SYS_seccomp)' "$top/src/lib/confine" | sed s/SYS_// | sort -u > "$work/confining"
ok 'there are calls that confined programs may make' [ "$(wc -l < "$work/confined")" -gt 60 ]
is 'and some by which they confine themselves' "$(wc -l < "$work/confining")" 4
for unit in $units; do
  let_through "$unit"
  ok "$unit.service keeps from something" sh -c "! grep -qx reboot '$work/allowed.$unit'"
  is "$unit.service: what a confined program may call" "$(kept_from "$unit" "$work/confined")" ''
  is "$unit.service: what it confines itself with" "$(kept_from "$unit" "$work/confining")" ''
done

# --- sessions, by what the unit starts, traced ---
if ! command -v strace > /dev/null || [ "$SANITIZED" ]; then
  skip 'sessions' 'no strace, or the sanitizers call what they like'
  finish
fi
mkdir -p "$work/mail/example.org/ada/cur" "$work/mail/example.org/ada/new" "$work/mail/example.org/ada/tmp" "$work/run"
printf 'Subject: x\n\nx\n' > "$work/mail/example.org/ada/cur/1.M1P1.h:2,S"
chown -R "$owner": "$work/mail/example.org/ada"
chmod 755 "$work/mail" "$work/mail/example.org"
printf 'ada@example.org:%s:%s:%s\n' "$(mkpasswd -m yescrypt secret)" "$(id -u "$owner")" "$(id -g "$owner")" > "$work/users"
printf 'ada@example.org\0secret\0\0' > "$work/credentials"
command_of() {  # UNIT: with this test's paths and account
  sed -n 's/^ExecStart=//p' "$work/units/$1.service" |
    sed "s,/etc/porter/users,$work/users,; s,/var/mail/,$work/mail/,; s/%%/%/g; s/-u porter-auth/-u $checker/; s,/run/porter-ctl,$work/run,g"
}
traced() {  # UNIT COMMAND...
  unit=$1
  shift
  background env -i "PATH=$work/home/bin:/usr/bin:/bin" strace -f -qq -o "$work/trace.$unit" "$@" 2> "$work/log.$unit"
  server=$!
}
calls_made() { grep -o '^[0-9]* *[a-z0-9_]*(' "$work/trace.$1" | sed 's/.* //; s/($//' | grep -vx 'execve' | sort -u > "$work/made.$1"; }
# shellcheck disable=SC2046
end_of() {  # UNIT: it is stopped, and what it called is looked at
  kill "$server" 2> /dev/null
  kill $(pgrep -P "$server") 2> /dev/null
  wait "$server" 2> /dev/null
  calls_made "$1"
  ok "$1.service: a session was traced" [ "$(wc -l < "$work/made.$1")" -gt 25 ]
  is "$1.service: what its session calls" "$(kept_from "$1" "$work/made.$1")" ''
}

call() { s6-ipcclient -l 0 -- "$work/run/mail" "$bin/frame-call" -a -j "$@" 3< "$work/credentials"; }
# shellcheck disable=SC2046
traced porter-mail /usr/bin/s6-ipcserver-socketbinder -- "$work/run/mail" $(command_of porter-mail)
wait_for listens "$work/run/mail"
is 'porter-mail.service: a folder is made' "$(echo '{"name":"Sent"}' | call AddFolder | jq -c .error)" null
octets=$(printf 'Subject: y\n\ny\n' | base64)
is 'a mail is stored' "$(printf '{"folder":"Sent","octets":"%s","keywords":["Junk"]}' "$octets" | call Append | jq -r .byteSize)" 14
is 'copied' "$(printf '{"fromFolder":"Sent","mids":["%s"],"toFolder":""}' "$(echo '{"folder":"Sent"}' | call ListSearch | jq -r '.mailHeads[0].mid')" | call Copy | jq '.outcomes | length')" 1
is 'listed' "$(echo '{"sort":{}}' | call ListSearch | jq '.mailHeads | length')" 2
is 'conversations' "$(echo '{"limit":9}' | call Threads | jq '.threads | length')" 2
state=$(echo '{}' | call Wait | jq -r .state)
is 'waited for' "$(printf '{"state":"%s","seconds":1}' "$state" | call Wait | jq -r .state)" "$state"
echo '{"name":"Sent","force":true}' | call RemoveFolder > "$work/out"
is 'a folder is removed' "$(find "$work/mail/example.org/ada" -name .Sent | wc -l)" 0
end_of porter-mail

# shellcheck disable=SC2046
traced porter-varlink /usr/bin/s6-ipcserver-socketbinder -- "$work/run/varlink" $(command_of porter-varlink)
wait_for listens "$work/run/varlink"
cat > "$work/varlink" <<'END'
import socket, struct, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
word = lambda n: struct.pack('>I', n)
credentials = open(sys.argv[2], 'rb').read()
s.sendall(word(4) + b'Auth' + word(len(credentials)) + credentials)
mail = 'de.jmhoffmann.jwebmail.mail-storage'
s.sendall(('{"method":"%s.Init","parameters":{"unix_user":"","mailbox_path":""}}\0{"method":"%s.Stats","parameters":{"folder":""}}\0' % (mail, mail)).encode())
got = b''
while b'mail_count' not in got:
    more = s.recv(65536)
    if not more:
        break
    got += more
print(got.decode('latin-1').count('mail_count'))
END
is 'porter-varlink.service: a call' "$(/usr/bin/python3 "$work/varlink" "$work/run/varlink" "$work/credentials")" 1
end_of porter-varlink

# porter-ctl is a script, which finds its programs where conf-home says.
sed "s,^$(head -n 1 "$top/conf-home")/bin/,$work/home/bin/," "$bin/porter-ctl" > "$work/porter-ctl"
chmod 755 "$work/porter-ctl"
# shellcheck disable=SC2046
traced porter-ctl "$work/porter-ctl" $(command_of porter-ctl | cut -d ' ' -f 2-)
wait_for listens "$work/run/control"
# shellcheck disable=SC2317 # called by name
at() { program=$1; shift; s6-ipcclient -l 0 -- "$work/run/control" "$bin/$program" "$@"; }
background at ctlmsg-listen -n ada -c 1
listener=$!
wait_for sh -c "s6-ipcclient -l 0 -- '$work/run/control' '$bin/ctlmsg-info' list-controllers | grep -q ada"
exits 'porter-ctl.service: a post' 0 at ctlmsg-post @ada hello
wait "$listener"
is 'is heard' $? 0
end_of porter-ctl
finish
