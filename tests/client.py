"""A client of version 3 that shares no line with ours: python3-protobuf on maildir.proto.

As a module:
    import client
    pb = client.load("src/proto/maildir.proto")            # generates the classes into a temporary directory
    c = client.Client(pb, unix=PATH)                       # or tcp=(HOST, PORT), or fds=(IN, OUT)
    c.auth("user", "password")                             # sends the Auth frame; success has no answer
    resp = c.call("List", pb.ListReq(end=3))               # one request, its response
    c.request("Stats", pb.StatsReq()); c.response("Stats") # the same in two steps, for pipelining
    c.raw(b"..."); c.half_close(); c.rest()                # bytes as they are; end of sending; all until end of file
    c.slowly(b"...", seconds)                              # a byte at a time

As a program: one call, the response in protobuf's text format; exits 3 where the response has an error.
    client.py (--unix PATH | --tcp PORT) [--user U --password P] METHOD [TEXT-FORMAT-OF-THE-REQUEST]
"""

import argparse
import atexit
import importlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src", "proto", "maildir.proto")


def load(proto=PROTO):
    directory = tempfile.mkdtemp(prefix="porter-proto.")
    atexit.register(shutil.rmtree, directory, True)
    subprocess.run(["protoc", "--python_out=" + directory, "--proto_path=" + os.path.dirname(proto), proto], check=True)
    sys.path.insert(0, directory)
    try:
        return importlib.import_module("maildir_pb2")
    finally:
        sys.path.remove(directory)


def frame(method, message):
    method = method.encode() if isinstance(method, str) else method
    if not isinstance(message, bytes):
        message = message.SerializeToString()
    return struct.pack(">I", len(method)) + method + struct.pack(">I", len(message)) + message


def credentials(user, password, challenge=None):
    fields = [user, password] + ([] if challenge is None else [challenge])
    return b"".join((f.encode() if isinstance(f, str) else f) + b"\0" for f in fields)


class Closed(Exception):
    """End of file where a response should have been, or inside one (then the argument is what had come)."""


class Client:
    def __init__(self, pb, unix=None, tcp=None, fds=None, timeout=60):
        self.pb = pb
        self.fds = fds
        if fds:
            return
        self.socket = socket.socket(socket.AF_UNIX if unix else socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(unix if unix else tcp)

    def raw(self, data):
        if self.fds:
            while data:
                data = data[os.write(self.fds[1], data):]
        else:
            self.socket.sendall(data)

    def slowly(self, data, seconds):
        for i in range(len(data)):
            self.raw(data[i:i + 1])
            time.sleep(seconds)

    def half_close(self):
        if self.fds:
            os.close(self.fds[1])
        else:
            self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        if not self.fds:
            self.socket.close()

    def read(self, n):
        got = b""
        while len(got) < n:
            piece = os.read(self.fds[0], n - len(got)) if self.fds else self.socket.recv(min(n - len(got), 1 << 20))
            if not piece:
                raise Closed(got)
            got += piece
        return got

    def rest(self):
        """Everything until end of file. A reset is an error (ConnectionResetError)."""
        got = b""
        while True:
            piece = os.read(self.fds[0], 65536) if self.fds else self.socket.recv(65536)
            if not piece:
                return got
            got += piece

    def auth(self, user, password, challenge=None):
        self.raw(frame("Auth", credentials(user, password, challenge)))

    def request(self, method, message=b""):
        self.raw(frame(method, message))

    def response_bytes(self):
        return self.read(struct.unpack(">I", self.read(4))[0])

    def response(self, method="Failure"):
        kind = getattr(self.pb, method + "Resp", self.pb.Failure)
        return kind.FromString(self.response_bytes())

    def call(self, method, message=b""):
        self.request(method, message)
        return self.response(method)

    def failure(self):
        """The name of the next response's error, '' where it has none."""
        return self.error_name(self.pb.Failure.FromString(self.response_bytes()))

    def error_name(self, response):
        return self.pb.Error.Code.Name(response.error.code) if response.HasField("error") else ""


def main():
    from google.protobuf import text_format
    parser = argparse.ArgumentParser()
    parser.add_argument("--unix")
    parser.add_argument("--tcp", type=int)
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("method")
    parser.add_argument("request", nargs="?", default="")
    args = parser.parse_args()
    pb = load()
    c = Client(pb, unix=args.unix, tcp=("127.0.0.1", args.tcp) if args.tcp else None)
    if args.user is not None:
        c.auth(args.user, args.password)
    response = c.call(args.method, text_format.Parse(args.request, getattr(pb, args.method + "Req")()))
    sys.stdout.write(text_format.MessageToString(response, as_utf8=True))
    sys.exit(3 if response.HasField("error") else 0)


if __name__ == "__main__":
    main()
