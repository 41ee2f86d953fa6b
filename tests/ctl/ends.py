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
done()
