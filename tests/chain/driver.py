"""Cases for a whole chain behind a server; prints a line "CODE NAME" for each, CODE 0 where it went well.

driver.py GROUP LOG (unix PATH | tcp PORT) [ARG...]
LOG is where tests/stub/log-exit writes the chain's exit codes.
"""
import os
import socket
import struct
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import client  # noqa: E402

pb = client.load()
group, log, kind, where = sys.argv[1:5]
args = sys.argv[5:]
where = {"unix": where} if kind == "unix" else {"tcp": ("127.0.0.1", int(where))}
A = ("a@ex.org", "secret of a")


def connect(timeout=60):
    return client.Client(pb, timeout=timeout, **where)


def codes():
    with open(log) as f:
        return f.read().split()


def check(good, what):
    if not good:
        raise AssertionError(what)


def equal(got, want):
    check(got == want, "got %r, want %r" % (got, want))


def case(name, code, body):
    """body gets a connection; then the chain must end with code, and with no other line in the log."""
    seen = len(codes())
    try:
        c = connect()
        body(c)
        c.close()
        if code is not None:
            end = time.time() + 60
            while len(codes()) == seen:
                check(time.time() < end, "the chain did not end")
                time.sleep(0.005)
            equal(codes()[seen:], [str(code)])
        print("0", "%s: %s" % (kind, name))
    except Exception:
        print("1", "%s: %s" % (kind, name))
        print("#", traceback.format_exc().replace("\n", "\n# "))
    sys.stdout.flush()


def fails(error):
    """The next response is that error, and then there is end of file, not a reset."""
    def look(c):
        equal(c.failure(), error)
        equal(c.rest(), b"")
    return look


def sends(data, error, half_close=False, user=A):
    def body(c):
        if user:
            c.auth(*user)
        c.raw(data)
        if half_close:
            c.half_close()
        if error:
            fails(error)(c)
        else:
            equal(c.rest(), b"")
    return body


def frame(method, message=b""):
    return client.frame(method, message)


def word(n):
    return struct.pack(">I", n)


AUTH = frame("Auth", client.credentials(*A))
BEHIND = frame("Folders") * 20 + frame("Stats", b"\0" * 1000000) * 4


def good():
    def three(c):
        c.auth(*A)
        equal(list(c.call("Folders", pb.FoldersReq()).folders), [])
        equal(c.call("Stats", pb.StatsReq()).mail_count, 2)
        check(c.call("Capabilities", pb.CapabilitiesReq()).version, "a version")
        c.half_close()
        equal(c.rest(), b"")
    case("Auth and three requests", 0, three)

    def pipelined(c):
        c.raw(AUTH + frame("Stats") + frame("Folders") + frame("Stats", pb.StatsReq(folder="")))
        c.half_close()
        equal(c.response("Stats").mail_count, 2)
        equal(c.failure(), "")
        equal(c.response("Stats").mail_count, 2)
        equal(c.rest(), b"")
    case("everything at once, then half closed", 0, pipelined)

    def pieces(c):
        c.slowly(AUTH + frame("Stats"), 0.002)
        equal(c.response("Stats").mail_count, 2)
        c.half_close()
        equal(c.rest(), b"")
    case("a byte at a time", 0, pieces)

    def cased(c):
        c.auth("A@EX.org", A[1])
        equal(c.call("Stats").mail_count, 2)
        c.half_close()
    case("a name in other letter case is the file's", 0, cased)

    def nothing(c):
        c.half_close()
        equal(c.rest(), b"")
    case("end of file before anything", 0, nothing)
    case("end of file behind Auth", 0, lambda c: (c.auth(*A), nothing(c)))

    def full(c):
        used = len(client.credentials(*A))
        c.auth(*A, challenge="x" * (512 - used - 1))
        equal(c.call("Stats").mail_count, 2)
        c.half_close()
    case("512 octets of credentials", 0, full)

    def megabyte(c):
        # An unknown field, as a newer client might send: it comes through a memfd, and is read to its end.
        c.auth(*A)
        n = (1 << 20) - 4
        message = b"\xfa\x7d" + bytes([n & 127 | 128, n >> 7 & 127 | 128, n >> 14]) + b"x" * n
        message = message[:1 << 20]
        n = len(message) - 5
        message = b"\xfa\x7d" + bytes([n & 127 | 128, n >> 7 & 127 | 128, n >> 14]) + b"x" * n
        equal(len(message), 1 << 20)
        equal(c.call("Stats", message).mail_count, 2)
        c.half_close()
    case("a message of exactly the limit", 0, megabyte)


