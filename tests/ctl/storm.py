"""Kills by the thousand: no name with two holders, no acknowledged message undelivered, no id that does not rise, nothing left over."""
import os, random, signal, socket, struct, subprocess, threading, time
from ctl import *

SECONDS = float(os.environ.get('PORTER_STORM', '30'))
STATE = path('state')
NAMES = ['n%d' % i for i in range(4)]
lock = threading.Lock()
holders = {n: set() for n in NAMES}
acked, problems = [], []
counts = dict(kills=0, claims=0, posts=0, named=0)
over = threading.Event()


class Controller(Conn):
    def __init__(self):
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen([CTLMSG, '-r', '0', STATE], stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
        theirs.close()
        super().__init__(ours)
        self.dying = False
        self.name = None

    def die(self):
        with lock:
            self.dying = True
            for h in holders.values():
                h.discard(self)
        self.process.send_signal(signal.SIGKILL)


def behind():
    """Messages that the slowest watcher has not read yet; the log holds some 400 of the size that they have here."""
    with open(STATE + '/head', 'rb') as f:
        head = f.read(168)
    sequence, = struct.unpack_from('=Q', head, 64)
    next_id, = struct.unpack_from('=Q', head, 72 + (sequence & 1) * 48)
    return next_id - min(s[-1][0] if s else 0 for s in seen)


def observe(c, seen):
    silent = 0
    try:
        while True:
            e = c.event(1)
            if e is None:
                # A message whose poster was killed before he woke anybody is up to 5 s late.
                silent += 1
                if over.is_set() and silent >= 7:
                    return
                continue
            silent = 0
            words = e.split(' ', 5)
            seen.append((int(words[2]), words[4], words[5]))
    except (Closed, OSError) as e:
        problems.append('observer: %r' % e)


def work(number):
    dice = random.Random(number)
    serial = 0
    while not over.is_set():
        c = Controller()
        timer = threading.Timer(dice.expovariate(1 / 0.01) + 0.002, c.die)
        timer.start()
        try:
            c.want('AUTHENTICATE')
            if dice.random() < 0.5:
                c.want('SETEVENTS POSTMESSAGE')
            while True:
                if dice.random() < 0.3:
                    name = dice.choice(NAMES)
                    with lock:
                        old = [n for n in NAMES if c in holders[n]]
                        for n in old:
                            holders[n].discard(c)
                    r = c.ask('CONTROLLERNAME ' + name)
                    with lock:
                        mine = [name] if r == ['250 OK'] else old
                        if not c.dying:
                            for n in mine:
                                if r == ['250 OK'] and holders[n]:
                                    problems.append('two have %s' % n)
                                holders[n].add(c)
                        counts['claims'] += 1
                        if r[0][:3] not in ('250', '553'):
                            problems.append('claim: %r' % r)
                else:
                    # What is lost here is to be lost by a fault, not since this machine has much else to do.
                    while behind() > 150 and not c.dying and not over.is_set():
                        time.sleep(0.002)
                    n = dice.choice([1, 1, 1, 5, 20])
                    texts = []
                    for i in range(n):
                        serial += 1
                        texts.append(('@watch' if dice.random() < 0.3 else '@all', '%d-%d %s' % (number, serial, 'x' * dice.choice([0, 10, 100, 2000]))))
                    c.send('\r\n'.join('POSTMESSAGE %s %s' % t for t in texts))
                    for t in texts:
                        r = c.reply()
                        if r != ['250 OK']:
                            problems.append('post: %r' % r)
                        with lock:
                            acked.append(t)
                            counts['posts'] += 1
        except (Closed, OSError, ValueError):
            pass
        timer.join()
        c.close()
        c.process.wait()
        counts['kills'] += 1


watchers = [Controller() for i in range(3)]
seen = [[] for w in watchers]
for w in watchers:
    w.want('AUTHENTICATE')
    w.want('SETEVENTS POSTMESSAGE')
watchers[0].want('CONTROLLERNAME watch')
threads = [threading.Thread(target=observe, args=(w, s)) for w, s in zip(watchers, seen)]
workers = [threading.Thread(target=work, args=(i,)) for i in range(12)]
for t in threads + workers:
    t.start()
time.sleep(SECONDS)
wait_until(lambda: min(counts['kills'], counts['posts']) > 10 * SECONDS, 300)    # on a busy machine
over.set()
for t in workers:
    t.join()
for t in threads:
    t.join()
print('# %d kills, %d claims, %d acknowledged posts, last id %d' % (counts['kills'], counts['claims'], counts['posts'], seen[0][-1][0]))
ok(counts['kills'] > 10 * SECONDS and counts['posts'] > 10 * SECONDS, 'there was a storm')
equal(problems, [], 'no name with two holders, no strange reply')
for i, s in enumerate(seen):
    got = {(to, text) for id, to, text in s}
    lost = [t for t in acked if t not in got and (t[0] == '@all' or i == 0)]
    equal(lost, [], 'watcher %d: every acknowledged message came' % i)
    equal([(a, b) for a, b in zip(s, s[1:]) if a[0] >= b[0]], [], 'watcher %d: ids rise' % i)
    equal(len(got), len(s), 'watcher %d: nothing came twice' % i)
equal([x for x in seen[0] if x[1] == '@all'] == seen[1] == seen[2], True, 'all saw the same, in one order')
equal([w.info('messages-lost') for w in watchers], ['0'] * 3, 'and lost nothing')
last = Controller()
last.want('AUTHENTICATE')
equal(last.info('list-controllers'), ['watch', 'unset', 'unset', 'unset'], 'the dead are in no list')
equal([len(os.listdir(STATE + '/' + d)) for d in ('conn', 'name')], [4, 1], 'nor in the directory')
# Whoever was killed in the midst of a switch left a segment that the next switch takes away.
for w in watchers:
    w.want('SETEVENTS')
for i in range(40):
    last.want('POSTMESSAGE @all ' + 8000 * 'x')
equal(len(os.listdir(STATE + '/log')), 2, 'which has two segments after the next switch')
for n in NAMES:
    equal(last.ask('CONTROLLERNAME ' + n), ['250 OK'], n + ' is free')
for c in watchers + [last]:
    c.close()
    c.process.wait()
equal([os.listdir(STATE + '/' + d) for d in ('conn', 'name')], [[], []], 'when all have left, nothing is left')
done()
