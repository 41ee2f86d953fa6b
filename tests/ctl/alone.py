"""ctlmsg alone, beside a tor with the same ways to authenticate: the same replies, the same ends."""
import hashlib, hmac, os, re, socket, subprocess, sys, time
from ctl import *

HASHED = '16:660537E3E1CD49996044A3BF558097A981F539FEA2F9DA662B4626C1C2'  # control-spec 5.1: for foo
quoted = subprocess.run(['tor', '--quiet', '--hash-password', 'pa"s\\s'], stdout=subprocess.PIPE).stdout.decode().split()[-1]
tors = {'both': Tor('HashedControlPassword ' + quoted), 'cookie': Tor(), 'password': Tor('CookieAuthentication 0', 'HashedControlPassword ' + quoted),
        'none': Tor('CookieAuthentication 0')}
with open(WORK + '/password', 'w') as f:
    f.write(quoted + '\nwhat follows is prose\n')
options = {'both': ['-c', tors['both'].cookie_file, '-p', WORK + '/password'], 'cookie': ['-c', tors['cookie'].cookie_file],
           'password': ['-p', WORK + '/password'], 'none': []}
servers = {k: Server(options=o) for k, o in options.items()}


def normal(data):
    """Without what must differ: nonces, versions."""
    return re.sub(rb'Tor="[^"]*"|version=\S*', b'VERSION', re.sub(rb'[0-9A-F]{64}', b'NONCE', data))


def compare(kind, data, name=None):
    """The same bytes, and closed by the server if by tor; QUIT at the end tells an open connection from one that is slow."""
    got = [normal(exchange(a, data + b'QUIT\r\n', half=False)) for a in (servers[kind].address, tors[kind].socket)]
    equal(got[0], got[1], '%s: %s' % (kind, name or repr(data[-60:])))


before = [b'', b'PROTOCOLINFO', b'PROTOCOLINFO 1', b'protocolinfo 1 2', b'PROTOCOLINFO 2', b'PROTOCOLINFO 1 foo', b'PROTOCOLINFO f"o\\o\x01\xff\'',
          b'PROTOCOLINFO 01', b'PROTOCOLINFO +1', b'PROTOCOLINFO 1x', b'PROTOCOLINFO\r\nPROTOCOLINFO', b'QUIT', b'quit foo', b' QUIT', b'QUIT\0x',
          b'GETINFO version', b'+FOO\r\nx\r\n.', b'+QUIT\r\n.', b'+AUTHENTICATE\r\n.', b'USEFEATURE VERBOSE_NAMES', b'POSTMESSAGE @all x',
          b'CONTROLLERNAME x', b'PROTOCOLINFO\r\nAUTHENTICATE 0000\r\nGETINFO version', b'GETINFO version\r\nQUIT']
attempts = [b'', b' ', b' 00', b' zz', b' 0', b' "foo"', b' "foo', b' "foo" bar', b' 00 00', b' ' + b'00' * 32, b' ' + b'00' * 9000, b' foo=bar', b' a=', b' =',
            b' =00', b' a"b"', b' "a"b"', b' "a\\', b' "a"=3', b' 00\t11', b' 00\t', b' 00"a"', b'\0x', b' "a\x01\xffb"', b' "pa\\"s\\\\s"', b' "pa\\"s\\\\s" x',
            b' "\\p\\a\\"\\s\\\\s"', b' "\\160a"', b' ' + b'pa"s\\s'.hex().encode(), b' a b=c', b' b=c a', b' "" ""', b' ""']
challenges = [b'', b' SAFECOOKIE', b' SAFECOOKIE zz', b' SAFECOOKIE 0', b' SAFECOOKIE 00', b' safecookie 00', b' FOO 00', b' SAFECOOKIE "foo"', b' SAFECOOKIE "foo',
              b' SAFECOOKIE 00 11', b' SAFECOOKIE "foo" x', b' SAFECOOKIE a=b', b' SAFECOOKIE ""', b' SAFECOOKIE ' + b'00' * 5000, b' "SAFECOOKIE" 00']
