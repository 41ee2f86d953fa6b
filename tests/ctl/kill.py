"""Exhaustive: strace kills ctlmsg at its first, second, third ... system call. After each the directory is checked, by its own
bytes and by others that use it."""
import os, re, socket, struct, subprocess, threading
from ctl import *

SLOT = struct.Struct('=6Q')


def head(state):
    data = open(state + '/head', 'rb').read()
    assert len(data) == 4096 and data[:8] == b'porterBS', data[:16]
    sequence, = struct.unpack_from('=Q', data, 64)
    return SLOT.unpack_from(data, 72 + (sequence & 1) * 48)


def check(state):
    """What must be true at any moment, whoever died; as a list of complaints."""
    bad = []
    next_id, old_first, old_end, cur_first, cur_end, next_serial = head(state)
    for first, end, last in ((old_first, old_end, cur_first), (cur_first, cur_end, next_id)):
        if not first:
            continue
        data = open('%s/log/%d' % (state, first), 'rb').read()[:end]
        at, number = 0, first
        while at < end:
            id, to, length, uid, text, source, destination, zero = struct.unpack_from('=QQIIHBBI', data, at)
            if id != number or length % 8 or not 40 <= length <= 8360 or at + length > end:
                bad.append('record %d in segment %d' % (number, first))
                break
            at, number = at + length, number + 1
        if number != last:
            bad.append('segment %d ends at %d, not %d' % (first, number, last))
    for n in os.listdir(state + '/name'):
        if n != '.new' and not os.path.exists('%s/name/%s' % (state, n)):
            bad.append('name/%s dangles' % n)
    for n in os.listdir(state + '/conn'):
        if n != '.new' and int(n.split('.')[0]) >= next_serial:
            bad.append('conn/%s is ahead of the serials' % n)
    return bad


