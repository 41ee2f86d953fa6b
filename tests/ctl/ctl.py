"""What the tests of ctlmsg share: TAP, servers that end with the test, a client that knows nothing of ours."""
import atexit, ctypes, os, re, select, shutil, signal, socket, subprocess, sys, tempfile, threading, time

BIN = sys.argv[1] if len(sys.argv) > 1 else 'build/bin'
WORK = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()
CTLMSG = BIN + '/ctlmsg'
SANITIZED = os.environ.get('SANITIZED')  # tap.sh
PATIENCE = 60   # seconds until what should come counts as missing: a busy machine is not an error
count = failed = 0


def ok(good, name, *about):
    global count, failed
    count += 1
    print('%sok %d - %s' % ('' if good else 'not ', count, name), flush=True)
    if not good:
        failed += 1
        for a in about:
            for line in (a if isinstance(a, str) else repr(a)).splitlines()[:20]:
                print('# ' + line[:600], flush=True)
    return good


def equal(got, want, name):
    if got == want:
        return ok(True, name)
    g, w, at = repr(got), repr(want), 0
    if len(g) > 500:
        while g[at:at + 1] == w[at:at + 1]:
            at += 1
        at = max(0, at - 200)
    return ok(False, name, 'got:  ' + g[at:at + 500], 'want: ' + w[at:at + 500])


def skip(name, why):
    global count
    count += 1
    print('ok %d - # SKIP %s: %s' % (count, name, why), flush=True)
    print('# %s leaves out %s: %s' % (os.path.basename(sys.argv[0]), name, why), file=sys.stderr)


def little(held, most, name):
    """That nobody of those takes as many KB."""
    if SANITIZED:
        skip(name, 'the sanitizers take memory of their own')
    else:
        ok(held and max(held) < most, name, held)


def done():
    print('1..%d' % count, flush=True)
    sys.exit(failed != 0)