for kind in tors:
    cookie = tors[kind].cookie.hex().encode()
    for line in before:
        compare(kind, line + b'\r\n')
    for a in attempts + [b' ' + cookie, b' ' + cookie.upper(), b' ' + cookie + b' foo', b' "' + cookie + b'"']:
        compare(kind, b'AUTHENTICATE' + a + b'\r\n')
    for c in challenges:
        compare(kind, b'AUTHCHALLENGE' + c + b'\r\n')
    for after in (b'AUTHCHALLENGE SAFECOOKIE 00', b'AUTHENTICATE ' + cookie, b'AUTHENTICATE 00', b'PROTOCOLINFO', b'AUTHENTICATE "pa\\"s\\\\s"', b'AUTHENTICATE ' + b'11' * 32):
        compare(kind, b'AUTHCHALLENGE SAFECOOKIE 00\r\n' + after + b'\r\n')

authenticated = b'AUTHENTICATE ' + tors['both'].cookie.hex().encode() + b'\r\n'
for line in [b'AUTHENTICATE 00', b'AUTHENTICATE', b'AUTHENTICATE "foo', b'PROTOCOLINFO\r\nPROTOCOLINFO', b'PROTOCOLINFO foo', b'AUTHCHALLENGE SAFECOOKIE 00\r\nGETINFO version',
             b'USEFEATURE', b'USEFEATURE VERBOSE_NAMES', b'usefeature verbose_names EXTENDED_EVENTS', b'USEFEATURE FOO', b'USEFEATURE FOO BAR', b'USEFEATURE VERBOSE_NAMES FOO',
             b'GETINFO', b'GETINFO  version ', b'GETINFO "version"', b'GETINFO version\tversion', b'GETINFO version\t', b'GETINFO \tversion', b'GETINFO version version',
             b'GETINFO VERSION', b'GETINFO a\x01b\xff"\\', b'GETINFO a\0b', b'GETINFO a=b', b'getinfo\tversion', b'GETINFO a version b', b'GETINFO a b c a',
             b'SETEVENTS', b'SETEVENTS foo', b'SETEVENTS fo"o\x01', b'SETEVENTS bw\tx', b'SETEVENTS extended', b'SETEVENTS FOO BAR', b'SETEVENTS a=b', b'SETEVENTS "a b"',
             b'FOO bar', b'F\x01\xffOO bar', b'F"oo\\ bar', b'FOO=bar', b'+FOO a\r\nb\r\n.', b'+FOO a\r\nb\r\n..\r\n.x\r\n.', b'+FOO a\r\nb\n.', b'+\r\n.', b'+ a\r\n.', b'',
             b' GETINFO version', b'\tGETINFO version', b'GETINFO\vversion', b'GETINFO\rversion', b'GETINFO\fversion', b'F\0OO bar', b'GETINFO\0 version', b'\0\0\0\0',
             b'+GETINFO version\r\n.', b'QUIT\r\nGETINFO version', b'+QUIT\r\n.', b'QUIT\t', b'QUITx', b'A' * 3000, b'A' * 100000, b'GETINFO ' + b'A' * 100000,
             b'GETINFO ' + b'a ' * 100000, b'GETINFO ' + b'version ' * 20000, b'SETEVENTS ' + b'A' * 300000, b'LOADCONF a',
             b'GETINFO version\r\n' * 3000 + b'GETINFO version', b'A' * (1048576 - 3), b'A' * (1048576 - 2), b'A' * (1 << 20), b'+A\r\n' + b'B' * 70 + b'\r\n' + b'C' * 1048500 + b'\r\n.']:
    compare('both', authenticated + line + b'\r\n', None if len(line) < 1000 else '%r... of %d' % (line[:20], len(line)))
for data in (b'GETINFO version\nQUIT\n', b'getinfo version\n\nGETINFO version\r\n'):
    compare('both', authenticated.replace(b'\r', b'') + data)
a = servers['both'].address
equal(exchange(a, authenticated + b'A' * (1 << 21), half=False).split(b'\r\n')[-2:], [b'500 Line too long.', b''], 'a line without an end: refused when it is too long, and closed')

