"""old_server.py PROG...: version 3 on descriptors 0 and 1 as it was before KeepOpen. Runs PROG METHOD for each request, the message on its
standard input; its output is the response; the first exit code other than 0 ends the connection. Shares no line with frame-read."""
import socket, struct, subprocess, sys


def whole(n):
    data = stream.read(n)
    if len(data) < n:
        sys.exit(0 if not data else 4)
    return data


connection = socket.socket(fileno=0)
stream = connection.makefile('rb')
code = 0
while not code:
    method = whole(*struct.unpack('>I', whole(4))).decode()
    message = whole(*struct.unpack('>I', whole(4)))
    r = subprocess.run(sys.argv[1:] + [method], input=message, stdout=subprocess.PIPE)
    code = r.returncode
    connection.sendall(struct.pack('>I', len(r.stdout)) + r.stdout)
# What was sent ahead is read and dropped: to close in front of it would reset the connection, and the response might be lost.
connection.shutdown(socket.SHUT_WR)
connection.settimeout(20)
while connection.recv(65536):
    pass
sys.exit(code)
