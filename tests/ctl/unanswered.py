"""Lines that no upstream answers: ctlmsg -f keeps count all the same. Every command of tor's in many forms, and a filter that drops lines."""
import os, re, socket, threading
from ctl import *

COMMANDS = ('SETCONF RESETCONF GETCONF LOADCONF SETEVENTS SAVECONF SIGNAL TAKEOWNERSHIP DROPOWNERSHIP MAPADDRESS GETINFO EXTENDCIRCUIT '
            'SETCIRCUITPURPOSE SETROUTERPURPOSE ATTACHSTREAM POSTDESCRIPTOR REDIRECTSTREAM CLOSESTREAM CLOSECIRCUIT USEFEATURE RESOLVE PROTOCOLINFO '
            'DROPGUARDS DROPTIMEOUTS HSFETCH HSPOST ADD_ONION DEL_ONION ONION_CLIENT_AUTH_ADD ONION_CLIENT_AUTH_REMOVE ONION_CLIENT_AUTH_VIEW').split()
ARGUMENTS = [b'', b' ', b' x', b' x y', b' a=b', b' "x"', b' "x', b' =', b' \t', b'\x0b', b' x\0y', b' SERVER=x', b' HSADDRESS=x']
BODIES = [b'', b'x\r\n', b'\r\n', b'..\r\n', b'\n', b'+\r\n.x\r\n']
BLANK = [b'', b' ', b'\t', b' GETINFO version', b'\tQUIT', b'\rx', b'\x0b', b'\x0cx', b' +GETINFO', b' POSTMESSAGE @all x', b' ' * 3000, b' ' * 200000]


CLOSING = ['AUTHENTICATE', 'AUTHCHALLENGE']    # what is wrong with them ends the connection


def forms(commands=COMMANDS):
    for command in (c.encode() for c in commands):
        for a in ARGUMENTS:
            # This one ends tor itself.
            if command == b'SETCIRCUITPURPOSE' and not a.split(b'\0')[0].strip():
                continue
            for c in (command, command.lower()):
                yield c + a + b'\r\n'
        for a in ARGUMENTS if command in (b'HSPOST', b'POSTDESCRIPTOR', b'LOADCONF') else [b'', b' x']:
            # An empty configuration is one: it would open ports.
            for body in (BODIES if command != b'LOADCONF' else BODIES[1:2]):
                yield b'+' + command + a + b'\r\n' + body + b'.\r\n'
        if command in (b'LOADCONF',):
            continue
        yield b'+' + command.lower() + b'\n.\n'
    for line in BLANK:
        yield line + b'\r\n'
        yield line + b'\n'


def answers(address, auth, between, every=None):
    """For each form: how the reply to it begins (None: there was none), and what came for the commands between."""
    c = Conn(address)
    c.want(auth)
    every = every or list(forms())

    def send():
        for i, f in enumerate(every):
            c.socket.sendall(f + between + b'NEXT%d\r\n' % i)

    threading.Thread(target=send, daemon=True).start()
    got = []
    for i in range(len(every)):
        here = []
        while not here or here[-1] != '510 Unrecognized command "NEXT%d"' % i:
            m = c.message()
            if m[0][:3] != '650':
                here.append(m[0] if len(m) < 2 or m[0][3] == '-' else m)
        got.append(here[:-1])
    c.close()
    return every, got


class Filter:
    """In front of tor, as onion-grater does it: a line that begins with white space goes nowhere."""

    def __init__(self, tor):
        self.socket, self.auth = path('filter'), tor.auth
        self.port = tor.port
        self.tor = tor
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client = self.listener.accept()[0]
            tor = connect(self.tor.socket)
            threading.Thread(target=self.lines, args=(client, tor), daemon=True).start()
            threading.Thread(target=self.replies, args=(client, tor), daemon=True).start()

    def lines(self, client, tor):
        for line in client.makefile('rb'):
            if re.match(rb'\S', line):
                tor.sendall(line)
        tor.shutdown(socket.SHUT_WR)

    def replies(self, client, tor):
        while True:
            more = tor.recv(65536)
            if not more:
                break
            client.sendall(more)
        client.close()


straight, behind = Tor(), Tor()
server = Server(tor=behind)
every, want = answers(straight.socket, straight.auth, b'')
blank_body = [f[:1] == b'+' and f.split(b'\n')[1].strip() == b'' for f in every]    # the filter makes an empty body of it
listed = ['250+list-controllers=', 'unset', '.', '250 OK']


def in_order(how, got, want):
    bad = [(f, g, w) for f, g, w in zip(every, got, want) if g[-1:] != [listed] or [str(x)[:12] for x in g[:-1]] != [str(x)[:12] for x in w]]
    equal(bad[:3], [], '%s: %d forms of %d commands, each with its answers in order' % (how, len(every), len(COMMANDS)))


ok(len(every) > 780 and [w for w in want if w == []], 'tor itself leaves some without a reply', [f for f, w in zip(every, want) if w == []])
in_order('in front of a tor', answers(server.address, behind.auth, b'GETINFO list-controllers\r\n')[1], want)
filtered = Server(tor=Filter(behind))
every = [f for f, blank in zip(every, blank_body) if not blank]
want = [w for w, blank in zip(want, blank_body) if not blank]
in_order('in front of a filter that drops what begins with white space', answers(filtered.address, behind.auth, b'GETINFO list-controllers\r\n', every)[1], want)
bad = []
for f in forms(CLOSING):
    got = [re.sub(rb'[0-9A-F]{64}', b'NONCE', exchange(s, auth + b'\r\n' + f + more + b'NEXT\r\nQUIT\r\n', half=False)) for s, auth, more in
           ((straight.socket, straight.auth, b''), (server.address, behind.auth, b'GETINFO list-controllers\r\n'))]
    if got[1].replace('\r\n'.join(listed + ['']).encode(), b'') != got[0]:
        bad.append((f, got))
equal(bad[:3], [], 'and those that may end the connection')
# Cut anywhere.
c = server.conn()
data = b'+HSPOST\r\nx\r\n.\r\nGETINFO list-controllers\r\n x\r\n+hspost\r\n.\r\nGETINFO messages-lost\r\n'
want = [listed, ['510 Unrecognized command ""'], ['512 Bad arguments to +HSPOST: Empty body'], ['250-messages-lost=0', '250 OK']]
bad = []
for i in range(1, len(data)):
    c.socket.sendall(data[:i])
    time.sleep(0.0005)
    c.socket.sendall(data[i:])
    got = [c.reply() for w in want]
    if [g if g[0][:4] != '512 ' else [g[0].replace('+hspost', '+HSPOST')] for g in got] != want:
        bad.append((i, got))
equal(bad[:2], [], 'and cut in two at every octet')
# Before tor has said 250 they are its own: it closes.
for line in (b' x', b'', b'+HSPOST\r\nx\r\n.'):
    equal(exchange(server.address, line + b'\r\n', half=False), b'514 Authentication required.\r\n', 'before AUTHENTICATE tor answers: %r' % line)
equal(exchange(server.address, behind.auth + b'\r\n' + b' ' * (1 << 20) + b'\r\n', half=False), b'250 OK\r\n500 Line too long.\r\n', 'a blank line of 1 MiB is too long')
done()