def credentials():
    def refused(name, user, password, error="REFUSED", code=1):
        case(name, code, sends(BEHIND, error, user=(user, password)))
    refused("a wrong password, requests behind it", A[0], "wrong")
    refused("an empty password", A[0], "")
    refused("an empty user", "", "x")
    refused("an unknown user", "nobody@ex.org", "x")
    refused("a locked user", "locked@ex.org", "secret of a")
    refused("a user with nologin", "nologin@ex.org", "secret of a")
    refused("a user with allow_nets", "nets@ex.org", "secret of a")
    refused("a user without a password", "none@ex.org", "")
    refused("a password with more behind it", A[0], A[1] + "x")
    refused("a hash as the password", A[0], args[0])
    refused("another's password", "b@ex.org", A[1])
    for name, payload in (
            ("no credentials", b""), ("one NUL", b"a@ex.org\0"), ("a NUL too few", b"a@ex.org\0" + A[1].encode()),
            ("a challenge without its NUL", client.credentials(*A) + b"x"), ("513 octets", client.credentials("a", "b" * 510)),
            ("4 GiB announced", None)):
        data = word(4) + b"Auth" + word(2 ** 32 - 1) if payload is None else frame("Auth", payload)
        case("credentials: " + name, 4, sends(data + BEHIND, "BAD_REQUEST", user=None))
    first()
    for n in (1, 3, 4, 6, 8, 11, 12, 13, len(AUTH) - 1):
        case("an Auth frame cut after %d octets" % n, 4, sends(AUTH[:n], "BAD_REQUEST", half_close=True, user=None))


def first():
    for name, data in (
            ("Stats", frame("Stats")), ("auth", frame("auth", client.credentials(*A))), ("a method of no bytes", word(0) + word(0)),
            ("a method of 2^32-1 bytes", word(2 ** 32 - 1)), ("HTTP", b"GET / HTTP/1.0\r\n\r\n"),
            ("a method of 65 bytes", frame("A" * 65))):
        case("a first frame that is no Auth: " + name, 4, sends(data + BEHIND, "BAD_REQUEST", user=None))


def mailboxes():
    def no_mailbox(name, user):
        case(name, 5, sends(BEHIND, "NO_MAILBOX", user=(user, "secret of a")))
    no_mailbox("an account that is root", "root@ex.org")
    no_mailbox("a uid of -1", "minus@ex.org")
    no_mailbox("no uid", "nouid@ex.org")
    no_mailbox("a user that is ..", "..@ex.org")
    no_mailbox("a user that is .", ".@ex.org")
    no_mailbox("a user with a slash", "a/b@ex.org")
    no_mailbox("a domain that is ..", "a@..")
    no_mailbox("a domain with slashes", "a@../../etc")
    no_mailbox("a user with a control byte", "c\x01@ex.org")
    no_mailbox("no domain", "a")
    no_mailbox("nothing before the @", "@ex.org")
    no_mailbox("a mailbox that is a link", "link@ex.org")
    no_mailbox("a domain that is a link", "a@link.org")
    no_mailbox("a mailbox that is not there", "gone@ex.org")
    no_mailbox("a mailbox that is a file", "file@ex.org")
    no_mailbox("a directory that is no Maildir", "half@ex.org")
    no_mailbox("a Maildir whose cur is a link", "curlink@ex.org")
    no_mailbox("a mailbox of somebody else", "b@ex.org")


