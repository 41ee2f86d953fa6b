"""SETEVENTS CONTROLLERS: who comes, goes and changes his name."""
import ctypes, glob, os, shutil, signal, subprocess
from ctl import *

tor = Tor()


def change(c):
    e = c.event()
    return e and e[len('650 CONTROLLERS '):] if (e or '650 CONTROLLERS ').startswith('650 CONTROLLERS ') else e


def until(c, last):
    """Up to a change that ends so: two of one connection may be told as one."""
    got = []
    while not got or not got[-1].endswith(last):
        got.append(change(c))
        if got[-1] is None:
            return got[:-1] + ['nothing']
    return got


def ends(changes):
    """How many have joined, how many have left."""
    return tuple(sum(x.startswith(word) for x in changes) for word in ('JOINED ', 'LEFT '))


for how, server in (('alone', lambda: Server(options=['-r', '0'])), ('in front', lambda: Server(tor=tor, options=['-r', '0'], itself=True))):
    s = server()
    before = s.conn('before')
    w = s.conn('watcher')
    ok({'CONTROLLERS', 'POSTMESSAGE'} <= set(w.info('events/names').split()), how + ': it is one of the names of events')
    w.want('setevents Controllers')
    a = s.conn()
    equal(change(w), 'JOINED unset', how + ': one who comes')
    a.want('CONTROLLERNAME a')
    equal(change(w), 'RENAMED unset a', how + ': takes a name')
    a.want('CONTROLLERNAME b')
    equal(change(w), 'RENAMED a b', how + ': another')
    w.want('CONTROLLERNAME w')
    equal(change(w), 'RENAMED watcher w', how + ": one's own name too")
    a.ask('QUIT')
    equal(change(w), 'LEFT b', how + ': who quits')
    before.close()
    equal(change(w), 'LEFT before', how + ': who was there before, and closes')
    killed = []
    for i in range(10):
        c = direct(s.statedir)
        c.want('CONTROLLERNAME k%d' % i)
        told = until(w, ' k%d' % i) if i % 2 else []
        c.process.send_signal(signal.SIGKILL)

        def whole():
            """Whether he is gone, and has left if he was told of: who came and went between two looks was not there."""
            gone = 'k%d' % i not in w.info('list-controllers')
            told.extend(e[len('650 CONTROLLERS '):] for e in w.events)
            w.events = []
            return gone and ends(told) in ((0, 0), (1, 1))

        wait_until(whole)
        killed.append(ends(told))
        c.close()
    ok(all(k == (1, 1) for k in killed[1::2]) and set(killed) <= {(0, 0), (1, 1)}, how + ': who is killed leaves, once', killed)
    # Both kinds of events; each is off when it is not asked for.
    p = s.conn('p')
    until(w, ' p')
    w.want('SETEVENTS CONTROLLERS POSTMESSAGE')
    p.want('POSTMESSAGE @all x')
    equal(w.event()[-9:], ' p @all x', how + ': with messages')
    w.want('SETEVENTS POSTMESSAGE')
    c = s.conn('c')
    p.want('POSTMESSAGE @all y')
    equal(w.event()[-6:], '@all y', how + ': off again: messages only')
    w.want('SETEVENTS CONTROLLERS')
    c.want('CONTROLLERNAME cc')
    equal(change(w), 'RENAMED c cc', how + ': on again: from then on')
    # Many at once, while names change all the time: who is named in the end was told.
    many = [s.conn() for i in range(40)]
    for n in range(3):
        for i, m in enumerate(many):
            m.want('CONTROLLERNAME m%d_%d' % (i, n))
    for m in many:
        m.close()
    wait_until(lambda: len(w.info('list-controllers')) == 3)
    there = {'w': 1, 'p': 1, 'cc': 1}

    def add_up():
        """Whether they do, by what has been told up to now: of the last leaves w may hear a moment after they are in no list."""
        w.info('version')
        while w.events:
            k = w.events.pop(0).split(' ')[2:]
            if k[0] != 'JOINED':
                there[k[1]] = there.get(k[1], 0) - 1
            if k[0] != 'LEFT':
                there[k[-1]] = there.get(k[-1], 0) + 1
        return {k: v for k, v in there.items() if v} == {'w': 1, 'p': 1, 'cc': 1}

    ok(wait_until(add_up), how + ': the events add up', there)
    w.info('version')
    equal(w.events, [], how + ': and no more come')
    w.events = []
    # A state directory that is wiped.
    wipe(s.statedir)
    p.want('POSTMESSAGE @all new')
    got = until(w, 'JOINED p')
    # Whoever looks while it is being removed may see names go first.
    ok(got[-1] == 'JOINED p' and [g.split(' ')[0] for g in got].count('LEFT') == 3, how + ': in a state directory that was wiped: all have left, who is there again has joined', got)
    p.want('CONTROLLERNAME pp')
    ok(until(w, 'RENAMED p pp')[-1] == 'RENAMED p pp', how + ': and it goes on')
    # A part of it that is removed while nobody sends a command.
    for part in ('conn', 'name', 'conn/*', 'name/*'):
        for gone in glob.glob(os.path.join(s.statedir, part)):
            shutil.rmtree(gone, ignore_errors=True)
            if os.path.lexists(gone) and '*' in part:
                try:
                    os.unlink(gone)
                except FileNotFoundError:  # who watches was faster
                    pass
        got = until(w, 'JOINED w')
        ok(got[-1] == 'JOINED w' and os.listdir(s.statedir + '/name') == ['w'] and len(os.listdir(s.statedir + '/conn')) == 1,
           '%s: %s is removed: who watches makes all anew, and is in it' % (how, part), got)
    for x in (w, p, c):
        x.close()
    s.stop()

# Who does not ask pays nothing, and what it takes is given back.
s = Server()
w, x = direct(s.statedir), direct(s.statedir)


def descriptors(c):
    return len(os.listdir('/proc/%d/fd' % c.process.pid))


few = descriptors(w)
w.want('SETEVENTS CONTROLLERS')
more = descriptors(w)
w.want('SETEVENTS')
equal((more - few, descriptors(w), descriptors(x)), (4, few, few), 'a descriptor for each connection and two more, as long as it is on')

# Instances of inotify are few for each uid.
if os.geteuid():
    skip('no instance of inotify left', 'not root')
else:
    d = path('theirs')
    os.mkdir(d)
    os.chown(d, 64123, 64123)
    script = '''
import ctypes, os, sys
os.setgid(64123); os.setuid(64123)
libc = ctypes.CDLL(None)
n = 0
while libc.inotify_init1(0) >= 0: n += 1
os.environ['HELD'] = str(n)
os.execv(sys.argv[1], sys.argv[1:])
'''
    p = subprocess.run(['/usr/bin/python3', '-c', script, CTLMSG, d + '/state'], input=b'AUTHENTICATE\r\nSETEVENTS CONTROLLERS POSTMESSAGE\r\nPOSTMESSAGE @all x\r\nSETEVENTS POSTMESSAGE\r\n',
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = p.stdout.decode().split('\r\n')
    equal([l[:23] for l in lines[:4]], ['250 OK', '451 Resource exhausted:', '250 OK', '250 OK'], 'no instance of inotify left: 451, and nothing is turned on')
    equal(p.stderr, b'ctlmsg: warning: unable to use the state directory: Too many open files\n', 'and a warning')
done()
