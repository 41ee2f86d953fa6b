"""What the proposal says, and what doc/ctlmsg-protocol.7 decides: each with every way to reach ctlmsg."""
import os, socket, threading
from ctl import *

NEED2 = ['512 Bad arguments to POSTMESSAGE: Need at least 2 argument(s)']
TAKEN = ['553 Controller name already in use']
NOBODY = ['552 Invalid destination controller name']


def quiet(c):
    """No event came up to now: one that is asked for comes first."""
    c.ask('GETINFO version')
    got, c.events = c.events, []
    return got


def ids(lines):
    return [int(x.split(' ')[2]) for x in lines]


def texts(lines):
    return [x.split(' ', 5)[5] for x in lines]


def semantics(how, server):
    def same(got, want, name):
        equal(got, want, how + ': ' + name)

    def true(good, name, *about):
        ok(good, how + ': ' + name, *about)

    s = server()
    # --- names ---
    a = s.conn()
    same(a.ask('CONTROLLERNAME a'), ['250 OK'], 'a name is taken')
    same(a.ask('CONTROLLERNAME a'), ['250 OK'], "one's own name again")
    b = s.conn()
    same(b.ask('CONTROLLERNAME a'), TAKEN, 'a name in use is 553')
    same(b.ask('controllername A'), ['250 OK'], 'case counts in names')
    same(b.ask('CONTROLLERNAME all'), TAKEN, 'all is 553')
    same([b.ask('CONTROLLERNAME ' + x) for x in ('ALL', 'unset', 'UnSet')], [TAKEN] * 3, 'all and unset in any case')
    same(b.ask('CONTROLLERNAME'), ['512 Bad arguments to CONTROLLERNAME: Need at least 1 argument(s)'], 'no name')
    same(b.ask('CONTROLLERNAME x y'), ['512 Bad arguments to CONTROLLERNAME: Cannot accept more than 1 argument(s)'], 'two names')
    same([b.ask('CONTROLLERNAME ' + x)[0][:3] for x in ('a-b', 'a.b', '../x', 'a/b', '"a"', '@a', 'é', 'a\0b', 'x' * 65, 'x' * 5000)],
         ['512', '512', '512', '512', '512', '512', '512', '553', '512', '512'], 'malformed names are 512 (what follows a NUL is not there)')
    same(b.ask('CONTROLLERNAME ' + 'x' * 64), ['250 OK'], 'a name of 64')
    same(b.ask('CONTROLLERNAME \t _9Z '), ['250 OK'], 'underscore, digits, white space around')
    same(a.info('list-controllers'), ['a', '_9Z'], 'list-controllers, oldest first, by present name')
    c = s.conn()
    same(c.info('list-controllers'), ['a', '_9Z', 'unset'], 'unset for who has none')
    same(c.ask('CONTROLLERNAME ' + 'x' * 64), ['250 OK'], 'a name given up by renaming is free at once')
    same(b.ask('CONTROLLERNAME a'), TAKEN, 'renaming to a taken one')
    same(a.info('list-controllers'), ['a', '_9Z', 'x' * 64], 'leaves the old name')
    same(c.ask('+CONTROLLERNAME z\r\nx\r\n.'), ['510 Unrecognized command "+CONTROLLERNAME"'], 'with + it is another command')
    for bye in ('close', 'quit'):
        d = s.conn('gone')
        if bye == 'close':
            d.close()
        else:
            d.send('QUIT')
            same(d.line(), '250 closing connection', 'QUIT')
        same(c.ask('CONTROLLERNAME gone'), ['250 OK'], 'a name is free after ' + bye)
        same(c.ask('CONTROLLERNAME c'), ['250 OK'], 'and is given up')
    d = s.conn('pipe')
    d.send('CONTROLLERNAME pipe2\r\nPOSTMESSAGE @pipe2 x\r\nGETINFO new-messages\r\nCONTROLLERNAME pipe3')
    same([d.reply() for i in range(4)], [['250 OK'], ['250 OK'], ['250+new-messages=', '650 POSTMESSAGE 1 pipe2 @pipe2 x', '.', '250 OK'], ['250 OK']], 'pipelined, in order')
    d.close()
    true(wait_until(lambda: c.info('list-controllers')[-1] == 'c'), 'who is gone is not in the list')
    for x in (a, b, c):
        x.close()

    # --- POSTMESSAGE ---
    s = server()
    a, b, c = s.conn('a', True), s.conn('b', True), s.conn('c')
    same(a.ask('POSTMESSAGE @b hello'), ['250 OK'], 'posting to a name')
    same(b.event(), '650 POSTMESSAGE 1 a @b hello', 'its holder gets the event')
    same((quiet(a), quiet(c)), ([], []), 'nobody else does')
    same(c.ask('POSTMESSAGE @all to all'), ['250 OK'], 'posting to all')
    same([x.event() for x in (a, b)], ['650 POSTMESSAGE 2 c @all to all'] * 2, 'every listener gets it')
    same(quiet(c), [], 'who does not listen does not')
    same((a.ask('POSTMESSAGE @a self'), a.event()), (['250 OK'], '650 POSTMESSAGE 3 a @a self'), 'to oneself')
    same((a.ask('POSTMESSAGE @ALL self'), a.event()), (['250 OK'], '650 POSTMESSAGE 4 a @all self'), '@ALL is @all, and comes to its sender too, after the 250')
    same(b.event(), '650 POSTMESSAGE 4 a @all self', 'shown as @all')
    d = s.conn()
    same((d.ask('POSTMESSAGE @b x'), b.event()), (['250 OK'], '650 POSTMESSAGE 5 unset @b x'), 'without a name the source is unset')
    for line, want in (('POSTMESSAGE', NEED2), ('POSTMESSAGE @b', NEED2), ('POSTMESSAGE @b ', NEED2), ('POSTMESSAGE  ', NEED2), ('POSTMESSAGE x', NEED2),
                       ('POSTMESSAGE @nobody x', NOBODY), ('POSTMESSAGE @B x', NOBODY), ('POSTMESSAGE @unset x', NOBODY), ('POSTMESSAGE @UNSET x', NOBODY),
                       ('POSTMESSAGE @' + 'x' * 65 + ' x', NOBODY), ('POSTMESSAGE @' + 'x' * 9000 + ' x', NOBODY),
                       ('+POSTMESSAGE @all x\r\nPOSTMESSAGE @all y\r\n.', ['510 Unrecognized command "+POSTMESSAGE"'])):
        same(a.ask(line), want, repr(line[:30]))
    same([a.ask('POSTMESSAGE ' + x)[0][:3] for x in ('b x', '@ x', '@a-b x', '@../a x', '@a\tx y', '"@a" x', '@"a" x', '@' + 'x' * 70 + '-x x', '@é x')], ['512'] * 9, 'malformed destinations')
    bodies = [' two  spaces ', '"quoted \\" \\n"', 'tab\there', '\\', '.', '650 OK', '@all x', 'x' * 8192, ' ', '~!#$%^&*()']
    for t in bodies:
        same((a.ask('POSTMESSAGE @b ' + t), b.event()), (['250 OK'], '650 POSTMESSAGE %d a @b %s' % (6 + bodies.index(t), t)), 'verbatim: %r' % t[:12])
    same([a.ask('POSTMESSAGE @b x' + x)[0][:3] for x in ('\x00', '\x01', '\r', '\x7f', '\x80', '\xff', '\x1b[1m', '\x0b')], ['512'] * 8, 'what is not printable ASCII or TAB is 512')
    bodies = [('a\t~ !' * 4)[:n] + chr(octet) + 'Z\t' * (9 - n) for octet in range(256) if octet != 10 for n in range(9)]
    wrong = [x for x in bodies if a.ask('POSTMESSAGE @nobody ' + x)[0][:3] != ('552' if all(c == '\t' or ' ' <= c <= '~' for c in x) else '512')]
    same(wrong, [], 'each octet, wherever it stands')
    same((a.ask('POSTMESSAGE @b ' + 'x' * 8193)[0][:3], a.ask('POSTMESSAGE @b ' + 'x' * 500000)[0][:3], a.ask('POSTMESSAGE @b ok'), b.event()[-2:]), ('512', '512', ['250 OK'], 'ok'),
         'longer than 8192 is 512, and the connection is kept')
    same((a.ask(b'postmessage\t@b bare'), b.event()[-4:]), (['250 OK'], 'bare'), 'in any case, after any white space')
    a.socket.sendall(b'POSTMESSAGE @b lf\n')
    same((a.reply(), b.event()[-2:]), (['250 OK'], 'lf'), 'a bare LF ends it')
    for x in (a, b, c, d):
        x.close()
    s = server()
    a = s.conn()
    same(a.ask('POSTMESSAGE @all x'), ['250 OK'], '@all without any listener is 250')

    # --- SETEVENTS ---
    b = s.conn()
    same((b.ask('SETEVENTS postmessage'), a.ask('POSTMESSAGE @all 1'), b.event()[-1]), (['250 OK'], ['250 OK'], '1'), 'SETEVENTS in any case')
    same((b.ask('SETEVENTS POSTMESSAGE NONSENSE'), a.ask('POSTMESSAGE @all 2'), b.event()[-1]), (['552 Unrecognized event "NONSENSE"'], ['250 OK'], '2'), 'an unknown event: the old set stays')
    same((b.ask('SETEVENTS EXTENDED POSTMESSAGE POSTMESSAGE'), a.ask('POSTMESSAGE @all 3'), b.event()[-1]), (['250 OK'], ['250 OK'], '3'), 'EXTENDED and repeats')
    same((b.ask('SETEVENTS'), a.ask('POSTMESSAGE @all 4'), quiet(b)), (['250 OK'], ['250 OK'], []), 'cleared')
    same((b.ask('SETEVENTS NONSENSE POSTMESSAGE')[0][:3], a.ask('POSTMESSAGE @all 5'), quiet(b)), ('552', ['250 OK'], []), 'refused: still off')
    same(texts(b.info('new-messages')), ['4', '5'], 'what came meanwhile is unread')
    a.want('POSTMESSAGE @all 6')
    same((b.ask('SETEVENTS POSTMESSAGE'), quiet(b), b.info('new-messages')), (['250 OK'], [], ''), 'turned on: what was pending comes no more')
    a.want('POSTMESSAGE @all 7')
    same((b.event()[-1], b.info('new-messages')), ('7', ''), 'new-messages is empty with events on')
    same((b.ask('SETEVENTS'), b.info('new-messages')), (['250 OK'], ''), 'and what was delivered is read')
    b.send('SETEVENTS POSTMESSAGE\r\nGETINFO new-messages\r\nSETEVENTS')
    a.want('POSTMESSAGE @all 8')
    same([b.reply() for i in range(3)], [['250 OK'], ['250-new-messages=', '250 OK'], ['250 OK']], 'pipelined')

    # --- unread and recent ---
    s = server()
    a, b = s.conn('a'), s.conn('b')
    a.want('POSTMESSAGE @all 1')
    c = s.conn('c')
    same((c.info('new-messages'), texts(c.info('recent-messages'))), ('', ['1']), 'what came before one connected is recent, not new')
    for i in range(2, 15):
        a.want('POSTMESSAGE @%s %d' % ('all' if i % 2 else 'b', i))
    same(texts(b.info('new-messages')), [str(i) for i in range(5, 15)], 'the last 10 unread')
    same(b.info('new-messages'), '', 'are read then')
    same(texts(c.info('new-messages')), ['3', '5', '7', '9', '11', '13'], 'only those for me')
    same(a.info('new-messages')[0], '650 POSTMESSAGE 1 a @all 1', "one's own are new too, in the event's form")
    same(texts(b.info('recent-messages')), [str(i) for i in range(1, 15)], 'recent: to all and to me')
    same(texts(b.info('recent-messages')), [str(i) for i in range(1, 15)], 'and they stay')
    a.want('POSTMESSAGE @b x')
    same((texts(b.info('recent-messages'))[-1], texts(b.info('new-messages'))), ('x', ['x']), 'recent does not read')
    m = b.ask('GETINFO recent-messages new-messages new-messages version messages-lost recent-messages')
    same((m[0], m.count('250+recent-messages='), m.count('250-new-messages='), m[-1]), ('250+recent-messages=', 2, 2, '250 OK'), 'several keys and repeats, in order')
    same(b.ask('GETINFO recent-messages nonsense new-messages'), ['552 Unrecognized key "nonsense"'], 'with an unknown key no value')
    a.want('POSTMESSAGE @b y')
    same((b.ask('GETINFO new-messages nonsense'), texts(b.info('new-messages'))), (['552 Unrecognized key "nonsense"'], ['y']), 'and the cursor stays')
    same((b.info('last-message-id'), int(a.info('last-message-id'))), ('0', 16), 'the id of the last message that one has posted')
    a.ask('POSTMESSAGE @nobody x')
    a.ask('POSTMESSAGE @b')
    same(a.ask('GETINFO last-message-id messages-lost'), ['250-last-message-id=16', '250-messages-lost=0', '250 OK'], 'not of one that was refused')
    same(b.ask('GETINFO messages-lost'), ['250-messages-lost=0', '250 OK'], 'nothing was lost, though ids jumped')
    same(b.ask('GETINFO list-controllers'), ['250+list-controllers=', 'a', 'b', 'c', '.', '250 OK'], 'list-controllers')
    same(c.ask('GETINFO Recent-messages')[0][:3], '552', 'keys are exact')
    b.want('CONTROLLERNAME bb')
    a.want('POSTMESSAGE @bb z')
    same(texts(b.info('recent-messages'))[-2:], ['13', 'z'], 'recent goes by the present name')
    a.want('POSTMESSAGE @all q')
    b.want('CONTROLLERNAME b')
    same(texts(b.info('new-messages')), ['z', 'q'], 'renaming loses nothing unread')
    d = s.conn()
    same(texts(d.info('recent-messages'))[-2:], ['13', 'q'], 'without a name: those to all')
    b.close()
    same(d.ask('CONTROLLERNAME b'), ['250 OK'], 'a later holder')
    recent = texts(d.info('recent-messages'))
    same(('y' in recent, 'x' in recent), (how.find('TCP') < 0,) * 2, 'sees messages to the name if he is of the same uid; over TCP nobody is')
    same(d.info('new-messages'), '', 'but they are not unread for him')
    for i in range(60):
        a.want('POSTMESSAGE @all n%d' % i)
    same(texts(d.info('recent-messages')), ['n%d' % i for i in range(10, 60)], 'at most 50')
    for i in range(12):
        a.want('POSTMESSAGE @all ' + chr(65 + i) * 8000)
    m = d.info('recent-messages')
    size = sum(len(x) + 2 for x in m)
    true(size <= 65536 < size + len(m[0]) + 2 and m[-1][-1] == 'L', 'and at most 64 KiB, the newest', size, len(m))
    same([x[-1] for x in texts(d.info('new-messages'))], list('CDEFGHIJKL'), 'the last 10 unread, of any size')

    # A wait for the name's last holder.
    s = server()
    b = s.conn('b', True)
    c = s.conn()
    b.close()
    got = c.ask('POSTMESSAGE @b x')
    true(got in (NOBODY, ['250 OK']), 'to one who is leaving', got)
    true(wait_until(lambda: c.ask('POSTMESSAGE @b x') == NOBODY), 'to one who has left: 552')
    same(c.ask('CONTROLLERNAME b'), ['250 OK'], 'his name is free')
    c.want('SETEVENTS POSTMESSAGE')
    same(quiet(c), [], 'and nothing of his comes to the next')


