#!/bin/sh
# 500 connections at once on the chain of INSTALL's recipe, some of them silent, slow, or never reading: who is let in is served, who is too many
# is refused at once, another uid gets in all the same, and a connection takes no more memory than doc/costs.md says.
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/account.sh
. "$(dirname "$0")/account.sh"
need_root load.t
account v; uid=$(id -u "$account") gid=$(id -g "$account")
mkdir -p "$work/mail/joe/cur" "$work/mail/joe/new" "$work/mail/joe/tmp"
{ printf 'Subject: big\n\n'; head -c 3000000 /dev/zero | tr '\0' y; } > "$work/mail/joe/cur/1.M1P1.h:2,S"
chown -R "$uid:$gid" "$work/mail/joe"
printf 'joe:{PLAIN}secret:%s:%s\n' "$uid" "$gid" > "$work/users"
chmod 600 "$work/users"
background env -i PATH="$PATH" s6-ipcserver -a 0666 -c 220 -C 200 -b 512 -- "$work/sock" \
  frame-auth auth "$work/users" setuidgid maildir-enter "$work/mail/%u" frame-read -d tmp frame-write -d tmp maildir-op 2> "$work/server.err"
server=$!
wait_for listens "$work/sock"
cat > "$work/load.py" <<'END'
import os, select, socket, struct, subprocess, sys, time
work = sys.argv[1]
cred = b'joe\0secret\0'
auth = struct.pack('>I', 4) + b'Auth' + struct.pack('>I', len(cred)) + cred
def request(method, message=b''):
    return struct.pack('>I', len(method)) + method + struct.pack('>I', len(message)) + message
stats = request(b'Stats')
raw = request(b'Raw', b'\x12\x08' + b'1.M1P1.h')
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(work + '/sock')
    return s
begun = time.monotonic()
all = [connect() for _ in range(500)]
# Who is refused sees the end at once; nobody else sees anything before he has asked.
refused, kept = [], set(all)
end = time.monotonic() + 60
while len(refused) < 300 and time.monotonic() < end:
    for s in select.select(list(kept), [], [], 0.5)[0]:
        try:
            if s.recv(1) == b'':
                refused.append(s)
                kept.discard(s)
        except OSError:
            refused.append(s)
            kept.discard(s)
print('refused', len(refused))
kept = list(kept)
silent, slow, deaf, good = kept[:40], kept[40:80], kept[80:120], kept[120:]
for s in slow:
    s.sendall(auth[:9])
for s in deaf:
    s.sendall(auth + raw)
for s in good:
    s.sendall(auth + stats)
served = 0
for s in good:
    try:
        n = struct.unpack('>I', s.recv(4, socket.MSG_WAITALL))[0]
        served += s.recv(n, socket.MSG_WAITALL)[:2] == b'\x08\x01'
    except (OSError, struct.error):
        pass
print('good', len(good), 'served', served)
def as_other():
    r = subprocess.run(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '/usr/bin/python3', '-c', '''
import socket, struct, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(60); s.connect(sys.argv[1])
s.sendall(bytes.fromhex(sys.argv[2]))
n = struct.unpack('>I', s.recv(4, socket.MSG_WAITALL))[0]
print(s.recv(n, socket.MSG_WAITALL)[:2].hex())''', work + '/sock', (auth + stats).hex()], capture_output=True, text=True)
    return r.stdout.strip() or r.stderr[-200:]
print('another uid', as_other())
def held():
    """How many of those who never read hold a file of the mailbox's, how many memory: first it is memory, up to 1 MiB."""
    files = memory = 0
    for p in filter(str.isdigit, os.listdir('/proc')):
        try:
            if open('/proc/%s/comm' % p).read().strip() == 'frame-write' and os.readlink('/proc/%s/cwd' % p).startswith(work):
                open_files = [os.readlink('/proc/%s/fd/%s' % (p, f)) for f in os.listdir('/proc/%s/fd' % p)]
                files += any(f.startswith(work) and '/tmp/' in f for f in open_files)
                memory += any('memfd' in f for f in open_files)
        except OSError:
            pass
    return files, memory
end = time.monotonic() + 60
while held() != (len(deaf), 0) and time.monotonic() < end:
    time.sleep(0.05)
# Memory of connections that are logged in and wait: frame-auth and frame-read, in kilobytes that are theirs alone.
sums = {}
for p in filter(str.isdigit, os.listdir('/proc')):
    try:
        name = open('/proc/%s/comm' % p).read().strip()
        if name in ('frame-auth', 'frame-read', 'frame-write', 'maildir-op') and work.encode() in open('/proc/%s/environ' % p, 'rb').read() + open('/proc/%s/cmdline' % p, 'rb').read() + os.readlink('/proc/%s/exe' % p).encode() + os.readlink('/proc/%s/cwd' % p).encode():
            pss = sum(int(l.split()[1]) for l in open('/proc/%s/smaps_rollup' % p) if l.startswith('Pss:'))
            sums.setdefault(name, []).append(pss)
    except OSError:
        pass
for name, of in sorted(sums.items()):
    print('#', name, len(of), 'processes,', sum(of) // len(of), 'KB each')
print('kilobytes', 'few' if sum(sums['frame-auth']) / len(sums['frame-auth']) + sum(sums['frame-read']) / len(sums['frame-read']) < 400 else sums)
print('responses in files and in memory', *held())
for s in all:
    s.close()
END
/usr/bin/python3 "$work/load.py" "$work" > "$work/seen" 2> "$work/load.err" || sed 's/^/# /' "$work/load.err"
grep '^#' "$work/seen"
is '300 of 500 are refused at once' "$(sed -n 's/^refused //p' "$work/seen")" 300
is 'all that are let in and ask are served, beside 40 silent, 40 slow and 40 that never read' "$(sed -n 's/^good //p' "$work/seen")" '80 served 80'
is 'another uid gets in' "$(sed -n 's/^another uid //p' "$work/seen")" 0801
if [ "$SANITIZED" ]; then skip 'what a connection takes' 'a build with sanitizers'; else
  is 'a connection takes less than 400 KB of its own' "$(sed -n 's/^kilobytes //p' "$work/seen")" few
fi
is 'who never reads holds a file, and no response in memory' "$(sed -n 's/^responses in files and in memory //p' "$work/seen")" '40 0'
gone() { ! pgrep -P "$server" frame-auth > /dev/null; }
ok 'and when they have gone, everything of them has' wait_for gone
finish
