"""A bus of some connections against a model of it: random commands, one at a time, and every line that comes of them.

The model is written from proposal 197 and the table of decisions, and knows nothing of how ctlmsg works, but for the size of a
record and of a segment: what the log still holds, and so what a connection has lost, is to be exact."""
import os, random
from ctl import Closed, Conn, Server, Tor, done, ok, wait_until

SEGMENT = 262144
KEYS = ['recent-messages', 'new-messages', 'list-controllers', 'messages-lost', 'last-message-id']
NAMES = ['a', 'bb', 'c_3', 'D' * 64]


class Message:
    def __init__(self, number, source, to, dest, text):
        self.id, self.source, self.to, self.dest, self.text = number, source, to, dest, text
        self.line = '650 POSTMESSAGE %d %s @%s %s' % (number, source or 'unset', dest, text)
        self.size = 32 + len(source) + len(dest) + len(text) + 7 & ~7


class Model:
    def __init__(self):
        self.log = [[]]          # at most two segments
        self.used = 0
        self.next = 1
        self.who = []            # oldest first
        self.lost = 0

    def kept(self):
        return [m for segment in self.log for m in segment]

    def oldest(self):
        kept = self.kept()
        return kept[0].id if kept else self.next

    def holder(self, name):
        return next((w for w in self.who if w.name == name), None)

    def post(self, me, dest, text):
        to = None
        if dest.lower() != 'all':
            to = self.holder(dest)
            if not to:
                return ['552 Invalid destination controller name'], []
        m = Message(self.next, me.name, to, 'all' if to is None else dest, text)
        if self.used + m.size > SEGMENT:
            self.log = [self.log[-1], []]
            self.used = 0
        self.log[-1].append(m)
        self.used += m.size
        self.next += 1
        me.posted = m.id
        return ['250 OK'], [(w, m.line) for w in self.who if w.listens and (to is None or to is w)]

    def recent(self, me):
        out, size = [], 0
        for m in reversed(self.kept()):
            # All connections here are of one uid.
            if m.to is None or m.dest == me.name:
                size += len(m.line) + 2
                if len(out) == 50 or size > 65536:
                    break
                out.insert(0, m.line)
        return out

    def new(self, me):
        if me.listens:
            return []
        if me.cursor < self.oldest():
            me.lost += self.oldest() - me.cursor
            self.lost += self.oldest() - me.cursor
            me.cursor = self.oldest()
        out = [m.line for m in self.kept() if m.id >= me.cursor and (m.to is None or m.to is me)][-10:]
        me.cursor = self.next
        return out

    def getinfo(self, me, keys, version):
        bad = [k for k in keys if k not in KEYS and k != 'version']
        if bad:
            return ['552-Unrecognized key "%s"' % k for k in bad[:-1]] + ['552 Unrecognized key "%s"' % bad[-1]]
        # Looked up before the first line is out.
        new = self.new(me) if 'new-messages' in keys else []
        out = []
        for k in keys:
            if k == 'version':
                out.append('250-version=' + version)
            elif k == 'messages-lost':
                out.append('250-messages-lost=%d' % (me.lost + (0 if me.listens else max(0, self.oldest() - me.cursor))))
            elif k == 'last-message-id':
                out.append('250-last-message-id=%d' % me.posted)
            else:
                lines = self.recent(me) if k == KEYS[0] else new if k == KEYS[1] else [w.name or 'unset' for w in self.who]
                if k == KEYS[1]:
                    new = []
                out += ['250+%s=' % k] + lines + ['.'] if lines else ['250-%s=' % k]
        return out + ['250 OK']


class Connection:
    def __init__(self, model, server):
        self.conn = Conn(server.address)
        self.conn.send(server.auth)
        assert self.conn.line() == '250 OK'
        self.name, self.listens, self.lost, self.cursor, self.posted = '', False, 0, model.next, 0
        model.who.append(self)


def text(rng):
    length = rng.choice([1, 2, 10, 100, 1000, 8000, 8191, 8192])
    return ''.join(rng.choice(' \t!"@\\.abcXYZ09~') for _ in range(min(length, 40))).ljust(length, 'x')


def case(rng, s):
    return ''.join(rng.choice([c.upper(), c.lower()]) for c in s)