def races(how, server):
    s = server()
    a, b = s.conn('a0'), s.conn('b0')
    wins = []
    for i in range(200):
        a.send('CONTROLLERNAME n%d' % i)
        b.send('CONTROLLERNAME n%d' % i)
        wins.append(sorted([a.reply()[0][:3], b.reply()[0][:3]]))
    equal(wins, [['250', '553']] * 200, how + ': two rename at once, 200 times: one wins')
    names = s.conn()
    bad = []
    stop = threading.Event()

    def look():
        while not stop.is_set():
            l = names.info('list-controllers')
            if len(l) != 3 or 'unset' not in l or l.count('unset') != 1:
                bad.append(l)
    t = threading.Thread(target=look)
    t.start()
    for i in range(300):
        a.want('CONTROLLERNAME x%d' % (i % 2))
    stop.set()
    t.join()
    equal(bad, [], how + ': while one renames he never has two names or none')
    late = []
    for i in range(500):
        h = s.conn('prize')
        h.close()
        late.append(b.ask('CONTROLLERNAME prize'))
        b.want('CONTROLLERNAME b0')
    had = late.count(['250 OK'])
    # A holder who has looked, and then gets no processor for 20 ms, is taken for one who stays.
    ok(had >= 490 and all(x in (['250 OK'], TAKEN) for x in late), how + ": a name claimed right after its holder's close is had, %d of 500" % had)


