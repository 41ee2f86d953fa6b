"""A state directory that is wiped while it is used, and what counts as lost."""
import os
from ctl import *


def texts(events):
    return [e.split(' ', 5)[5] for e in events]


tor = Tor()
for how, server in (('alone', lambda: Server(options=['-r', '0'])), ('in front', lambda: Server(tor=tor, options=['-r', '0']))):
    s = server()
    a, b = s.conn('a', True), s.conn('b', True)
    p, q = s.conn('p'), s.conn('q')
    for i in range(5):
        p.want('POSTMESSAGE @all %d' % i)
    equal([texts([x.event() for i in range(5)]) for x in (a, b)], [list('01234')] * 2, how + ': before')
    wipe(s.statedir)
    begin = time.monotonic()
    p.want('POSTMESSAGE @all after')
    equal([x.event(3) for x in (a, b)], ['650 POSTMESSAGE 1 p @all after'] * 2, how + ': a post right after the wipe reaches who listens')
    p.want('POSTMESSAGE @a again')
    equal(a.event(3), '650 POSTMESSAGE 2 p @a again', how + ': and they have their names')
    equal([x.info('messages-lost') for x in (a, b, p)], ['0', '0', '5'], how + ': what p had not read of the old log is lost, who listens had read it')
    equal(texts(q.info('new-messages')), ['after'], how + ': who comes later finds what was posted since')
    equal(q.info('messages-lost'), '5', how + ': and has lost what he had not read')
    equal(p.info('list-controllers')[-1], 'q', how + ': and his place is behind the others')
    # Wiped again and again, by whatever command it is found.
    for n, command in enumerate(('POSTMESSAGE @all x', 'CONTROLLERNAME p%d', 'GETINFO list-controllers', 'SETEVENTS POSTMESSAGE', 'GETINFO messages-lost')):
        wipe(s.statedir)
        p.ask(command.replace('%d', str(n)))
        ok(wait_until(lambda: {'a', 'b'} <= set(os.listdir(s.statedir + '/name') if os.path.isdir(s.statedir + '/name') else []), 4),
           '%s: found by %s, the others come too, at once' % (how, command.split(' ')[0]))
    p.want('SETEVENTS')
    p.want('POSTMESSAGE @all end')
    for x in (a, b):
        while not x.event(3).endswith(' end'):
            pass
    # A log that has turned over by the time one comes back.
    c = s.conn('c')
    wipe(s.statedir)
    for i in range(100):
        p.want('POSTMESSAGE @all ' + '%d ' % i + 'x' * 8000)
    got = texts(c.info('new-messages'))
    equal([t.split(' ')[0] for t in got], [str(i) for i in range(90, 100)], how + ': the last of them')
    lost = int(c.info('messages-lost'))
    ok(36 < lost < 70, how + ': and what the new log no longer has is lost too', lost)
    for x in (a, b, c, p, q):
        x.close()
    s.stop()

# Where nobody counts the directories in a directory, they are: what is around the state directory may be used if it is its own.
for beside in 0, 1:
    outer = path('outer')
    os.mkdir(outer)
    if beside:
        os.mkdir(outer + '/beside')
    s = Server(statedir=outer + '/bus', options=['-r', '0'], wrap=['sh', '-c', 'shift; exec "$0" "$@"', os.path.join(WORK, 'uncounted')])
    a, p = s.conn('a', True), s.conn('p')
    wipe(s.statedir)
    reply = p.ask('POSTMESSAGE @all after')
    if beside:
        equal(SANITIZED or reply, SANITIZED or ['551 Messages are not available: Permission denied'], 'beside another directory it cannot be made anew by whom has confined himself')
    else:
        equal((reply, a.event(3)), (['250 OK'], '650 POSTMESSAGE 1 p @all after'), 'alone it is made anew')
    for x in (a, p):
        x.close()
    s.stop()

# messages-lost by itself, without anything else being asked for.
s = Server(options=['-r', '0'])
a, b = s.conn('a'), s.conn('b')
for i in range(300):
    b.want('POSTMESSAGE @all ' + 'x' * 8000)
first = int(a.info('messages-lost'))
a.info('new-messages')
equal((first > 200, a.info('messages-lost')), (True, str(first)), 'messages-lost is up to date by itself, and the same when the rest is read')
equal(s.conn().info('messages-lost'), '0', 'who has just come has lost nothing')

# ctlmsg-listen does not go deaf.
other = Server(options=['-r', '0'])
heard = path('heard')
start(['s6-ipcclient', '-l', '0', '--', other.address, BIN + '/ctlmsg-listen', '-n', 'ear'], stdout=open(heard, 'w'), stderr=open(heard + '.errors', 'w'))
c = other.conn('c')
wait_until(lambda: 'ear' in c.info('list-controllers'))
c.want('POSTMESSAGE @all one')
wait_until(lambda: os.path.getsize(heard))
wipe(other.statedir)
c.want('POSTMESSAGE @all another one')
ok(wait_until(lambda: open(heard).read() == '1 c @all one\n1 c @all another one\n'), 'ctlmsg-listen hears the first message of a new bus though the last of the old one had its id', open(heard).read())
c.close()
other.stop()
heard = path('heard')
p = start(['s6-ipcclient', '-l', '0', '--', s.address, BIN + '/ctlmsg-listen', '-n', 'ear', '-r'], stdout=open(heard, 'w'), stderr=open(heard + '.errors', 'w'))
wait_until(lambda: 'ear' in a.info('list-controllers'))
b.want('POSTMESSAGE @ear before')
ok(wait_until(lambda: open(heard).read().endswith('@ear before\n')), 'ctlmsg-listen hears')
wipe(s.statedir)
b.want('POSTMESSAGE @all first of the new')
wait_until(lambda: 'ear' in a.info('list-controllers'))
b.want('POSTMESSAGE @ear second of the new')
ok(wait_until(lambda: open(heard).read().endswith('\n1 b @all first of the new\n2 b @ear second of the new\n')), 'and goes on when ids begin at 1 again', open(heard).read()[-200:])
done()