# Half-closed clients: all that is whole is answered, then closed.
for data in (b'', b'PROTOCOLINFO\r\n', authenticated + b'GETINFO version\r\nGETINFO version', authenticated + b'QUIT', b'AUTHENTICATE'):
    got = [normal(exchange(x, data)) for x in (a, tors['both'].socket)]
    equal(got[0], got[1], 'half-closed after %r' % data[-30:])
c = servers['none'].conn()
c.send(b'GETINFO info/names\r\n' * 3000 + b'GETINFO version')
c.socket.shutdown(socket.SHUT_WR)
time.sleep(0.1)
got = b''.join(iter(lambda: c.socket.recv(65536), b''))
equal(got.count(b'250 OK\r\n'), 3001, 'a slow reader who half-closed gets every reply')

# Lines cut anywhere.
data = authenticated + b'USEFEATURE VERBOSE_NAMES\r\n+FOO\r\n.x\r\n.\r\n\r\nGETINFO version nope\r\nGETINFO version\nQUIT\r\n'
want = exchange(a, data)
bad = []
for i in range(1, len(data)):
    s = connect(a)
    s.sendall(data[:i])
    if select.select([s], [], [], 0)[0] or i % 7 == 0:
        time.sleep(0.001)
    s.sendall(data[i:])
    got = b''
    while True:
        more = s.recv(65536)
        if not more:
            break
        got += more
    s.close()
    if got != want:
        bad.append((i, got))
equal(bad, [], 'cut in two at every one of %d octets' % len(data))