def run(server, seed, steps):
    rng = random.Random(seed)
    model = Model()
    first = Connection(model, server)
    first.conn.send('GETINFO version')
    version = first.conn.line().split('=', 1)[1]
    first.conn.line()
    history = []

    def check(me, command, lines, events):
        history.append((model.who.index(me) if me in model.who else '-', command[:60]))
        me.conn.send(command)
        for want in lines:
            got = me.conn.line()
            if got != want:
                raise AssertionError('reply %r\nwant %r\nafter %r' % (got[:200], want[:200], history[-12:]))
        for who, want in events:
            got = who.conn.line()
            if got != want:
                raise AssertionError('event %r\nwant %r\nafter %r' % (got[:200], want[:200], history[-12:]))

    def caught_up(me):
        # A message to another wakes no listener, so it may not have been passed over yet; with the next command it is.
        if me.listens:
            check(me, 'GETINFO version', ['250-version=' + version, '250 OK'], [])

    for _ in range(steps):
        me = rng.choice(model.who)
        do = rng.choice(['post'] * 40 + ['name'] * 4 + ['listen'] * 2 + ['info'] * 5 + ['join'] * 2 + ['leave', 'quit', 'wrong'])
        if do == 'post':
            dest = rng.choice(['all', 'ALL', 'All'] * 2 + ['unset', 'nobody', 'x' * 65] + NAMES * 2)
            body = text(rng)
            lines, events = model.post(me, dest, body)
            check(me, '%s @%s %s' % (case(rng, 'POSTMESSAGE'), dest, body), lines, events)
        elif do == 'name':
            name = rng.choice(NAMES + ['All', 'unset'])
            holder = model.holder(name)
            taken = name in ('All', 'unset') or (holder and holder is not me)
            check(me, case(rng, 'CONTROLLERNAME ') + name, ['553 Controller name already in use' if taken else '250 OK'], [])
            if not taken:
                me.name = name
        elif do == 'listen':
            on = rng.random() < 0.7
            caught_up(me)
            check(me, case(rng, 'SETEVENTS ' + ('postmessage' if on else '')), ['250 OK'], [])
            if on and not me.listens:
                me.cursor = model.next
            elif not on and me.listens:
                # What was delivered is read.
                me.cursor = model.next
            me.listens = on
        elif do == 'info':
            keys = [rng.choice(KEYS + KEYS + ['version'] + ['nonsense'] * (rng.random() < 0.1)) for _ in range(rng.choice([1, 1, 2, 5]))]
            check(me, 'GETINFO ' + ' '.join(keys), model.getinfo(me, keys, version), [])
        elif do == 'join' and len(model.who) < 8:
            Connection(model, server)
        elif do in ('leave', 'quit') and len(model.who) > 1:
            if do == 'quit':
                check(me, 'QUIT', ['250 closing connection'], [])
            me.conn.close()
            model.who.remove(me)
            wait_until(lambda: len(os.listdir(server.statedir + '/conn')) == len(model.who))
        elif do == 'wrong':
            command, reply = rng.choice([
                ('POSTMESSAGE', '512 Bad arguments to POSTMESSAGE: Need at least 2 argument(s)'),
                ('POSTMESSAGE @all', '512 Bad arguments to POSTMESSAGE: Need at least 2 argument(s)'),
                ('CONTROLLERNAME', '512 Bad arguments to CONTROLLERNAME: Need at least 1 argument(s)'),
                ('CONTROLLERNAME a b', '512 Bad arguments to CONTROLLERNAME: Cannot accept more than 1 argument(s)'),
                ('SETEVENTS POSTMESSAGE NOSUCH', '552 Unrecognized event "NOSUCH"'),
                ('FOO bar', '510 Unrecognized command "FOO"'),
                ('+POSTMESSAGE @all x\r\ny\r\n.', '510 Unrecognized command "+POSTMESSAGE"')])
            check(me, command, [reply], [])
    # One that sleeps while the log turns over.
    me = model.who[-1]
    caught_up(me)
    check(me, 'SETEVENTS', ['250 OK'], [])
    if me.listens:
        me.listens, me.cursor = False, model.next
    for n in range(100):
        lines, events = model.post(model.who[0], 'all', 'z' * 8000)
        check(model.who[0], 'POSTMESSAGE @all ' + 'z' * 8000, lines, events)
    check(me, 'GETINFO messages-lost new-messages', model.getinfo(me, ['messages-lost', 'new-messages'], version), [])
    # What is refused does not turn the log over, even where it would not fit.
    while model.used + 8300 <= SEGMENT:
        lines, events = model.post(model.who[0], 'all', 'z' * 8000)
        check(model.who[0], 'POSTMESSAGE @all ' + 'z' * 8000, lines, events)
    segments = sorted(os.listdir(server.statedir + '/log'))
    check(model.who[0], 'POSTMESSAGE @nobody ' + 'z' * 8192, ['552 Invalid destination controller name'], [])
    if sorted(os.listdir(server.statedir + '/log')) != segments:
        raise AssertionError('the log turned over for a message to nobody')
    # Nothing came that was not waited for.
    for who in model.who:
        check(who, 'GETINFO version', ['250-version=' + version, '250 OK'], [])
    for who in model.who:
        who.conn.close()
    return model.next - 1, model.lost


tor = Tor()
seed = int(os.environ.get('SEED', '0')) or int.from_bytes(os.urandom(3), 'big')
steps = int(os.environ.get('STEPS', '1500'))
for how, options in ('alone', {}), ('in front', {'tor': tor}):
    for n in range(3):
        server = Server(options=('-r', '0'), **options)
        name = '%s: %d random commands (SEED=%d)' % (how, steps, seed + n)
        try:
            posted, lost = run(server, seed + n, steps)
            ok(lost > 30, '%s: %d posts, %d lost' % (name, posted, lost))
        except (AssertionError, Closed, OSError) as e:
            ok(False, name, '%s: %s' % (type(e).__name__, e), open(server.err).read())
        server.stop()
done()