def run(state, data, *strace):
    ours, theirs = socket.socketpair()
    p = subprocess.Popen(list(strace) + [CTLMSG, '-r', '0', state], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    theirs.close()

    def send():
        try:
            ours.sendall(data)
            ours.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was killed

    sender = threading.Thread(target=send)
    sender.start()
    out = b''
    try:
        while True:
            more = ours.recv(65536)
            if not more:
                break
            out += more
    except ConnectionResetError:
        pass
    sender.join()
    ours.close()
    p.wait()
    return out


def calls(state, data):
    """Every system call of it, as its name and how many of that name came before; strace counts so."""
    trace = path('trace')
    out = run(state, data, 'strace', '-qq', '-o', trace)
    seen, all = {}, []
    for l in open(trace):
        m = re.match(r'(\w+)\(', l)
        if m and m.group(1) not in ('execve', 'exit_group'):
            seen[m.group(1)] = seen.get(m.group(1), 0) + 1
            all.append((m.group(1), seen[m.group(1)]))
    return all, out


def killed_at(state, data, call):
    return run(state, data, 'strace', '-qq', '-o', '/dev/null', '-e', 'inject=%s:signal=KILL:when=%d' % call)


# --- a whole life, in a directory that others use ---
state = path('state')
watch = direct(state)
watch.want('CONTROLLERNAME watch')
watch.want('SETEVENTS POSTMESSAGE')


filler = direct(state)
filler.want('CONTROLLERNAME filler')


def life(n):
    """It always fills a segment. What it posts to others fits into the sockets: nobody reads meanwhile."""
    while head(state)[4] < 262144 - 30000:
        filler.want('POSTMESSAGE @filler ' + 'x' * 8000)
    posts = ['POSTMESSAGE @%s %d-%d %s' % ('watch' if i % 3 == 0 else 'all', n, i, 'x' * 2000) for i in range(40)]
    return '\r\n'.join(['AUTHENTICATE', 'CONTROLLERNAME a', 'CONTROLLERNAME b', 'SETEVENTS POSTMESSAGE'] + posts[:2] + ['GETINFO list-controllers', 'SETEVENTS', 'CONTROLLERNAME a']
                       + posts[2:] + ['GETINFO new-messages recent-messages', 'QUIT', '']).encode()


# On a busy machine a connection may have to ask for the lock again and again: the shortest of three lives did not.
lives = []
for _ in range(3):
    lives.append(calls(state, life(0)))
    while watch.event(0.2):
        pass
life_calls, out = min(lives, key=lambda l: len(l[0]))
count = len(life_calls)
ok(count > 100 and out.count(b'250 OK\r\n') == 48 and out.endswith(b'closing connection\r\n'), 'a life of %d system calls: names, posts, a new segment' % count, out[-300:])
problems, killed, last_id = [], 0, 0
for n, call in enumerate(life_calls, 1):
    out = killed_at(state, life(n), call)
    killed += b'closing' not in out
    problems += ['killed at call %d: %s' % (n, x) for x in check(state)]
    after = direct(state)
    names = after.info('list-controllers')
    if names != ['watch', 'filler', 'unset']:
        problems.append('killed at call %d: the dead are in the list: %r' % (n, names))
    for name in ('a', 'b'):
        if after.ask('CONTROLLERNAME ' + name) != ['250 OK']:
            problems.append('killed at call %d: %s is not free' % (n, name))
    if after.ask('POSTMESSAGE @watch end') != ['250 OK']:
        problems.append('killed at call %d: nobody can post' % n)
    got, ids = [], []
    while True:
        e = watch.event()
        if e is None:
            problems.append('killed at call %d: what was posted after it did not come' % n)
            break
        words = e.split(' ')
        ids.append(int(words[2]))
        if words[5] == 'end':
            break
        got.append(words[5])
    # Replies come in order: 250 for AUTHENTICATE, two names, SETEVENTS, two posts, GETINFO, SETEVENTS, a name; then the posts.
    oks = out.count(b'250 OK\r\n')
    acknowledged = max(0, min(oks - 4, 2)) + max(0, min(oks, 47) - 9)
    want = ['%d-%d' % (n, i) for i in range(40)]
    if got != want[:len(got)] or len(got) < acknowledged:
        problems.append('killed at call %d: %d acknowledged, came: %r' % (n, acknowledged, got))
    if ids != sorted(set(ids)) or ids[0] <= last_id:
        problems.append('killed at call %d: ids %r after %d' % (n, ids, last_id))
    last_id = ids[-1]
    problems += ['killed at call %d, after another: %s' % (n, x) for x in check(state)]
    if [len(os.listdir(state + '/' + d)) for d in ('conn', 'name')] != [3, 3]:
        problems.append('killed at call %d: left over: %r' % (n, [os.listdir(state + '/' + d) for d in ('log', 'conn', 'name')]))
    after.ask('QUIT')
    after.close()
# A sanitizer looks for leaks at the very end, in many more.
ok(killed >= count - (100 if SANITIZED else 25), 'killed at each of %d, in all but its last steps' % killed)
equal(problems, [], 'and nobody minded')
run(state, life(count + 1))
equal(len(os.listdir(state + '/log')), 2, 'segments that nobody names went with the next one')
equal(watch.info('messages-lost'), '0', 'the watcher lost nothing')

# --- making the directory ---
fresh = path('fresh')
data = b'AUTHENTICATE\r\nCONTROLLERNAME a\r\nPOSTMESSAGE @a x\r\nQUIT\r\n'
fresh_calls, out = calls(fresh, data)
count = len(fresh_calls)
problems = []
for n, call in enumerate(fresh_calls, 1):
    fresh = path('fresh')
    killed_at(fresh, data, call)
    out = run(fresh, data)
    if out != b'250 OK\r\n' * 3 + b'250 closing connection\r\n':
        problems.append('killed at call %d: %r' % (n, out))
    problems += ['killed at call %d: %s' % (n, x) for x in check(fresh)]
    if sorted(os.listdir(fresh)) != ['bell', 'conn', 'head', 'log', 'name']:
        problems.append('killed at call %d: left over: %r' % (n, os.listdir(fresh)))
equal(problems, [], 'killed at each of %d calls while it made its directory: the next one goes on' % count)
watch.close()
filler.close()
done()
