#!/bin/sh
# More than one machine: doc/examples/haproxy.cfg between two mail hosts, each a network namespace of its own with its own chain and mailboxes,
# TLS on the way. Routing, a host that is down, a user who moves.
# shellcheck disable=SC2015,SC2086,SC2154 # names of our own without blanks; tls_a is set by eval
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$(dirname "$0")/account.sh"
need_root haproxy.t
for program in haproxy stunnel4 ip rsync openssl tcpserver; do
  command -v $program > /dev/null || { echo "1..0 # SKIP haproxy.t: needs $program (package/deps deb)"; exit 0; }
done
n=pt$$
mountpoint -q /run/netns && kept=yes || kept=  # ip makes it, and leaves it mounted
ip netns add ${n}p 2> /dev/null && ip netns add ${n}a && ip netns add ${n}b || { echo '1..0 # SKIP haproxy.t: no network namespaces here'; exit 0; }
account v; uid=$(id -u "$account") gid=$(id -g "$account")
test_cleanup() {
  for a in $accounts; do account_try userdel "$a"; done
  for s in p a b; do ip netns del $n$s; done
  [ "$kept" ] || umount /run/netns 2> /dev/null  # but where somebody else has one there by now
}
in_ns() { ns=$1; shift; ip netns exec "$n$ns" "$@"; }
i=0
for host in a b; do
  i=$((i + 1))
  ip link add $n$host type veth peer name eth0 netns $n$host
  ip link set $n$host netns ${n}p
  in_ns p ip addr add 10.77.$i.1/24 dev $n$host; in_ns p ip link set $n$host up
  in_ns $host ip addr add 10.77.$i.2/24 dev eth0; in_ns $host ip link set eth0 up; in_ns $host ip link set lo up
done
in_ns p ip link set lo up

# --- two hosts: the same users file, each user's mailbox on one of them ---
cd "$work" || exit 111
(umask 077
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=host -addext 'subjectAltName=IP:10.77.1.2,IP:10.77.2.2' 2> /dev/null
cat key.pem cert.pem > both.pem
for user in ada bob carl dora; do printf '%s:{PLAIN}secret:%s:%s\n' $user "$uid" "$gid"; done > users)
mailbox() {  # HOST USER COUNT
  mkdir -p "mail.$1/$2/cur" "mail.$1/$2/new" "mail.$1/$2/tmp"
  j=0
  while [ $j -lt "$3" ]; do printf 'Subject: %s\n\nx\n' $j > "mail.$1/$2/cur/17000000$j.M${j}P1.$1:2,S"; j=$((j + 1)); done
}
mailbox a ada 1; mailbox b bob 2; mailbox a carl 3; mailbox b dora 4
chown -R "$uid:$gid" mail.a mail.b
serve() {  # HOST
  ip netns exec "$n$1" env -i PATH="$PATH" tcpserver -HRl0 -c 220 -b 200 127.0.0.1 3331 \
    frame-auth -d 0 auth users setuidgid maildir-enter "$work/mail.$1/%u" frame-read frame-write maildir-op 2> "chain.$1.err" &
  eval "chain_$1=$!"
  printf 'foreground = yes\npid =\n[mail]\naccept = 10.77.%s.2:3443\nconnect = 127.0.0.1:3331\ncert = %s/both.pem\n' "$2" "$work" > "stunnel.$1"
  ip netns exec "$n$1" stunnel4 "stunnel.$1" > "stunnel.$1.log" 2>&1 &
  eval "tls_$1=$!"
  tap_pids="$tap_pids $! $(eval echo "\$chain_$1")"
}
serve a 1
serve b 2

# --- the proxy, with the example as it is but for addresses and places ---
printf 'ada a\nbob b\n' > hosts.map
: > buckets.map
bucket=0
while [ $bucket -lt 64 ]; do printf '%d %s\n' $bucket "$([ $bucket -lt 32 ] && echo a || echo b)" >> buckets.map; bucket=$((bucket + 1)); done
sed -e "s,/etc/porter,$work,g; s,/run/porter-haproxy.sock,$work/haproxy.sock," \
  -e "s,server a 127.0.0.1:3331 check,server a 10.77.1.2:3443 check ssl verify required ca-file $work/cert.pem," \
  -e "s,server b 127.0.0.1:3332 check,server b 10.77.2.2:3443 check ssl verify required ca-file $work/cert.pem," "$top/doc/examples/haproxy.cfg" > haproxy.cfg