def wait_until(f, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not f():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def at_once(parts):
    """Calls each in a process of its own, and gives their results in order, as if they had been called one by one."""
    global count, failed
    sys.stdout.flush()
    running = []
    for part in parts:
        said = tempfile.TemporaryFile('w+')
        pid = os.fork()
        if not pid:
            code = 1
            try:
                os.dup2(said.fileno(), 1)
                adopt()
                children.clear()    # those are the parent's to stop
                part()
                code = 0
            except BaseException:
                import traceback
                traceback.print_exc()
            finally:
                stop_all()
                sys.stdout.flush()
                os._exit(code)
        running.append((pid, said))
    for pid, said in running:
        code = os.waitpid(pid, 0)[1]
        said.seek(0)
        for line in said:
            m = re.match(r'(not )?ok \d+ - (.*)', line)
            if m:
                count += 1
                failed += m.group(1) is not None
                line = '%sok %d - %s\n' % (m.group(1) or '', count, m.group(2))
            sys.stdout.write(line)
        sys.stdout.flush()
        if code:
            ok(False, 'a part of the test that runs in a process of its own')


children = []


def adopt():
    """Who loses his parent becomes this process's child: so that stop() can wait for all, and no zombie is left to others."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


adopt()


def start(argv, **kw):
    """A program that is stopped, with all it started, when the test ends."""
    p = subprocess.Popen(argv, start_new_session=True, **kw)
    children.append(p)
    return p


def stop(p):
    try:
        os.killpg(p.pid, signal.SIGTERM)
        os.killpg(p.pid, signal.SIGCONT)
    except ProcessLookupError:
        pass
    p.wait()
    try:
        while True:
            os.waitpid(-p.pid, 0)  # what it started
    except ChildProcessError:
        pass
    if p in children:
        children.remove(p)


@atexit.register
def stop_all():
    for p in list(children):
        stop(p)


def connectable(address):
    try:
        connect(address).close()
        return True
    except OSError:
        return False


def connect(address):
    if isinstance(address, str):
        s = socket.socket(socket.AF_UNIX)
    else:
        s = socket.socket(socket.AF_INET)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.connect(address)
    return s


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


numbers = iter(range(1, 1 << 30))


def path(name):
    """One that nothing has: parts that run at once begin with the same numbers."""
    return '%s/%s.%d-%d' % (WORK, name, os.getpid(), next(numbers))


def state():
    """A state directory to be, in a directory of its own: so it can be made anew when it was removed."""
    around = path('run')
    os.mkdir(around)
    return around + '/state'


class Tor:
    """A tor that never goes near a network."""

    def __init__(self, *lines):
        for tries in range(5):
            self.dir = path('tor')
            os.mkdir(self.dir, 0o700)
            self.socket = self.dir + '/control'
            self.port = ('127.0.0.1', free_port())
            open(self.dir + '/defaults', 'w').close()
            with open(self.dir + '/torrc', 'w') as f:
                f.write('\n'.join(['DataDirectory ' + self.dir, 'DisableNetwork 1', 'SocksPort 0', 'ControlSocket ' + self.socket,
                                   'ControlPort 127.0.0.1:%d' % self.port[1], 'CookieAuthentication 1',
                                   'Log notice file %s/log' % self.dir] + list(lines)) + '\n')
            self.process = start(['tor', '--defaults-torrc', self.dir + '/defaults', '-f', self.dir + '/torrc'],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if wait_until(lambda: connectable(self.socket) or self.process.poll() is not None) and self.process.poll() is None:
                break
        self.cookie_file = self.dir + '/control_auth_cookie'
        self.cookie = b''
        if 'CookieAuthentication 0' not in lines:
            # It is written after the socket is there.
            wait_until(lambda: os.path.exists(self.cookie_file) and os.path.getsize(self.cookie_file) == 32)
            self.cookie = open(self.cookie_file, 'rb').read()
        self.auth = b'AUTHENTICATE ' + self.cookie.hex().encode()


class Double:
    """A tor of which every byte is ours: accepts one connection at a time and gives it to the test."""

    def __init__(self):
        self.socket = path('double')
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        self.listener.listen(64)
        self.auth = b'AUTHENTICATE'

    def accept(self):
        s = self.listener.accept()[0]
        s.settimeout(PATIENCE)
        return s

    def serve(self, server):
        """A client of that server, authenticated, and what it has of tor."""
        c = connect(server.address)
        c.settimeout(PATIENCE)
        t = self.accept()
        c.sendall(b'AUTHENTICATE\r\n')
        read_until(t, b'\n')
        t.sendall(b'250 OK\r\n')
        read_until(c, b'250 OK\r\n')
        return c, t


def read_until(s, end):
    got = b''
    while not got.endswith(end):
        more = s.recv(65536)
        if not more:
            break
        got += more
    return got


def wipe(statedir):
    """At once, as far as others see: who finds a part of it gone clears away the rest himself, and may be faster than we."""
    gone = path('gone')
    os.rename(statedir, gone)
    while os.path.exists(gone):
        shutil.rmtree(gone, ignore_errors=True)


class Server:
    """ctlmsg behind s6-ipcserver (tcp: tcpserver), alone or in front of tor (tor_tcp: reached over TCP; itself: by ctlmsg itself)."""

    def __init__(self, statedir=None, tor=None, options=(), tcp=False, tor_tcp=False, itself=False, limit=600, env=None, wrap=()):
        self.statedir = statedir or state()
        self.auth = tor.auth if tor else b'AUTHENTICATE'
        self.err = path('err')
        program = [CTLMSG, '-f'] + (['-s', tor.socket] if itself else []) if tor else [CTLMSG]
        program = list(wrap) + program + list(options) + [self.statedir]
        if tor and not itself:
            program = (['tcpclient', '-H', '-R', '-l', '0', tor.port[0], str(tor.port[1])] if tor_tcp
                       else ['s6-ipcclient', '-l', '0', '--', tor.socket]) + program
        for tries in range(5):
            if tcp:
                self.address = ('127.0.0.1', free_port())
                server = ['tcpserver', '-H', '-R', '-l', '0', '-c', str(limit), '-b', '128', '127.0.0.1', str(self.address[1])]
            else:
                self.address = path('socket')
                server = ['s6-ipcserver', '-c', str(limit), '-C', str(limit), '-b', '128', '--', self.address]
            self.process = start(server + program, stderr=open(self.err, 'w'), env=dict(os.environ, **(env or {})))
            if wait_until(lambda: connectable(self.address) or self.process.poll() is not None) and self.process.poll() is None:
                break

    def conn(self, name=None, listen=False):
        c = Conn(self.address)
        c.ask(self.auth)
        if name:
            c.want('CONTROLLERNAME ' + name)
        if listen:
            c.want('SETEVENTS POSTMESSAGE')
        return c

    def stop(self):
        stop(self.process)


def living(statedir):
    """The processes of the connections that a state directory has, by pid."""
    pids = []
    for pid in subprocess.run(['pgrep', '-x', 'ctlmsg'], stdout=subprocess.PIPE).stdout.split():
        try:
            if statedir in open('/proc/%d/cmdline' % int(pid)).read().split('\0'):
                pids.append(int(pid))
        except OSError:
            pass
    return pids


def memory(statedir, kind='Anonymous'):
    """KB of each of them, as smaps_rollup has it."""
    sizes = []
    for pid in living(statedir):
        try:
            sizes += [int(l.split()[1]) for l in open('/proc/%d/smaps_rollup' % pid) if l.startswith(kind + ':')]
        except OSError:
            pass
    return sizes


class Closed(Exception):
    pass


class Conn:
    """One client. Replies and events are told apart as control-spec 2.3 says, and an event inside a reply is an error."""

    def __init__(self, address):
        self.socket = connect(address) if not isinstance(address, socket.socket) else address
        self.buffer = b''
        self.events = []

    def close(self):
        self.socket.close()

    def send(self, line):
        self.socket.sendall((line if isinstance(line, bytes) else line.encode('latin-1')) + b'\r\n')

    def line(self, timeout=PATIENCE):
        end = time.monotonic() + timeout
        while b'\n' not in self.buffer:
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            more = self.socket.recv(65536)
            if not more:
                raise Closed(self.buffer)
            self.buffer += more
        line, self.buffer = self.buffer.split(b'\n', 1)
        assert line.endswith(b'\r'), line
        return line[:-1].decode('latin-1')

    def message(self, timeout=PATIENCE):
        """A whole reply or event: its lines."""
        lines = []
        while True:
            line = self.line(timeout)
            lines.append(line)
            assert re.match(r'\d\d\d[-+ ]', line) and line[:3] == lines[0][:3] or lines[0][:3] == '552', (line, lines)
            if line[3] == '+':
                while lines[-1] != '.':
                    lines.append(self.line(timeout))
            elif line[3] == ' ':
                return lines

    def reply(self, timeout=PATIENCE):
        while True:
            m = self.message(timeout)
            if not m[0].startswith('650'):
                return m
            self.events.append(m[0])

    def ask(self, line, timeout=PATIENCE):
        self.send(line)
        return self.reply(timeout)

    def want(self, line, reply='250 OK'):
        got = self.ask(line)
        if got != [reply]:
            raise AssertionError('%s: %r' % (line, got))

    def event(self, timeout=PATIENCE):
        """The next event; None: there was none in that time."""
        if self.events:
            return self.events.pop(0)
        try:
            m = self.message(timeout)
        except (socket.timeout, TimeoutError):
            return None
        assert m[0].startswith('650'), m
        return m[0]

    def info(self, *keys):
        """The values of GETINFO, a list of lines for those of several lines."""
        m = self.ask('GETINFO ' + ' '.join(keys))
        if not m[-1].startswith('250'):
            return m
        values, i = [], 0
        while i < len(m) - 1:
            if m[i][3] == '+':
                end = m.index('.', i)
                values.append(m[i + 1:end])
                i = end + 1
            else:
                values.append(m[i].split('=', 1)[1])
                i += 1
        return values[0] if len(keys) == 1 else values

    def closed(self, timeout=PATIENCE):
        """Whether the server closes, and nothing more comes."""
        self.socket.settimeout(timeout)
        try:
            return self.buffer == b'' and self.socket.recv(1) == b''
        except ConnectionResetError:
            return True
        except (socket.timeout, TimeoutError):
            return False


def direct(statedir, options=('-r', '0')):
    """A ctlmsg that this test started itself, without a server: a connection, authenticated, with its process."""
    ours, theirs = socket.socketpair()
    p = start([CTLMSG] + list(options) + [statedir], stdin=theirs, stdout=theirs)
    theirs.close()
    c = Conn(ours)
    c.process = p
    c.want('AUTHENTICATE')
    return c


def exchange(address, data, half=True, timeout=PATIENCE, until=None):
    """All bytes that come back for these, up to the server's close."""
    s = connect(address)
    s.settimeout(timeout)
    out = b''

    def send():
        try:
            s.sendall(data)
            if half:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # what it said before it closed is still to be read

    sender = threading.Thread(target=send)
    sender.start()
    try:
        while True:
            more = s.recv(65536)
            if not more:
                return out
            out += more
            if until and out.endswith(until):
                s.sendall(b'QUIT\r\n')
    except (socket.timeout, TimeoutError):
        return out + b'<open>'
    except (ConnectionResetError, BrokenPipeError):
        return out
    finally:
        sender.join()
        s.close()