tor = Tor()
ways = {'alone': lambda: Server(options=['-r', '0']), 'in front': lambda: Server(tor=tor, options=['-r', '0'], itself=True),
        'alone over TCP': lambda: Server(options=['-r', '0'], tcp=True), 'in front over TCP, tor too': lambda: Server(tor=tor, options=['-r', '0'], tcp=True, tor_tcp=True)}
# They wait more than they work: so all at once, each in a process of its own.
at_once([lambda how=how, server=server: (semantics(how, server), races(how, server)) for how, server in ways.items()])

# Two state directories are two buses; alone and in front may share one.
one, two = Server(), Server()
a, b = one.conn('same', True), two.conn('same', True)
a.want('POSTMESSAGE @all only here')
equal((a.event(), quiet(b)), ('650 POSTMESSAGE 1 same @all only here', []), 'two state directories are two buses')
front = Server(statedir=one.statedir, tor=tor)
c = front.conn('infront', True)
c.want('POSTMESSAGE @same across')
equal(a.event(), '650 POSTMESSAGE 2 infront @same across', 'one bus, alone and in front')
# uids, as s6-ipcserver tells them.
said = Server(statedir=one.statedir, env={'IPCREMOTEEUID': '77'}, wrap=['env', 'IPCREMOTEEUID=77'])
d, e = said.conn('dname'), one.conn('ename')
a.want('POSTMESSAGE @dname secret')
a.want('POSTMESSAGE @ename secret')
d.close(), e.close()
f, g = one.conn(), said.conn()
f.want('CONTROLLERNAME dname')
equal('secret' in texts(f.info('recent-messages')), False, 'a later holder of another uid does not see messages to the name')
f.want('CONTROLLERNAME ename')
equal('secret' in texts(f.info('recent-messages')), True, 'one of the same uid does')
g.want('CONTROLLERNAME dname')
equal('secret' in texts(g.info('recent-messages')), True, 'and so for the other')
# The ids go on while the directory lives, and begin again when it was wiped.
for s in (one, front, said):
    s.stop()