exits 'haproxy -c finds nothing wrong' 0 haproxy -c -f haproxy.cfg
ip netns exec ${n}p tcpserver -HRl0 127.0.0.1 3399 frame-auth -d 0 sh -c 'exit 111' & tap_pids="$tap_pids $!"
ip netns exec ${n}p haproxy -db -f haproxy.cfg > haproxy.log 2>&1 & tap_pids="$tap_pids $!"
cat > ask.py <<'END'
import socket, struct, sys
def ask(user, password=b'secret'):
    s = socket.create_connection(('127.0.0.1', 3330), 10)
    s.settimeout(60)
    cred = user.encode() + b'\0' + password + b'\0'
    s.sendall(struct.pack('>I', 4) + b'Auth' + struct.pack('>I', len(cred)) + cred + struct.pack('>I', 5) + b'Stats' + struct.pack('>I', 0))
    try:
        head = s.recv(4, socket.MSG_WAITALL)
        body = s.recv(struct.unpack('>I', head)[0], socket.MSG_WAITALL)
    except (OSError, struct.error):
        return 'nothing'
    if body[:1] == b'\x08':
        return str(body[1])
    return {10: 'TEMPORARY', 9: 'REFUSED', 11: 'NO_MAILBOX'}.get(body[3], body.hex()) if body[:1] == b'\x7a' else body.hex()
print(*[ask(u) for u in sys.argv[1:]])
END
ask() { in_ns p /usr/bin/python3 ask.py "$@"; }
ready() { [ "$(ask ada bob)" = '1 2' ]; }
ok 'users of the map reach their hosts' wait_for ready
# The others go by a hash of the name: it must be the one that the page names.
one=$(ask carl dora)
is 'the others by their bucket: to the host that has them, or to one that says so, always the same' "$(ask carl dora)" "$one"
ok 'and to no other host at random' sh -c "case '$one' in '3 4'|'3 NO_MAILBOX'|'NO_MAILBOX 4'|'NO_MAILBOX NO_MAILBOX') ;; *) exit 1 ;; esac"
is 'a name in capitals is the same user' "$(ask ADA)" 1
is 'the log has the user and the host' "$(grep -c '"*ada"* a/a' haproxy.log | sed 's/^[1-9][0-9]*$/yes/')" yes
ok 'and no password' sh -c '! grep -q secret haproxy.log'

# --- a host is down ---
kill "$tls_a"; wait "$tls_a" 2> /dev/null
down() { [ "$(ask ada)" = TEMPORARY ]; }
ok 'a host that is down: its users are told to come later' wait_for down
is 'nobody else notices' "$(ask bob)" 2
ip netns exec ${n}a stunnel4 stunnel.a > stunnel.a.log 2>&1 & tap_pids="$tap_pids $!"
ok 'it is up again' wait_for ready

# --- ada moves from a to b, while mail arrives ---
runtime() { printf '%s\n' "$*" | /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read()); print(s.makefile().read())' haproxy.sock; }
deliver() { printf 'Subject: new\n\nx\n' > "mail.$1/ada/tmp/$2"; chown "$uid:$gid" "mail.$1/ada/tmp/$2"; mv "mail.$1/ada/tmp/$2" "mail.$1/ada/new/$2"; }
rsync -aH mail.a/ada mail.b/
deliver a 1800000001.M1P1.a
runtime "set map $work/hosts.map ada sorry" > /dev/null
is 'while he moves he is told to come later' "$(ask ada)" TEMPORARY
is 'others are not' "$(ask bob)" 2
for session in $(runtime show sess | sed -n 's/^\(0x[0-9a-f]*\):.*be=a .*/\1/p'); do runtime "shutdown session $session" > /dev/null; done
rsync -aH --delete mail.a/ada mail.b/
runtime "set map $work/hosts.map ada b" > /dev/null
is 'then he is served by the new host, with all his mail' "$(ask ada)" 2
is 'and it is the same, name by name' "$(cd mail.b/ada && find . -type f | sort)" "$(cd mail.a/ada && find . -type f | sort)"
mv mail.a/ada mail.a/gone
deliver b 1800000002.M2P1.b
is 'what arrives there is seen' "$(ask ada)" 3
finish
