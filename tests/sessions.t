#!/bin/sh
# What the kernel says of the processes of real sessions (/proc): nobody is root or can become so, nothing is open that the chain does not
# need, no secret lies in an environment, an argument or a memory that outlives it, nothing of who started the server has come along.
# shellcheck disable=SC2016 # another shell expands them
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$(dirname "$0")/account.sh"
need_root sessions.t
account a; uid=$(id -u "$account") gid=$(id -g "$account")
account g; guard=$account guard_uid=$(id -u "$account")
mkdir -p "$work/mail/joe/cur" "$work/mail/joe/new" "$work/mail/joe/tmp" "$work/home"
printf 'Subject: x\n\nx\n' > "$work/mail/joe/cur/1.M1P1.h:2,S"
chown -R "$uid:$gid" "$work/mail/joe"
(umask 077; printf 'joe:%s:%s:%s\n' "$(mkpasswd -m sha512crypt -R 1000 'sesame-open-2718')" "$uid" "$gid" > "$work/users")
while read -r name mode; do install -m "$mode" "$bin/$name" "$work/home/$name"; done < "$top/package/modes"
# maildir-op waits for its request as long as a fifo is open, so that it can be looked at: confined, before it reads.
mkfifo "$work/hold"
chmod 666 "$work/hold"
printf '#!/bin/sh\nexec %s/home/maildir-op "$1" < %s/hold\n' "$work" "$work" > "$work/home/held-op"
chmod 755 "$work/home/held-op"
cat > "$work/look.py" <<'END'
import os, re, socket, struct, subprocess, sys, time
work, uid, guard, server = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
secret = b'sesame-open-2718'
s = socket.socket(socket.AF_UNIX)
s.connect(work + '/sock')
cred = b'joe\0' + secret + b'\0\0'
s.sendall(struct.pack('>I', 4) + b'Auth' + struct.pack('>I', len(cred)) + cred)
s.sendall(struct.pack('>I', 5) + b'Stats' + struct.pack('>I', 0))

def processes():
    found = {}
    children = {}
    for p in filter(str.isdigit, os.listdir('/proc')):
        try:
            stat = open('/proc/%s/stat' % p).read()
            found[int(p)] = re.search(r'\((.*)\)', stat)[1]
            children.setdefault(int(stat.rsplit(')', 1)[1].split()[1]), []).append(int(p))
        except OSError:
            pass
    chain, todo = {}, list(children.get(server, []))
    while todo:
        p = todo.pop()
        chain[found[p]] = p
        todo += children.get(p, [])
    return chain

def settled(chain):
    """Whether each waits for the next, confined: who starts a program is not yet when that runs."""
    try:
        for name in ('frame-auth', 'frame-read', 'frame-write', 'maildir-op'):
            status = open('/proc/%d/status' % chain[name]).read()
            if 'State:\tS' not in status or (name != 'frame-read' and 'Seccomp:\t2' not in status):
                return False
        return True
    except (OSError, KeyError):
        return False

end = time.monotonic() + 60
hold = None
while time.monotonic() < end:
    chain = processes()
    if 'maildir-op' in chain and hold is None:
        hold = True
    if hold:
        if settled(chain):
            break
    elif hold is None and 'held-op' in chain:
        # the shell that opens the fifo for reading waits for a writer
        fd = os.open(work + '/hold', os.O_RDWR)
        hold = True
    time.sleep(0.01)
