"""Load: twenty posters and twenty receivers, readers that are too slow for the log, the run scripts with 500 connections."""
import fcntl, os, resource, subprocess, threading, time
from ctl import *


def numbers(c, count, out):
    try:
        while len(out) < count:
            e = c.event()
            if e is None:
                break
            w = e.split(' ')
            out.append((int(w[2]), w[3], w[5]))
    except (Closed, OSError) as e:
        out.append(repr(e))


# --- one order ---
s = Server(options=['-r', '0'])
receivers = [s.conn(None, True) for i in range(20)]
posters = [s.conn('p%d' % i) for i in range(20)]
EACH = 200
seen = [[] for r in receivers]
threads = [threading.Thread(target=numbers, args=(r, EACH * 20, o)) for r, o in zip(receivers, seen)]


def post(p, i):
    for n in range(0, EACH, 10):
        p.send('\r\n'.join('POSTMESSAGE @all %d' % (n + k) for k in range(10)))
        for k in range(10):
            assert p.reply() == ['250 OK']


threads += [threading.Thread(target=post, args=(p, i)) for i, p in enumerate(posters)]
for t in threads:
    t.start()
for t in threads:
    t.join()
equal(len(seen[0]), EACH * 20, '20 posters: every message')
equal([o == seen[0] for o in seen], [True] * 20, '20 receivers: the same order')
equal([x[0] for x in seen[0]], list(range(1, EACH * 20 + 1)), 'ids rise by one')
equal([[x[2] for x in seen[0] if x[1] == 'p%d' % i] for i in range(20)], [[str(n) for n in range(EACH)]] * 20, "each poster's own order is kept")
for c in receivers + posters:
    c.close()
s.stop()

# --- slow readers ---
s = Server(options=['-r', '0'])
slow = [s.conn('slow%d' % i, True) for i in range(5)]
poll = s.conn('poll')
fast = s.conn('fast', True)
poster = s.conn('poster')
tops = []
got = []
TOTAL = 6000
t = threading.Thread(target=numbers, args=(fast, TOTAL, got))
t.start()
for n in range(0, TOTAL, 100):
    poster.send('\r\n'.join('POSTMESSAGE @all %d %s' % (n + k, 'x' * 1000) for k in range(100)))
    for k in range(100):
        assert poster.reply() == ['250 OK']
    # The fast one keeps up, as it must to see everything.
    wait_until(lambda: len(got) >= n + 100)
    if n % 1000 == 0:
        tops.append(max(memory(s.statedir)))
t.join()
equal([x[0] for x in got], list(range(1, TOTAL + 1)), 'who reads gets all of %d messages, through a log that turned over' % TOTAL)
equal(fast.info('messages-lost'), '0', 'and lost nothing')
little(tops, 400, 'nobody grows with what others do not read')
ok(len(os.listdir(s.statedir + '/log')) <= 2 and sum(os.stat(s.statedir + '/log/' + f).st_size for f in os.listdir(s.statedir + '/log')) <= 524288, 'the log stays within two segments')
for i, c in enumerate(slow):
    c.send('GETINFO messages-lost')
    c.reply()
    poster.want('POSTMESSAGE @slow%d end' % i)
    seen = []
    while True:
        e = c.event()
        seen.append(int(e.split(' ')[2]))
        if e.endswith(' end'):
            break
    lost = int(c.info('messages-lost'))
    ok(lost > 1000 and seen == sorted(set(seen)) and len(seen) + lost == TOTAL + 1, 'slow reader %d: %d came, %d lost, which is all, and it is still there' % (i, len(seen), lost), seen[-5:], lost)
unread = poll.info('new-messages')
equal([m.split(' ')[5] for m in unread], [str(n) for n in range(TOTAL - 10, TOTAL)], 'who polls too rarely gets the last ten')
lost = int(poll.info('messages-lost'))
recent = poll.info('recent-messages')
equal(len(recent), 50, 'and fifty recent ones')
ok(TOTAL - 600 < lost < TOTAL - 200, 'and knows how many were gone before: %d' % lost)
for c in slow + [poll, fast, poster]:
    c.close()
