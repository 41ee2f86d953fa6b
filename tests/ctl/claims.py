"""Claims that wait for a holder: crossed, beside one who sleeps, while events come, after the claimer's client has left."""
import fcntl, os, signal, socket, struct
from ctl import *

TAKEN = ['553 Controller name already in use']
tor = Tor()


def asleep(server, name):
    """A holder of that name that gets no processor."""
    c = direct(server.statedir)
    c.want('CONTROLLERNAME ' + name)
    c.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: open('/proc/%d/stat' % c.process.pid).read().rsplit(')', 1)[1].split()[0] == 'T')
    return c


def wake(c):
    c.process.send_signal(signal.SIGCONT)


def listed(c, name):
    return name in (c.info('list-controllers') or [])


# --- list-controllers needs no lock ---
NAMES = 168    # where the head counts changes of names
s = Server(options=['-r', '0'])
a, b = s.conn('a'), s.conn('b')
d = os.open(s.statedir, os.O_RDONLY)
fcntl.flock(d, fcntl.LOCK_EX)
equal(a.ask('GETINFO list-controllers'), ['250+list-controllers=', 'a', 'b', '.', '250 OK'], 'list-controllers while another has the lock')
head = open(s.statedir + '/head', 'r+b', buffering=0)
before, = struct.unpack('=Q', os.pread(head.fileno(), 8, NAMES))
ok(before % 2 == 0 and before >= 4, 'changes of names are counted, two for each', before)
os.pwrite(head.fileno(), struct.pack('=Q', before + 1), NAMES)
equal(a.ask('GETINFO list-controllers')[0][:4], '551 ', 'but while a name changes the lock is needed')
fcntl.flock(d, fcntl.LOCK_UN)
equal(a.info('list-controllers'), ['a', 'b'], 'a change that was cut short does not hold it up')
fcntl.flock(d, fcntl.LOCK_EX)
equal(a.info('list-controllers'), ['a', 'b'], 'nor needs it the lock from then on')
os.close(d)
changes = []
for command in (lambda: b.want('CONTROLLERNAME bb'), lambda: b.ask('QUIT')):
    changes.append(struct.unpack('=Q', os.pread(head.fileno(), 8, NAMES))[0])
    command()
changes.append(struct.unpack('=Q', os.pread(head.fileno(), 8, NAMES))[0])
ok(changes[0] < changes[1] < changes[2] and not any(x % 2 for x in changes), 'a change of name and a leave are counted', changes)
a.close()
s.stop()

for how, server in (('alone', lambda: Server(options=['-r', '0'])), ('in front', lambda: Server(tor=tor, options=['-r', '0']))):
    s = server()
    # Each waits for the other; both have looked at once, so neither counts as asleep.
    a, b = s.conn('a'), s.conn('b')
    took = []
    for i in range(7):
        begin = time.monotonic()
        a.send('CONTROLLERNAME b')
        b.send('CONTROLLERNAME a')
        got = a.reply(), b.reply()
        took.append(time.monotonic() - begin)
        if got != (TAKEN, TAKEN):
            break
    equal(got, (TAKEN, TAKEN), how + ': crossed claims: both are refused')
    ok(min(took) < 0.3, how + ': and neither waits as for one who sleeps', took)
    # A ring of four, each of whom holds what another wants.
    ring = [s.conn('ring%d' % i) for i in range(4)]
    took = []
    for i in range(7):
        begin = time.monotonic()
        for n, c in enumerate(ring):
            c.send('CONTROLLERNAME ring%d' % ((n + 1) % 4))
        got = [c.reply() for c in ring]
        took.append(time.monotonic() - begin)
    equal(got, [TAKEN] * 4, how + ': four in a ring: all are refused')
    ok(min(took) < 0.3, how + ': at once', took)

    # A holder that gets no processor is waited for, and what comes meanwhile is not.
    for c in ring:
        c.close()
    holder = asleep(s, 'sleeper')
    a.want('SETEVENTS POSTMESSAGE')
    a.send('CONTROLLERNAME sleeper')
    b.want('POSTMESSAGE @all meanwhile')
    b.want('POSTMESSAGE @a meanwhile')
    equal((a.reply(), [e.split(' ', 5)[5] for e in a.events]), (TAKEN, ['meanwhile'] * 2), how + ': events come while a claim waits')
    a.events = []
    # Its client can go meanwhile; then his name is free for others, and he takes none.
    c = s.conn('c')
    c.send('CONTROLLERNAME sleeper')
    time.sleep(0.05)
    c.close()
    equal(b.ask('CONTROLLERNAME c'), ['250 OK'], how + ': who waits for a claim leaves when its client does')
    wake(holder)
    holder.close()
    ok(wait_until(lambda: not listed(b, 'sleeper')), how + ': and takes no name when that is free', b.info('list-controllers'))
    # A holder whose client has left, but who was too busy to see it, is waited for.
    holder = asleep(s, 'late')
    holder.close()
    a.send('CONTROLLERNAME late')
    time.sleep(0.1)
    wake(holder)
    equal(a.reply(), ['250 OK'], how + ': a name is had from one who got no processor for a while')
    a.want('CONTROLLERNAME a')
    # What was sent behind a claim comes behind it.
    holder = asleep(s, 'busy')
    a.send('CONTROLLERNAME busy\r\nPOSTMESSAGE @a behind\r\nGETINFO list-controllers')
    equal([a.reply()[0] for i in range(3)] + [a.event()[-6:]], TAKEN + ['250 OK', '250+list-controllers=', 'behind'], how + ': commands behind a claim wait for it')
    wake(holder)
    for x in (a, b, holder):
        x.close()
    s.stop()
done()