print('processes:', ' '.join(sorted(chain)))
for name in ('frame-auth', 'frame-read', 'frame-write', 'maildir-op'):
    p = chain[name]
    status = dict(l.rstrip('\n').split(':\t', 1) for l in open('/proc/%d/status' % p) if ':\t' in l)
    want = guard if name == 'frame-auth' else uid
    ids = {int(x) for x in status['Uid'].split() + status['Gid'].split()} - {want}
    print(name, 'ids', 'right' if set(status['Uid'].split()) == {str(want)} and 0 not in ids else status['Uid'] + status['Gid'],
          'groups', 'right' if '0' not in status['Groups'].split() else status['Groups'],
          'capabilities', ' '.join(sorted({status[c].lstrip('0') or '0' for c in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')})))
    fds = {int(f): os.readlink('/proc/%d/fd/%s' % (p, f)) for f in os.listdir('/proc/%d/fd' % p)}
    kinds = ' '.join('%s' % re.sub(r':\[\d+\]| \(deleted\)', '', os.path.basename(v)) for k, v in sorted(fds.items()) if k != 2)
    print(name, 'open:', kinds)
    env = open('/proc/%d/environ' % p, 'rb').read()
    cmd = open('/proc/%d/cmdline' % p, 'rb').read()
    print(name, 'environment:', ' '.join(sorted(e.split(b'=')[0].decode() for e in env.split(b'\0') if e)))
    print(name, 'secret in environ or cmdline:', secret in env + cmd)
    hits = 0
    mem = open('/proc/%d/mem' % p, 'rb', 0)
    for line in open('/proc/%d/maps' % p):
        m = re.match(r'([0-9a-f]+)-([0-9a-f]+) r', line)
        if not m or '[v' in line or int(m[2], 16) - int(m[1], 16) > 1 << 30:  # of the sanitizers
            continue
        mem.seek(int(m[1], 16))
        try:
            hits += mem.read(int(m[2], 16) - int(m[1], 16)).count(secret)
        except OSError:
            pass
    print(name, 'secret in memory:', hits)
    print(name, 'dumpable:', os.stat('/proc/%d/mem' % p).st_uid != 0)
    print(name, 'core:', re.search(r'core file size +(\d+)', open('/proc/%d/limits' % p).read())[1] if name == 'maildir-op' else '-')
    print(name, 'no new privileges, filter:', status['NoNewPrivs'], status['Seccomp'])
    try:
        r = subprocess.run(['setpriv', '--reuid', str(uid), '--regid', str(uid), '--clear-groups', 'cat', '/proc/%d/environ' % p], capture_output=True)
        print(name, 'read by its uid:', r.returncode == 0 and bool(r.stdout))
    except OSError as e:
        print(name, e)
END
# The server is started as administrators do, but from a process that has secrets and open files of its own.
secret_env='STARTERS_TOKEN=abc'
exec 8< /etc/passwd 9< "$work/users"
background env $secret_env sh -c 'exec env -i PATH="$1:/usr/bin:/bin" s6-ipcserver -a 0600 -c 220 -C 200 -- "$2/sock" \
  frame-auth -u "$3" auth "$2/users" setuidgid maildir-enter "$2/mail/%u" frame-read -d tmp frame-write -d tmp held-op' sh "$work/home" "$work" "$guard" 2> "$work/errors"
server=$!
exec 8<&- 9<&-
wait_for listens "$work/sock"
/usr/bin/python3 "$work/look.py" "$work" "$uid" "$guard_uid" "$(pgrep -x s6-ipcserverd -P $server || echo $server)" > "$work/seen" 2> "$work/look.err" || { sed 's/^/# /' "$work/look.err"; }
line() { sed -n "s/^$1 $2 *//p" "$work/seen"; }
is 'the processes of a session, and no other' "$(sed -n 's/^processes: //p' "$work/seen")" 'frame-auth frame-read frame-write maildir-op'
if [ "$SANITIZED" ]; then filter='0 0'; else filter='1 2'; fi
for name in frame-auth frame-read frame-write maildir-op; do
  is "$name: an account without rights" "$(line $name ids)" 'right groups right capabilities 0'
  is "$name: no secret in its environment and arguments" "$(line $name 'secret in environ or cmdline:')" False
  is "$name: none in its memory" "$(line $name 'secret in memory:')" 0
  is "$name: cannot be dumped" "$(line $name dumpable:)" False
  is "$name: its environment cannot be read by another process of the account" "$(line $name 'read by its uid:')" False
  ok "$name: nothing of who started the server" sh -c "! grep -q '^$name environment:.*STARTERS' '$work/seen'"
done
for name in frame-auth frame-write maildir-op; do is "$name: is confined" "$(line $name 'no new privileges, filter:')" "$filter"; done
is 'frame-auth: open are the connection and the pipe from frame-read' "$(line frame-auth open:)" 'socket socket pipe'
is 'frame-read: the connection, and the request that runs' "$(line frame-read open:)" 'socket socket pipe'
is 'frame-write: its request, the connection, and what it catches' "$(line frame-write open:)" 'pipe socket memfd:response'
is 'maildir-op: its request, its response, the mailbox' "$(line maildir-op open:)" 'hold memfd:response joe'
is 'maildir-op: no core' "$(line maildir-op core:)" 0
finish
