"""A client of varlink that shares no line with ours, and no library: sockets, json and what varlink.org says.

    c = Varlink(unix=PATH)                       # or fds=(IN, OUT), or argv=[...] for a server on two pipes, or on one socket (one=True)
    c.call('org.varlink.service.GetInfo')        # the reply's parameters; an error is raised as Refused(name, parameters)
    c.send(method, parameters, oneway=True)      # without a reply
    c.reply()                                    # the next reply, whole, as it came; None at end of file
    c.raw(b'...'); c.half_close(); c.rest()      # octets as they are; end of sending; all until end of file
As a program: varlink_client.py PATH METHOD [PARAMETERS], Init included where INIT holds its parameters.
"""
import json
import os
import socket
import subprocess
import sys

SERVICE = 'org.varlink.service'
MAIL = 'de.jmhoffmann.jwebmail.mail-storage'


class Refused(Exception):
    def __init__(self, name, parameters):
        super().__init__('%s %r' % (name, parameters))
        self.name = name
        self.parameters = parameters


class Varlink:
    def __init__(self, unix=None, fds=None, argv=None, one=False, timeout=60, **more):
        self.buffer = bytearray()
        self.process = None
        self.socket = None
        if argv:
            if one:
                self.socket, theirs = socket.socketpair()
                self.process = subprocess.Popen(argv, stdin=theirs, stdout=theirs, **more)
                theirs.close()
            else:
                self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more)
                fds = (self.process.stdout.fileno(), self.process.stdin.fileno())
        elif unix:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(unix)
        self.fds = fds

    def raw(self, data):
        if self.socket:
            self.socket.sendall(data)
        else:
            while data:
                data = data[os.write(self.fds[1], data):]

    def piece(self):
        return self.socket.recv(65536) if self.socket else os.read(self.fds[0], 65536)

    def half_close(self):
        if self.socket:
            self.socket.shutdown(socket.SHUT_WR)
        elif self.process:
            self.process.stdin.close()
        else:
            os.close(self.fds[1])

    def end(self):
        """Hangs up; the exit code of a server that was started here."""
        if self.socket:
            self.socket.close()
        if not self.process:
            return None
        for f in (self.process.stdin, self.process.stdout):
            if f and not f.closed:
                f.close()
        return self.process.wait(60)

    def message(self):
        """The octets before the next NUL; None at end of file. What is left without a NUL is an error."""
        seen = 0
        while True:
            at = self.buffer.find(b'\0', seen)
            if at >= 0:
                message = bytes(self.buffer[:at])
                del self.buffer[:at + 1]
                return message
            seen = len(self.buffer)
            more = self.piece()
            if not more:
                if self.buffer:
                    raise EOFError('the reply broke off: %r' % self.buffer[:200])
                return None
            self.buffer += more

    def rest(self):
        while True:
            more = self.piece()
            if not more:
                return bytes(self.buffer)
            self.buffer += more

    def send(self, method, parameters=None, **flags):
        call = {'method': method, **flags}
        if parameters is not None:
            call['parameters'] = parameters
        self.raw(json.dumps(call).encode() + b'\0')

    def reply(self):
        message = self.message()
        if message is None:
            return None
        reply = json.loads(message.decode('utf-8'))
        if not isinstance(reply, dict) or set(reply) - {'parameters', 'error', 'continues'} or not isinstance(reply.get('parameters'), dict):
            raise ValueError('no reply: %r' % message[:200])
        return reply

    def call(self, method, parameters=None, **flags):
        self.send(method, parameters, **flags)
        reply = self.reply()
        if reply is None:
            raise EOFError('no reply')
        if 'error' in reply:
            raise Refused(reply['error'], reply['parameters'])
        return reply['parameters']


def main():
    c = Varlink(unix=sys.argv[1])
    if 'INIT' in os.environ:
        c.call(MAIL + '.Init', json.loads(os.environ['INIT']))
    try:
        print(json.dumps(c.call(sys.argv[2], json.loads(sys.argv[3]) if len(sys.argv) > 3 else None)))
    except Refused as e:
        sys.exit('%s %s' % (e.name, json.dumps(e.parameters)))


if __name__ == '__main__':
    main()