def frames():
    def bad(name, data, error="BAD_REQUEST", code=4):
        case(name, code, sends(data + BEHIND, error))

    def cut(name, data):
        case(name, 4, sends(data, "BAD_REQUEST", half_close=True))
    stats = frame("Stats", b"\x0a\x01x")
    for n in (1, 3, 4, 8, 9, 12, 13, len(stats) - 1):
        cut("a request cut after %d octets" % n, stats[:n])
    move = frame("Move", pb.MoveReq(mids=["1000000001.M1P1.host"], to_folder="Elsewhere"))
    for n in (len("Elsewhere") + 2, len("Elsewhere"), 1):
        cut("a Move that would still decode without its last %d octets" % n, move[:-n])
    cut("a long message cut", word(5) + b"Stats" + word(1 << 20) + b"x" * 100000)
    bad("a method of no bytes", word(0) + word(0))
    bad("a method of 65 bytes", frame("A" * 65))
    bad("a method of 2^32-1 bytes", word(2 ** 32 - 1))
    for method in (b"1Stats", b"_Stats", b"Sta ts", b"Stats\n", b"Stats\0", b"St\xc3\xa4ts", b"../Stats", b"-Stats"):
        bad("a method %r" % method, frame(method))
    case("a message longer than the limit, announced but not sent", 4, sends(word(5) + b"Stats" + word((65 << 20) + 1), "BAD_REQUEST"))
    bad("a message of 2^32-1 octets", word(5) + b"Stats" + word(2 ** 32 - 1))
    bad("what is no protobuf", frame("Stats", b"\xff\xff\xff"))
    bad("an unknown method", frame("A" * 64), "UNSUPPORTED", 6)
    bad("an unknown folder", frame("Stats", pb.StatsReq(folder="Nowhere")), "INVALID_FOLDER", 3)

    def not_carried_out(c):
        c.auth(*A)
        c.raw(frame("Folders") + frame("Stats", pb.StatsReq(folder="Nowhere")) + frame("AddFolder", pb.AddFolderReq(name="Made")))
        equal(c.failure(), "")
        fails("INVALID_FOLDER")(c)
    case("a request behind a failing one is not carried out", 3, not_carried_out)

    def second_auth(c):
        c.auth(*A)
        c.auth("b@ex.org", "secret of b")
        fails("UNSUPPORTED")(c)
    case("Auth again", 6, second_auth)

    def leaves(c):
        c.auth(*A)
        c.raw(frame("Stats")[:7])
    case("a client that closes inside a request", 4, leaves)

    def leaves_early(c):
        c.auth(*A)
        c.raw(frame("Stats") * 50)
        c.read(2)
    case("a client that closes inside a response", None, leaves_early)


def patience():
    """Servers with -t 1 everywhere."""
    def silent(c):
        equal(c.rest(), b"")
    case("silence from the start", 4, silent)
    case("silence inside Auth", 4, lambda c: (c.raw(AUTH[:10]), fails("BAD_REQUEST")(c)))

    def drip(data, first=b""):
        def body(c):
            c.raw(first)
            for i in range(len(data)):
                try:
                    c.raw(data[i:i + 1])
                except OSError:
                    break
                c.socket.settimeout(0.25)
                try:
                    if c.socket.recv(1, socket.MSG_PEEK) or True:
                        break
                except socket.timeout:
                    pass
            c.socket.settimeout(60)
            fails("BAD_REQUEST")(c)
            check(i < len(data) - 1, "in time: before the last octet")
        return body
    case("Auth a byte a quarter second", 4, drip(AUTH))
    case("a request a byte a quarter second", 4, drip(frame("Stats", b"x" * 100), AUTH))
    case("silence behind Auth", 4, lambda c: (c.raw(AUTH), silent(c)))

    def one_then_silence(c):
        c.raw(AUTH + frame("Stats"))
        equal(c.failure(), "")
        silent(c)
    case("silence behind a request", 4, one_then_silence)
    case("silence inside a request", 4, lambda c: (c.raw(AUTH + frame("Stats", b"abc")[:-1]), fails("BAD_REQUEST")(c)))


def big():
    """Servers with frame-write -t 4 and big-op, whose every response has 8 MiB. Nobody else is impatient."""
    def whole(c):
        c.raw(AUTH + frame("Stats") + frame("Stats"))
        equal(len(c.response_bytes()), 8388608)
        equal(len(c.response_bytes()), 8388608)
        c.half_close()
        equal(c.rest(), b"")
    case("two responses of 8 MiB", 0, whole)

    def never_reads(c):
        c.raw(AUTH + frame("Stats") * 3)
        seen = len(codes())
        while len(codes()) == seen:
            time.sleep(0.01)
        got = c.rest()
        check(4 < len(got) < 8388612, "a part of one response, and nothing else: %d" % len(got))
    case("a client that never reads", 4, never_reads)

    def slow_reader(c):
        c.raw(AUTH + frame("Stats"))
        c.half_close()
        got = 0
        while got < 8388612:
            got += len(c.read(min(400000, 8388612 - got)))
            time.sleep(0.1)
        equal(c.rest(), b"")
    case("a client that reads slowly gets everything", 0, slow_reader)

    def leaves(c):
        c.raw(AUTH + frame("Stats") * 3)
        c.read(100000)
    case("a client that closes inside a response", 4, leaves)


