"""ctlmsg -f beside a tor that is asked straight, and behind it a double of tor that says exactly what a case needs."""
import os, random, re, socket, subprocess, threading, time
from ctl import *


# --- real controllers: they take their time, so they run beside the rest, each chain with a tor of its own ---

here = os.path.dirname(os.path.abspath(__file__))
tools = here + '/../../../shared/tools/'
RUN = 'import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], run_name="__main__")'


class Controllers:
    """Programs that use one address, one after the other."""

    def __init__(self, how, address, tor, smoke, talk):
        self.how, self.results = how, []
        text = address if isinstance(address, str) else '%s:%d' % address
        self.programs = [(tools + 'stem_smoke.py', [text, tor.cookie_file]), (tools + 'txtorcon_smoke.py', [text])] if smoke else []
        self.programs += [(here + '/stem_talk.py', [text, tor.cookie_file if tor else '-']), (here + '/txtorcon_talk.py', [text, '-'])] if talk else []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        for program, args in self.programs:
            if os.path.exists(program):
                # A program with stem that is not this test's needs to be kept from waiting for ever, too.
                p = subprocess.run(['/usr/bin/python3', '-c', RUN.replace('import', 'import stem_closes,') if '/stem' in program else RUN, program] + args, env=dict(os.environ, PYTHONPATH=here), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.results.append((program, p.returncode, p.stdout.decode()))
            else:
                self.results.append((program, None, ''))

    def report(self):
        self.thread.join()
        for program, code, said in self.results:
            name = '%s %s' % (os.path.basename(program), self.how)
            if code is None:
                skip(name, 'not here')
            else:
                ok(code == 0 and ('smoke' not in name or ' 0 failed' in said), name + (': ' + said.split('\n')[-2] if 'smoke' in name and said else ''), said)


theirs = [Tor() for i in range(4)]
controllers = [Controllers('straight', theirs[0].socket, theirs[0], True, False), Controllers('straight over TCP', theirs[3].port, theirs[3], True, False),
               Controllers('through', Server(tor=theirs[1]).address, theirs[1], True, True),
               Controllers('through over TCP', Server(tor=theirs[2], tcp=True, tor_tcp=True).address, theirs[2], True, True),
               Controllers('alone', Server().address, None, False, True)]

# --- to the byte ---

def split(data):
    """Replies and events apart: when an event comes among pipelined replies is tor's affair."""
    lines, replies, events, block, event = data.split(b'\r\n'), [], [], False, False
    for l in lines:
        if not block:
            event = l[:3] == b'650'
        (events if event else replies).append(l)
        if block:
            block = l != b'.'
        else:
            block = l[3:4] == b'+'
    return replies, events


straight, behind = Tor(), Tor()
server, server_tcp = Server(tor=behind), Server(tor=behind, tcp=True, tor_tcp=True)


def normal(data, tor):
    data = data.replace(tor.dir.encode(), b'DIR').replace(b'127.0.0.1:%d' % tor.port[1], b'127.0.0.1:PORT').replace(tor.cookie.hex().encode(), b'COOKIE')
    return re.sub(rb'(?<==)[0-9A-F]{64}', b'NONCE', data)


def session(lines, tor, address):
    """A last command of many is waited for before QUIT: tor drops what it has not written by then."""
    data = b''.join(lines).replace(b'COOKIE', tor.cookie.hex().encode()).replace(b'DIR', tor.dir.encode())
    many = lines[:2] == hello
    return split(normal(exchange(address, data + (b'GETINFO the-end\r\n' if many else b''), half=False, until=many and b'552 Unrecognized key "the-end"\r\n'), tor))


def compare(lines, name):
    for how, s in (('unix', server), ('TCP', server_tcp)):
        # Which events come is a matter of when, where commands are pipelined.
        want = session(lines, straight, straight.socket)[0]
        got = session(lines, behind, s.address)[0]
        equal(got, want, '%s, %s: %d commands' % (name, how, len(lines)))


hello = [b'PROTOCOLINFO 1\r\n', b'AUTHENTICATE COOKIE\r\n']
recorded = [b'GETINFO version\r\n', b'getinfo version config-file\n', b'GETCONF ControlPort\r\n', b'GETINFO nope version\r\n', b'NOPE\r\n', b'\r\n', b'\n', b' x\r\n', b'GETINFO config-text\r\n',
            b'GETINFO info/names \t\r\n'.replace(b'info/names', b'config/names'), b'GETINFO circuit-status\r\n', b'SETCONF ContactInfo="a \\"b\\" c"\r\n', b'GETCONF ContactInfo\r\n', b'RESETCONF ContactInfo\r\n',
            b'SETEVENTS CONF_CHANGED SIGNAL\r\n', b'SETEVENTS BW NOSUCH\r\n', b'SETEVENTS conf_changed\r\n', b'SETEVENTS\r\n', b'SETEVENTS  EXTENDED  CIRC \r\n', b'SIGNAL CLEARDNSCACHE\r\n', b'SIGNAL\r\n', b'SIGNAL A B\r\n',
            b'+LOADCONF\r\nNonsense 1\r\n.\r\n', b'+NOPE\r\nGETINFO version\r\nPOSTMESSAGE @all x\r\n..\r\n.\r\n', b'+POSTMESSAGE @all x\r\n.\r\n', b'+GETINFO new-messages\n.\n', b'LOADCONF x\r\n', b'MAPADDRESS 1.2.3.4=torproject.org\r\n',
            b'MAPADDRESS\r\n', b'GETINFO address-mappings/control\r\n', b'USEFEATURE VERBOSE_NAMES\r\n', b'USEFEATURE X\r\n', b'PROTOCOLINFO\r\n', b'PROTOCOLINFO 9x\r\n', b'AUTHENTICATE "x\r\n',
            b'GETINFO\0x version\r\n', b'GETINFO a\0b\r\n', b'\0\r\n', b'A' * 5000 + b'\r\n', b'GETINFO ' + b'x' * 70000 + b'\r\n', b'SETEVENTS ' + b'x' * 70000 + b'\r\n', b'GETINFO ' + b'version ' * 9000 + b'\r\n',
            b'EXTENDCIRCUIT 0\r\n', b'CLOSECIRCUIT 99\r\n', b'CLOSESTREAM 1 1\r\n', b'ATTACHSTREAM 1 1\r\n', b'HSFETCH x\r\n', b'DROPGUARDS x\r\n', b'ADD_ONION x\r\n', b'DEL_ONION x\r\n', b'ONION_CLIENT_AUTH_VIEW\r\n', b'RESOLVE\r\n',
            b'REDIRECTSTREAM\r\n', b'POSTDESCRIPTOR x\r\n', b'+POSTDESCRIPTOR\r\nx\r\n.\r\n', b'+HSPOST\r\nx\r\n.\r\n', b'GETINFO ns/all desc/all-recent\r\n', b'GETINFO \xff\x80\r\n', b'GETCONF\r\n', b'GETCONF Nope Nope2\r\n', b'SETCONF Nope=1\r\n',
            b'GETINFO config/defaults\r\n', b'GETINFO signal/names features/names\r\n', b'POSTMESSAG @all x\r\n', b'CONTROLLERNAMES x\r\n', b'postmessagex\r\n', b'GETINFO new-message\r\n', b'SETEVENTS POSTMESSAGES\r\n']
compare([hello[0], b"AUTHCHALLENGE SAFECOOKIE 00\r\n", b"QUIT\r\n"], "a challenge")
compare(hello + recorded, 'a recorded session')
for n, l in enumerate(recorded):
    if len(l) > 1000 or n % 9 == 0:
        compare(hello + [l], 'alone: %r' % l[:30])
dice = random.Random(197)
for n in range(12):
    compare(hello + [dice.choice(recorded) for i in range(300)], 'random mixture %d' % n)
compare(hello + recorded * 20, 'twenty times over')
for before in ([], [b'GETINFO version\r\n'], [b'QUIT\r\n'], [b'POSTMESSAGE @all x\r\n'], [b'CONTROLLERNAME x\r\n'], [b'AUTHENTICATE 00\r\n', b'GETINFO version\r\n'], [b'AUTHENTICATE zz\r\n'], [b'+AUTHENTICATE COOKIE\r\n', b'.\r\n'],
               [b'PROTOCOLINFO\r\n', b'PROTOCOLINFO\r\n'], [b'\0\0\0\0\0\0\r\n'], [b'AUTHENTICATE "\r\n', b'AUTHENTICATE COOKIE\r\n', b'GETINFO version\r\n'], [b'AUTHENTICATE COOKIE\r\n', b'A' * (1 << 20) + b'\r\n'],
               [b'AUTHENTICATE COOKIE\r\n', b'AUTHENTICATE 00\r\n', b'GETINFO version\r\n'], [b'AUTHENTICATE COOKIE\r\n', b'+A\r\n' + b'B' * 1048570 + b'\r\n.\r\n']):
    compare(before + [b'QUIT\r\n'], 'before, or wrong: %r' % b''.join(before)[-40:])


def conversation(tor, address):
    """One command at a time, with the events that it causes."""
    s = connect(address)
    s.settimeout(PATIENCE)
    out = b''
    for line, end in ((b'AUTHENTICATE COOKIE', b'250 OK'), (b'SETEVENTS CONF_CHANGED SIGNAL', b'250 OK'), (b'SETCONF ContactInfo=abc', b'650 OK'), (b'SIGNAL CLEARDNSCACHE', b'650 SIGNAL CLEARDNSCACHE'),
                      (b'RESETCONF ContactInfo', b'650 OK'), (b'SIGNAL NOSUCH', b'"NOSUCH"'), (b'SETEVENTS', b'250 OK'), (b'SETCONF ContactInfo=abc', b'250 OK'), (b'RESETCONF ContactInfo', b'250 OK'),
                      (b'GETINFO config-text', b'.\r\n250 OK'), (b'QUIT', b'connection')):
        s.sendall(line.replace(b'COOKIE', tor.cookie.hex().encode()) + b'\r\n')
        out += read_until(s, end + b'\r\n')
    return normal(out, tor)


for how, s in (('unix', server), ('TCP', server_tcp)):
    equal(conversation(behind, s.address), conversation(straight, straight.socket), 'a conversation with events, ' + how)

# Cut anywhere, with events coming in.
data = b''.join(hello + [b'SETEVENTS CONF_CHANGED\r\n', b'GETINFO version nope\r\n', b'+LOADCONF\r\nNonsense\r\n.x\r\n.\r\n', b'getinfo version\n', b'SETCONF ContactInfo=x\r\n', b'\r\n', b'GETINFO config-text\r\n', b'SETEVENTS\r\n', b'QUIT\r\n'])
want = session([data], straight, straight.socket)
noise = server.conn()
bad = []
for i in range(1, len(data)):
    d = data.replace(b'COOKIE', behind.cookie.hex().encode())
    i += 64 - 6 if i > data.index(b'COOKIE') else 0
    s = connect(server.address)
    s.settimeout(PATIENCE)
    s.sendall(d[:i])
    noise.send('SETCONF Nickname=n%d' % i)
    time.sleep(0.0005)
    s.sendall(d[i:])
    got = split(normal(read_until(s, b'nothing ends so'), behind))
    s.close()
    noise.reply()
    if got[0] != [x.replace(b'ContactInfo x\r\n', b'ContactInfo x\r\n') for x in want[0]] and [x for x in got[0] if b'Nickname' not in x] != want[0]:
        bad.append((i, got[0]))
noise.want('RESETCONF Nickname')
equal(bad, [], 'cut in two at every one of %d octets, while events come in' % len(data))

# What tor says, cut anywhere; ours go between.
double = Double()
front = Server(tor=double)
front_probe = double.accept()
front_probe.close()
said = (b'250-version=1\r\n250+config-text=\r\n650 not an event\r\n..\r\n.x\r\n.\r\n250-events/names=A B\r\n250+info/names=\r\na -- b\r\n.\r\n250 OK\r\n',
        b'650 BW 1 2\r\n650+NS\r\n250 OK\r\n.\r\n650 OK\r\n650-CONF_CHANGED\r\n650-a=b\r\n650 OK\r\n')
asked = b'GETINFO messages-lost version new-messages config-text list-controllers events/names info/names messages-lost\r\n'
told = b'GETINFO version config-text events/names info/names\r\n'
want = (b'250-messages-lost=0\r\n250-version=1\r\n250-new-messages=\r\n250+config-text=\r\n650 not an event\r\n..\r\n.x\r\n.\r\n250+list-controllers=\r\nunset\r\n.\r\n250-events/names=A B POSTMESSAGE CONTROLLERS\r\n'
        b'250+info/names=\r\na -- b\r\nlast-message-id -- The id of the last message that this connection has posted.\r\nlist-controllers -- Names of the connected controllers, oldest first.\r\nmessages-lost -- How many messages this connection was too late to read.\r\n'
        b'new-messages -- The last unread messages to this controller.\r\nrecent-messages -- The newest messages to this controller.\r\n.\r\n250-messages-lost=0\r\n250 OK\r\n') + said[1]
c, t = double.serve(front)
bad = []
for i in range(len(said[0] + said[1]) + 1):
    c.sendall(asked)
    got = read_until(t, b'\n')
    if got.split() != told.split():
        bad.append(got)
    d = said[0] + said[1]
    t.sendall(d[:i])
    time.sleep(0.0004)
    t.sendall(d[i:])
    got = b''
    while len(got) < len(want):
        got += c.recv(65536)
    if got != want:
        bad.append((i, got))
equal(bad[:2], [], "tor's reply cut in two at every octet: ours at their places, blocks and events are not mistaken")

# Turns: tor's commands go on at once, whatever waits before them.
c.sendall(b'GETINFO version\r\nPOSTMESSAGE @all x\r\nCONTROLLERNAME me\r\nGETINFO circuit-status\r\nGETINFO list-controllers\r\nSETEVENTS BW POSTMESSAGE CIRC\r\nFOO\r\n')
got = read_until(t, b'FOO\r\n')
equal(re.sub(rb' +', b' ', got).replace(b' \r', b'\r'), b'GETINFO version\r\nGETINFO circuit-status\r\nSETEVENTS BW CIRC\r\nFOO\r\n', "tor gets what is his at once, though nothing is answered yet")
t.sendall(b'650 BW 1 1\r\n')
equal(read_until(c, b'\n'), b'650 BW 1 1\r\n', 'an event passes while replies are waited for')
t.sendall(b'250-version=1\r\n')
time.sleep(0.01)
t.sendall(b'250 OK\r\n250-circuit-status=\r\n250 OK\r\n')
equal(read_until(c, b'me\r\n.\r\n250 OK\r\n'), b'250-version=1\r\n250 OK\r\n250 OK\r\n250 OK\r\n250-circuit-status=\r\n250 OK\r\n250+list-controllers=\r\nme\r\n.\r\n250 OK\r\n', 'ours are answered in their turn')
t.sendall(b'250 OK\r\n510 Unrecognized command "FOO"\r\n')
equal(read_until(c, b'"FOO"\r\n'), b'250 OK\r\n510 Unrecognized command "FOO"\r\n', 'and then the rest')
c.sendall(b'POSTMESSAGE @me to myself\r\n')
equal(read_until(c, b'myself\r\n'), b'250 OK\r\n650 POSTMESSAGE 2 me @me to myself\r\n', 'POSTMESSAGE was added to the events')
t.sendall(b'250-half')
time.sleep(0.01)
c.sendall(b'POSTMESSAGE @me later\r\n')
time.sleep(0.02)
t.sendall(b' a reply\r\n250 OK\r\n')
equal(read_until(c, b'later\r\n'), b'250-half a reply\r\n250 OK\r\n250 OK\r\n650 POSTMESSAGE 3 me @me later\r\n', "never inside one of tor's, even one that nobody asked for")
for data, reply in ((b'SETEVENTS POSTMESSAGE\r\n', b'552 Unrecognized event "X"\r\n'), (b'SETEVENTS\r\n', b'552 no\r\n')):
    c.sendall(data)
    read_until(t, b'\n')
    t.sendall(reply)
    read_until(c, reply)
c.sendall(b'POSTMESSAGE @me still\r\n')
equal(read_until(c, b'still\r\n'), b'250 OK\r\n650 POSTMESSAGE 4 me @me still\r\n', 'SETEVENTS that tor refuses changes nothing')
c.sendall(b'SETEVENTS CIRC\r\n')
read_until(t, b'\n')
t.sendall(b'250 OK\r\n')
read_until(c, b'OK\r\n')
c.sendall(b'POSTMESSAGE @me off\r\nGETINFO new-messages nope\r\nGETINFO new-messages\r\n')
equal(read_until(t, b'\n').split(), [b'GETINFO', b'nope'], 'of a mixed GETINFO tor gets his part')
t.sendall(b'552 Unrecognized key "nope"\r\n')
equal(read_until(c, b'off\r\n.\r\n250 OK\r\n'), b'250 OK\r\n552 Unrecognized key "nope"\r\n250+new-messages=\r\n650 POSTMESSAGE 5 me @me off\r\n.\r\n250 OK\r\n', 'where he refuses, nothing of ours is said or read')
many = b''.join(b'GETINFO version\r\nPOSTMESSAGE @me %d\r\n' % i for i in range(2000))
threading.Thread(target=c.sendall, args=(many,)).start()


def answer():
    answered = 0
    while answered < 2000:
        n = t.recv(65536).count(b'\n')
        t.sendall(b'250-version=1\r\n250 OK\r\n' * n)
        answered += n


threading.Thread(target=answer).start()
got = b''
while got.count(b'250 OK\r\n') < 4000:
    got += c.recv(65536)
equal(got, b'250-version=1\r\n250 OK\r\n250 OK\r\n' * 2000, 'a queue that is full makes the client wait, and keeps the order')

# Ends.
c.sendall(b'CONTROLLERNAME last\r\nQUIT\r\nPOSTMESSAGE @all never\r\n')
equal(read_until(t, b'QUIT\r\n'), b'QUIT\r\n', 'QUIT goes to tor, what follows does not')
t.sendall(b'250 closing connection\r\n')
equal(read_until(c, b'connection\r\n'), b'250 OK\r\n250 closing connection\r\n', 'its reply comes')
d, u = double.serve(front)
d.sendall(b'CONTROLLERNAME last\r\nGETINFO recent-messages\r\n')
equal(read_until(d, b'\n.\r\n250 OK\r\n').startswith(b'250 OK\r\n') and b'never' not in got, True, 'the name is free with it, though tor has not closed yet')
t.close()
equal(c.recv(10), b'', "tor's close reaches the client")
d.shutdown(socket.SHUT_WR)
equal(u.recv(10), b'', "a half-closed client's end reaches tor")
u.sendall(b'650 BYE\r\n')
u.close()
equal(read_until(d, b'never'), b'650 BYE\r\n', 'and what tor still says reaches the client')
d = connect(front.address)
u = double.accept()
d.close()
equal(u.recv(10), b'', "tor's side closes when the client goes")
d = connect(front.address)
d.settimeout(PATIENCE)
u = double.accept()
u.sendall(b'650 PENDING\r\n' * 30000)
d.close()
u.settimeout(PATIENCE)
try:
    while u.recv(10):
        pass
    gone = True
except ConnectionResetError:
    gone = True
except (socket.timeout, TimeoutError):
    gone = False
ok(gone, 'also when it left much unread')

# Long answers of ours for a slow client, while tor's events pour in: neither is ever inside the other.
d, u = double.serve(front)
d = Conn(d)
for i in range(60):
    d.want('POSTMESSAGE @all ' + 'm' * 1200)
u.setblocking(True)
t2 = threading.Thread(target=lambda: [u.sendall(b'650 BW 1 2\r\n650+NS=\r\n250 OK\r\n.\r\n650 OK\r\n') for i in range(20000)], daemon=True)
t2.start()
d.send('GETINFO ' + 'recent-messages ' * 40)
d.send('GETINFO messages-lost')
time.sleep(0.3)
r = d.reply()
equal((len([x for x in r if x == '250+recent-messages=']), len([x for x in r if x[:4] == '650 ']), r[-1]), (40, 40 * 50, '250 OK'), 'a long answer of ours while events pour in')
equal(d.reply(), ['250-messages-lost=0', '250 OK'], 'and the next')
while len(d.events) < 40000:
    d.events.append(d.message()[0])
t2.join()
equal(set(d.events), {'650 BW 1 2', '650+NS='}, 'every event is whole')
d.close()
u.close()

# A client that never reads while tor sends 20 MB.
d, u = double.serve(front)
line = b'650 STREAM ' + b'x' * 500 + b'\r\n'
total = 20 * 1000 * 1000 // len(line)
sent = []


def pour():
    u.settimeout(None)
    for i in range(total):
        u.sendall(line)
    sent.append(total)


t1 = threading.Thread(target=pour, daemon=True)
t1.start()
time.sleep(0.2)
ok(not sent, 'a client that does not read holds tor back')
held = memory(front.statedir)
little(held, 300, 'in little memory')
n = 0
while n < total * len(line):
    more = d.recv(1 << 20)
    n += len(more)
t1.join()
equal((n, sent), (total * len(line), [total]), 'and loses nothing of 20 MB when it reads again')
held = memory(front.statedir)
little(held, 300, 'still in little memory')
d.close()

# Real controllers.
owned = Tor()
s = Server(tor=owned)
c = s.conn()
c.want('TAKEOWNERSHIP')
other = s.conn('other')
c.close()
ok(wait_until(lambda: owned.process.poll() is not None), 'TAKEOWNERSHIP: tor exits when that controller goes')
ok(other.closed(), 'and so do the others')

for controller in controllers:
    controller.report()

session_name = 'porter-test-%d' % os.getpid()
tmux = ['tmux', '-L', session_name]
env = dict(os.environ, HOME=WORK, TERM='screen', TMUX_TMPDIR=WORK)
subprocess.run(tmux + ['-f', '/dev/null', 'new-session', '-d', '-x', '100', '-y', '30', 'nyx -s %s -c /dev/null 2>%s/nyx.err; sleep 60' % (server.address, WORK)], env=env)


def screen():
    return subprocess.run(tmux + ['capture-pane', '-p'], stdout=subprocess.PIPE, env=env).stdout.decode()


ok(wait_until(lambda: 'page 1 /' in screen() and 'Tor 0.' in screen()), 'nyx shows its first screen', screen(), open(WORK + '/nyx.err').read())
subprocess.run(tmux + ['kill-server'], env=env)
done()
