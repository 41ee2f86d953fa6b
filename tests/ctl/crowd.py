"""A thousand connections on one bus, as ctlmsg(8) tells to serve them: two servers with one state directory. Some only look connected: silent ones,
half a line, those who never read events, those who never read replies. Nobody else starves, and who reads at last gets what he is told."""
import os, resource, select, socket, threading, time
from ctl import *

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
MESSAGES, SIZE = 1500, 1000
one = Server(options=['-r', '0', '-t', '0'])
two = Server(one.statedir, options=['-r', '0', '-t', '0'])
places = [s for i in range(500) for s in (one, two)]


def come(count, name=None, listen=False):
    return [places.pop().conn(name and '%s%d' % (name, i), listen) for i in range(count)]


def silent(count, what=b''):
    some = [connect(places.pop().address) for i in range(count)]
    for s in some:
        s.sendall(what)
    return some


good = come(400, 'good', True)
deaf = come(200, 'deaf', True)
mute = silent(150)
half = silent(50, b'AUTHENTICATE\r\nPOSTMESSAGE @all half')
# Who asks and never reads the answers: until neither side takes any more.
full = come(99)
asked = []
for c in full:
    asked.append(0)
    c.socket.setblocking(False)
    try:
        while True:
            line = b'GETINFO version\r\n' * 100
            asked[-1] += c.socket.send(line[asked[-1] % len(line):])
    except BlockingIOError:
        c.socket.setblocking(True)
poster = places.pop().conn('poster')
equal(len(places), 100, '900 connections')
more = silent(100)
ok(wait_until(lambda: len(living(one.statedir)) >= 1000), 'and a hundred more: a process each', len(living(one.statedir)))
# Those with half a line have not said when they had authenticated.
wait_until(lambda: poster.info('list-controllers').count('unset') >= 149)
listed = poster.info('list-controllers')
equal((listed[:400], listed.count('unset')), (['good%d' % i for i in range(400)], 149), 'all who have authenticated are in the list, the oldest first')


def read(some, out):
    """Each one's ids, up to the last message."""
    waiting = select.epoll()
    by = {c.socket.fileno(): (c, o) for c, o in zip(some, out)}
    for fd in by:
        waiting.register(fd, select.EPOLLIN)
    while by:
        ready = waiting.poll(60)
        if not ready:
            return
        for fd, _ in ready:
            c, o = by[fd]
            c.buffer += c.socket.recv(65536)
            *lines, c.buffer = c.buffer.split(b'\r\n')
            o += [int(l.split(b' ', 3)[2]) for l in lines]
            if o and o[-1] >= MESSAGES:
                waiting.unregister(fd)
                del by[fd]


seen = [[] for c in good]
reader = threading.Thread(target=read, args=(good, seen))
reader.start()
for n in range(0, MESSAGES, 50):
    poster.send('\r\n'.join('POSTMESSAGE @all %s' % ('x' * SIZE) for k in range(50)))
    for k in range(50):
        assert poster.reply(60) == ['250 OK']
    # The log keeps 400 of them: a reader who has a processor is never that far behind.
    if not wait_until(lambda: min(map(len, seen)) >= n - 100):
        break
reader.join()
everything = list(range(1, MESSAGES + 1))
equal(sum(o == everything for o in seen), 400, 'each of the 400 who read got each of %d messages, in order' % MESSAGES)
lost = [c.info('messages-lost') for c in good[::40]]
equal(lost, ['0'] * 10, 'and lost none')
grown = memory(one.statedir)
little(grown, 400, 'no connection grew beyond 400 KB')

new = Conn(two.address)
new.want('AUTHENTICATE')
equal(new.ask('CONTROLLERNAME deaf7'), ['553 Controller name already in use'], 'who reads nothing keeps his name')
new.want('CONTROLLERNAME new')
new.want('SETEVENTS POSTMESSAGE')
poster.want('POSTMESSAGE @new hello')
equal(new.event(), '650 POSTMESSAGE %d poster @new hello' % (MESSAGES + 1), 'who comes now is served at once')
for i in range(0, 200, 10):
    poster.want('POSTMESSAGE @deaf%d you' % i)
read_late = []
for i in range(0, 200, 10):
    c = deaf[i]
    c.send('GETINFO messages-lost')
    c.reply(60)
    events = [c.event()]
    while not events[-1].endswith(' you'):
        events.append(c.event())
    ids = [int(e.split(' ')[2]) for e in events if e.split(' ')[4] == '@all']
    lost = int(c.info('messages-lost'))
    # What was lost may have been for others.
    read_late.append(ids == sorted(set(ids)) and 0 < len(ids) < MESSAGES and len(ids) + lost >= MESSAGES)
equal(read_late, [True] * 20, 'who begins to read late gets what is kept, in order, and is told how many he lost')
for c, octets in list(zip(full, asked))[:5]:
    whole = octets // len(b'GETINFO version\r\n')
    equal(sum(c.reply(60)[-1] == '250 OK' for i in range(whole)), whole, 'who read no replies gets all %d when he does' % whole)
for s in half[:5]:
    s.sendall(b' of it\r\n')
    ok(read_until(s, b'250 OK\r\n250 OK\r\n').endswith(b'250 OK\r\n250 OK\r\n'), 'half a line can be finished')
for c in good + deaf + full + [poster, new]:
    c.close()
for s in mute + half + more:
    s.close()
ok(wait_until(lambda: not living(one.statedir)), 'all thousand leave')
done()