# Safe cookies, worked out independently; the cookie's file.
tor_key = b'Tor safe cookie authentication %s hash'
made = path('cookie')
s = Server(options=['-c', made])
ok(wait_until(lambda: os.path.exists(made)), 'a cookie is made where there is none')
equal((os.stat(made).st_mode & 0o777, os.stat(made).st_size), (0o600, 32), 'for its owner only, of 32 octets')
c = Conn(s.address)
equal(c.ask('PROTOCOLINFO 1')[1], '250-AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE="%s"' % os.path.realpath(made), 'its path is told, absolute')
cookie, nonce = open(made, 'rb').read(), os.urandom(32)
r = c.ask('AUTHCHALLENGE SAFECOOKIE ' + nonce.hex())[0]
m = re.match('250 AUTHCHALLENGE SERVERHASH=([0-9A-F]{64}) SERVERNONCE=([0-9A-F]{64})$', r)
text = cookie + nonce + bytes.fromhex(m.group(2))
equal(m.group(1).lower(), hmac.new(tor_key % b'server-to-controller', text, 'sha256').hexdigest(), 'the server proves that it has the cookie')
equal(c.ask('AUTHENTICATE ' + hmac.new(tor_key % b'controller-to-server', text, 'sha256').hexdigest()), ['250 OK'], 'and so does the client')
equal(c.ask('AUTHENTICATE ' + cookie.hex()), ['250 OK'], 'the challenge counts once')
many = path('cookie')
racers = [subprocess.Popen([CTLMSG, '-c', many, path('state')], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for i in range(20)]
replies = [p.communicate(b'AUTHCHALLENGE SAFECOOKIE ""\r\nQUIT\r\n')[0] for p in racers]
cookie_of_many = open(many, 'rb').read()
good = [hmac.new(tor_key % b'server-to-controller', cookie_of_many + bytes.fromhex(re.search(rb'NONCE=(\w+)', r).group(1).decode()), 'sha256').hexdigest().upper().encode() in r for r in replies]
ok(all(good) and len(good) == 20, 'twenty that start at once have one cookie')
equal([x for x in os.listdir(WORK) if x.startswith('cookie') and x.count('.') > 1], [], 'and leave nothing beside it')
ok(len({re.search(rb'NONCE=(\w+)', r).group(1) for r in replies}) == 20, 'and every one a nonce of its own')

# The hash that control-spec prints.
with open(WORK + '/spec', 'w') as f:
    f.write(HASHED + '\n')
s = Server(options=['-p', WORK + '/spec'])
equal(Conn(s.address).ask('AUTHENTICATE "foo"'), ['250 OK'], "control-spec's own hashed password")
equal(Conn(s.address).ask('AUTHENTICATE "Foo"')[0][:3], '515', 'no other')
for name, content in (('empty', b''), ('short', HASHED[:-1].encode()), ('not hexadecimal', HASHED.replace('8', 'x').encode()), ('without 16:', HASHED[3:].encode())):
    with open(WORK + '/bad', 'wb') as f:
        f.write(content)
    p = subprocess.run([CTLMSG, '-p', WORK + '/bad', path('state')], input=b'', stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    equal((p.returncode, p.stdout, p.stderr.count(b'\n')), (111, b'', 1), 'a password file that is %s: 111, one line' % name)
for size in (0, 31, 33):
    with open(WORK + '/bad', 'wb') as f:
        f.write(b'x' * size)
    p = subprocess.run([CTLMSG, '-c', WORK + '/bad', path('state')], input=b'', stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    equal((p.returncode, p.stdout, p.stderr.count(b'\n')), (111, b'', 1), 'a cookie of %d octets: 111, one line' % size)

# Before they have authenticated, clients hold little, and not for ever.
s = Server(options=['-c', made])
waiting = [connect(s.address) for i in range(50)]
for w in waiting:
    w.settimeout(PATIENCE)
    w.sendall(b'AUTHENTICATE "' + b'x' * 32000)
wait_until(lambda: len(memory(s.statedir)) == len(waiting))
held = memory(s.statedir)
little(held, 250, 'a client who has not authenticated yet takes little memory')
for w in waiting[:3]:
    w.sendall(b'x' * 1000)
    got = b''.join(iter(lambda: w.recv(4096), b''))
    equal(got, b'500 Line too long.\r\n', 'a line of 32 KiB is too long before AUTHENTICATE')
for w in waiting:
    w.close()
s.stop()
s = Server(options=['-c', made, '-t', '1'])


def in_time(line):
    """One whose line was answered; where this machine has much else to do, the second may be over before."""
    for tries in range(20):
        c = Conn(s.address)
        try:
            if c.ask(line)[-1] == '250 OK':
                return c
        except (Closed, ConnectionError):
            pass


waiting = [connect(s.address), connect(s.address), in_time('PROTOCOLINFO 1').socket]
waiting[1].sendall(b'AUTHENT')
for w in waiting:
    w.settimeout(PATIENCE)
equal([b''.join(iter(lambda: w.recv(4096), b'')) for w in waiting], [b'', b'', b''], '-t 1: who has not authenticated by then is closed')
c = in_time('AUTHENTICATE ' + cookie.hex())
time.sleep(1.2)
equal(c.ask(b'A' * 100000), ['510 Unrecognized command "' + 'A' * 100000 + '"'], 'who has authenticated stays, and may send long lines')
c = Conn(s.address)
c.send('PROTOCOLINFO\r\nAUTHENTICATE "' + 'x' * 32700 + '"')
equal(c.reply()[0][:4] + c.reply()[0][:4], '250-515 ', 'each line counts by itself')
s = Server(options=['-c', made, '-t', '0'])
c = Conn(s.address)
time.sleep(1.2)
equal(c.ask('PROTOCOLINFO 1')[-1], '250 OK', '-t 0: nobody is closed')

# Usage.
for args in (['-t', 'x', 'a'], ['-f', '-t', '5', 'a'], ['-s', 'x', 'a'], [], ['a', 'b'], ['-x', 'a'], ['-f', '-c', 'x', 'a'], ['-f', '-p', 'x', 'a'], ['-r', 'x', 'a'], ['-r', '-1', 'a'], ['-c'], ['-r', '2000000000', 'a']):
    p = subprocess.run([CTLMSG] + args, input=b'', stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    equal((p.returncode, p.stdout, p.stderr[:13]), (100, b'', b'ctlmsg: usage'), 'usage: ' + ' '.join(args))
# As a filter, without any socket.
p = subprocess.run([CTLMSG, path('state')], input=b'AUTHENTICATE\r\nGETINFO list-controllers\r\n', stdout=subprocess.PIPE)
equal((p.returncode, p.stdout), (0, b'250 OK\r\n250+list-controllers=\r\nunset\r\n.\r\n250 OK\r\n'), 'over pipes')
done()