def crowd():
    """100 connections at once: all are open and authenticated before the first one asks."""
    n, results = 100, []
    gate = threading.Barrier(n, timeout=150)

    def one(i):
        try:
            c = connect(150)
            c.auth(*A)
            equal(c.call("Stats").mail_count, 2)
            gate.wait()
            c.request("Stats")
            c.request("Folders")
            equal(c.response("Stats").mail_count, 2)
            equal(c.failure(), "")
            c.half_close()
            equal(c.rest(), b"")
            c.close()
            results.append("")
        except Exception as e:
            gate.abort()
            results.append(repr(e))
    threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    bad = [r for r in results if r]
    print("1" if bad or len(results) != n else "0", "%s: 100 connections at once" % kind)
    for r in bad[:5]:
        print("#", r)


def proc_tree(root):
    """pid -> (parent, uids, gids) of all that descend from root."""
    table = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/status" % pid) as f:
                s = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
            table[int(pid)] = (int(s["PPid"]), s["Uid"].split(), s["Gid"].split(), s["Name"], s["State"], s["Groups"].split())
        except (OSError, KeyError):
            pass
    tree, grown = {root}, True
    while grown:
        more = {p for p, v in table.items() if v[0] in tree} - tree
        grown = bool(more)
        tree |= more
    return {p: table[p] for p in tree - {root} if p in table}


def process():
    """Looks at the processes of a connection; the server's pid, the account's uid and gid, and the password are arguments."""
    server, uid, gid = int(args[0]), args[1], args[2]

    def look(c):
        c.auth(*A)
        equal(c.call("Stats").mail_count, 2)
        # The response comes before the process that sent it has gone.
        for _ in range(6000):
            tree = proc_tree(server)
            names = sorted(v[3] for v in tree.values())
            if names == ["frame-auth", "frame-read"]:
                break
            time.sleep(0.01)
        equal(names, ["frame-auth", "frame-read"])
        for v in tree.values():
            want = ("65534", "65534") if v[3] == "frame-auth" else (uid, gid)
            equal((set(v[1]), set(v[2]), set(v[5])), ({want[0]}, {want[1]}, {want[1]}))
        secrets = (A[1].encode(),)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for what in ("cmdline", "environ"):
                try:
                    with open("/proc/%s/%s" % (pid, what), "rb") as f:
                        text = f.read()
                except OSError:
                    continue
                if int(pid) != os.getpid():
                    check(not any(s in text for s in secrets), "password in /proc/%s/%s" % (pid, what))
        for pid in tree:
            fds = sorted(int(fd) for fd in os.listdir("/proc/%d/fd" % pid))
            want = [0, 1, 2] if tree[pid][3] == "frame-read" else None
            check(want is None or [fd for fd in fds if fd < 10] == want, "descriptors of frame-read: %r" % fds)
        for pid in tree:
            check(not memory_has(pid, A[1].encode()), "password in the memory of %s" % tree[pid][3])
        c.half_close()
        equal(c.rest(), b"")
    case("nobody is root, nobody shows the password", None, look)

    end = time.time() + 60
    while proc_tree(server) and time.time() < end:
        time.sleep(0.01)
    left = proc_tree(server)
    print("1" if left else "0", "%s: nothing is left behind, no zombie %s" % (kind, left or ""))


def memory_has(pid, secret):
    try:
        with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
            for line in maps:
                span, mode = line.split()[:2]
                if "w" not in mode:
                    continue
                start, stop = (int(x, 16) for x in span.split("-"))
                if stop - start > 1 << 30:
                    continue  # the shadow of the sanitizers
                try:
                    mem.seek(start)
                    if secret in mem.read(stop - start):
                        return True
                except (OSError, ValueError, OverflowError):
                    pass
    except OSError:
        pass
    return False


{"good": good, "credentials": credentials, "first": first, "mailboxes": mailboxes, "frames": frames, "patience": patience, "big": big,
 "crowd": crowd, "process": process}[group]()