again = Server(statedir=one.statedir)
h = again.conn('h', True)
h.want('POSTMESSAGE @all x')
equal(h.event(), '650 POSTMESSAGE 5 h @all x', 'ids go on when nobody was connected')
ok(wait_until(lambda: h.info('list-controllers') == ['h']), 'though all were killed', h.info('list-controllers'))
h.close()
wait_until(lambda: not os.listdir(one.statedir + '/conn'))
subprocess.run(['rm', '-r', one.statedir])
h = again.conn('h', True)
h.want('POSTMESSAGE @all x')
equal(h.event(), '650 POSTMESSAGE 1 h @all x', 'a wiped directory begins at 1')
h.close()
again.stop()
with open(one.statedir + '/head', 'r+b') as f:
    f.seek(16)
    f.write(b'0' * 36)
h = Server(statedir=one.statedir).conn('h', True)
h.want('POSTMESSAGE @all y')
equal((h.event(), texts(h.info('recent-messages'))), ('650 POSTMESSAGE 1 h @all y', ['y']), 'one from another boot begins anew')
# Wiped while one is connected: he joins the new one, with his name.
subprocess.run(['rm', '-r', one.statedir])
h.want('POSTMESSAGE @h still here')
equal(h.event(), '650 POSTMESSAGE 1 h @h still here', 'wiped under a connection: it goes on in a new one')

# The rate.
s = Server(options=['-r', '100'])
a = s.conn('a')
start_time = time.monotonic()
a.send('\r\n'.join(['POSTMESSAGE @all x'] * 560))
got = [a.reply() for i in range(560)]
took = time.monotonic() - start_time
ok(got == [['250 OK']] * 560 and took > 0.55, '-r 100: a burst of 500, then no more than 100 a second', took)
for how, server in (('alone', s), ('in front', Server(tor=tor, options=['-r', '100'], itself=True))):
    b = server.conn()
    start_time = time.monotonic()
    b.send('\r\n'.join('CONTROLLERNAME b%d' % i for i in range(30)))
    got = [b.reply() for i in range(30)]
    took = time.monotonic() - start_time
    ok(got == [['250 OK']] * 30 and took > 0.9, how + ': a name counts as 20 messages: nobody keeps the lock by changing his', took)
    equal(b.info('list-controllers')[-1], 'b29', how + ': and he has the last of them')
done()