s.stop()

# --- a reader who is always a little behind ---
ours, theirs = os.pipe()
fcntl.fcntl(ours, fcntl.F_SETPIPE_SZ, 4096)
at, TIMES = path('behind'), 200
behind = start([CTLMSG, at], stdin=subprocess.PIPE, stdout=theirs)
os.close(theirs)
behind.stdin.write(b'AUTHENTICATE\r\n' + (b'POSTMESSAGE @all ' + b'x' * 8000 + b'\r\n') * 7 + b'GETINFO' + b' recent-messages' * TIMES + b'\r\n')
behind.stdin.flush()
tops, came = [], bytearray()
for reads in range(1, 10000):
    lump = os.read(ours, 4096)
    came += lump
    if not lump or came.endswith(b'\n.\r\n250 OK\r\n'):
        break
    if reads % 200 == 0:
        tops += memory(at)
behind.stdin.close()
equal((came.count(b'\n650 POSTMESSAGE '), behind.wait()), (7 * TIMES, 0), 'who reads a little at a time gets everything')
os.close(ours)
little(tops, 600, 'and what he has read takes no memory')

# --- 500 connections, with the limits of the run scripts ---
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
tor = Tor()
home = path('home')
os.mkdir(home)
os.symlink(os.path.abspath(BIN), home + '/bin')
for script, args in (('porter-ctl', []), ('porter-ctl-tor', [tor.socket])):
    text = open(BIN + '/' + script).read()
    # As it will be installed, but for where that is.
    installed = home + '/' + script
    built = [l.split()[0] for l in text.splitlines() if '/bin/ctlmsg' in l][0]
    with open(installed, 'w') as f:
        f.write(text.replace(built, home + '/bin/ctlmsg'))
    os.chmod(installed, 0o755)
    state, address = path('state'), path('socket')
    p = start([installed, address] + args + [state, '-r', '0'])
    ok(wait_until(lambda: connectable(address)), script + ' listens')
    equal(os.stat(address).st_mode & 0o777, 0o660, script + ': for its group')
    begin = time.monotonic()
    conns = []
    for i in range(500):
        c = Conn(address)
        c.want((tor.auth if args else b'AUTHENTICATE').decode())
        c.want('CONTROLLERNAME c%d' % i)
        c.want('SETEVENTS POSTMESSAGE')
        conns.append(c)
    equal(conns[0].info('list-controllers'), ['c%d' % i for i in range(500)], script + ': 500 connections, all in the list, oldest first')
    conns[17].want('POSTMESSAGE @all to all five hundred')
    got = [c.event() for c in conns]
    equal(len({e for e in got if e and e.endswith('hundred')}), 1, script + ': each of the 500 gets a message to all')
    equal(len([e for e in got if e]), 500, script + ': none is left out')
    for i in (0, 250, 499):
        conns[(i + 7) % 500].want('POSTMESSAGE @c%d to one' % i)
        equal(conns[i].event()[-6:], 'to one', script + ': and one to each')
    pss = sorted(memory(state, 'Pss'))
    equal(len(pss), 500, script + ': a process each')
    little(pss[250:251], 101, '%s: an idle connection takes %d KB of its own (Pss, median of 500)' % (script, pss[250] if pss else 0))
    for c in conns:
        c.close()
    ok(wait_until(lambda: not living(state)), script + ': all 500 leave')
    # Who cannot have the lock at once when he goes leaves his entries to whoever comes next.
    last = Conn(address)
    last.want((tor.auth if args else b'AUTHENTICATE').decode())
    equal(last.info('list-controllers'), ['unset'], script + ': who comes then is alone')
    equal([len(os.listdir(state + '/' + d)) for d in ('conn', 'name')], [1, 0], script + ': and nothing of theirs stays')
    last.close()
    stop(p)
done()
