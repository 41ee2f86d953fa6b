"""How connections end: what a client sends after the goodbye, half-closed clients whom much is owed, tors that stay silent."""
import os, socket, threading
from ctl import *

tor = Tor()

# --- after the goodbye ---
for how, s in (('alone', Server()), ('in front', Server(tor=tor))):
    sent = 0
    for i in range(200):
        c = s.conn()
        c.send('QUIT')
        said = c.line()
        try:
            c.socket.send(b'GETINFO version\r\n')
            sent += 1
        except BrokenPipeError:
            pass
        c.close()
    equal((said, sent), ('250 closing connection', 0), how + ': who has read the goodbye cannot send any more, 200 times')
s = Server(options=['-c', path('cookie')])
sent = 0
for i in range(100):
    c = Conn(s.address)
    c.send('AUTHENTICATE 00')
    c.line()
    try:
        c.socket.send(b'x')
        sent += 1
    except BrokenPipeError:
        pass
equal(sent, 0, 'nor who has read that he is refused')
c = Conn(Server().address)
c.send('AUTHENTICATE\r\nQUIT' + '\r\nGETINFO version' * 3000)
equal([c.line(), c.line(), c.closed()], ['250 OK', '250 closing connection', True], 'what is sent with the goodbye is no reset')

# --- ctlmsg -s connects to tor's socket itself ---
double = Double()
s = Server(tor=double, itself=True)
double.accept().close()
c, t = double.serve(s)
c.sendall(b'GETINFO a\r\nGETINFO list-controllers\r\n')
t.sendall(read_until(t, b'\n').replace(b'GETINFO a', b'250 A'))
equal(read_until(c, b'OK\r\n'), b'250 A\r\n250+list-controllers=\r\nunset\r\n.\r\n250 OK\r\n', '-s: it speaks with tor, and for itself')
c.close()
equal(t.recv(1), b'', '-s: tor learns of the end')
c, t = double.serve(s)
t.close()
equal(c.recv(1), b'', "-s: and the client of tor's")
double.listener.close()
c = connect(s.address)
equal((c.recv(1), wait_until(lambda: 'ctlmsg: fatal: unable to connect to ' + double.socket in open(s.err).read())), (b'', True), '-s: without a tor the connection is closed, and a line says why')
owned = Tor()
s = Server(tor=owned, itself=True)
c = s.conn('owner', True)
c.want('TAKEOWNERSHIP')
c.want('POSTMESSAGE @owner x')
equal(c.event(), '650 POSTMESSAGE 1 owner @owner x', '-s: a real tor')
c.close()
ok(wait_until(lambda: owned.process.poll() is not None), '-s: TAKEOWNERSHIP works')

# --- half-closed clients in front of a tor ---
double = Double()
s = Server(tor=double)
double.accept().close()    # the probe of Server
data = b''.join(b'250-a=%06d\r\n' % i for i in range(80000)) + b'250 OK\r\n'


def tor_says(t):
    """A large reply, piece by piece; but a tor that is told of its client's end forgets the rest."""
    t.setblocking(False)
    at = 0
    while at < len(data):
        try:
            if t.recv(1) == b'':
                break
        except BlockingIOError:
            pass
        try:
            at += t.send(data[at:at + 65536])
        except BlockingIOError:
            time.sleep(0.001)
    t.close()


for i in range(2):
    c, t = double.serve(s)
    c.sendall(b'GETINFO a\r\n')
    c.shutdown(socket.SHUT_WR)
    read_until(t, b'\n')
    threading.Thread(target=tor_says, args=(t,), daemon=True).start()
    time.sleep(0.05)
    got = read_until(c, b'nothing ends so')
    equal(len(got), len(data), 'a half-closed client gets all of a large reply')
    c.close()
straight = Server(tor=tor)
asked = b'GETINFO info/names config/names\r\n'
c = straight.conn()
c.send(asked[:-2])
whole = len('\r\n'.join(c.reply())) + 2
got = exchange(straight.address, tor.auth + b'\r\n' + asked * 40)
equal(len(got), 8 + 40 * whole, 'of a real tor too')
# A tor that stays silent is told after 2 s; one whose client is gone at once.
c, t = double.serve(s)
begin = time.monotonic()
c.sendall(b'GETINFO a\r\n')
c.shutdown(socket.SHUT_WR)
read_until(t, b'\n')
ok(t.recv(1) == b'' and time.monotonic() - begin > 1.9, 'a half-close reaches a tor that owes a reply and is silent for two seconds', time.monotonic() - begin)
t.sendall(b'250 OK\r\n')
t.close()
equal(read_until(c, b'nothing'), b'250 OK\r\n', 'and what it says then still reaches the client')
took = []
for i in range(5):
    c, t = double.serve(s)
    c.sendall(b'GETINFO a\r\n')
    read_until(t, b'\n')
    begin = time.monotonic()
    c.close()
    said = t.recv(1)
    took.append(time.monotonic() - begin)
ok(said == b'' and min(took) < 1.5, 'a tor whose client is gone is told at once, though it owes a reply', took)
# A client that is slow to read what a tor owes him is not a silent tor.
c, t = double.serve(s)
c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
c.sendall(b'GETINFO a\r\n')
c.shutdown(socket.SHUT_WR)
read_until(t, b'\n')
threading.Thread(target=tor_says, args=(t,), daemon=True).start()
time.sleep(2.5)
equal(len(read_until(c, b'nothing ends so')), len(data), 'a half-closed client that is slow to read gets all of it as well')
done()
