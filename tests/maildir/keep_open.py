"""KeepOpen, asked of a server that does not know it and of one that does, by a client that does what protocol(7) says: connects again,
and does without."""
import json
from op import *
import client

T = 1700000000
B = Box()
mid = '%d.M1P1.h' % T
B.put(mid + ':2,S', text=b'Subject: x\n\nx\n')
with open(os.path.join(work, 'users'), 'w') as f:
    f.write('joe:{PLAIN}secret\n')
with open(os.path.join(work, 'credentials'), 'wb') as f:
    f.write(client.credentials('joe', 'secret'))
listening = []
OLD = ['/usr/bin/python3', os.path.join(top, 'tests', 'maildir', 'old_server.py')]


def listen(name, *chain):
    """A server of that mailbox, behind a login."""
    path = os.path.join(work, name)
    p = subprocess.Popen(['s6-ipcserver', '-a', '0600', '--', path, 'frame-auth', '-d', '0', 'auth', os.path.join(work, 'users'), *chain],
                         cwd=B.path, stderr=subprocess.DEVNULL)
    listening.append(p)
    # The path is there before somebody listens.
    while p.poll() is None and subprocess.run(['s6-ipcclient', path, 'true'], stderr=subprocess.DEVNULL).returncode:
        time.sleep(.01)
    return path


def stop():
    for p in listening:
        p.terminate()
        p.wait()


atexit.register(stop)


def connect(path):
    c = client.Client(pb, unix=path)
    c.auth('joe', 'secret')
    return c


def at_end(c):
    try:
        return 'end of file' if c.rest() == b'' else 'more'
    except ConnectionResetError:
        return 'reset'


class Careful:
    """What the page tells a client to do."""

    def __init__(self, path):
        self.connections = 1
        self.path, self.c = path, connect(path)
        self.keeps = not self.c.call('KeepOpen').HasField('error')
        if not self.keeps:
            self.again()

    def again(self):
        self.connections += 1
        self.c = connect(self.path)

    def call(self, method, message):
        r = self.c.call(method, message)
        if r.HasField('error') and not self.keeps:
            self.again()
        return self.c.error_name(r) or r.mail_count


def calls(path):
    c = Careful(path)
    said = [c.call('Stats', pb.StatsReq(folder=f)) for f in ('', 'x', '', 'x', '')]
    return said, c.connections


def frame_call(path, *words, request=b''):
    with_credentials = ['sh', '-c', 'exec 3< "$0"; exec "$@"', os.path.join(work, 'credentials')]
    r = subprocess.run(with_credentials + ['s6-ipcclient', path, 'frame-call', '-a', *words], input=request, capture_output=True, timeout=60)
    return r.returncode, r.stdout


# --- maildir-op knows nothing of it ---
code, out, err = B.raw('KeepOpen', b'')
eq((code, pb.KeepOpenResp.FromString(out).error.code), (6, pb.Error.UNSUPPORTED), 'to maildir-op KeepOpen is an unknown method')

# --- an old server ---
servers = {'an old server': listen('old', *OLD, 'maildir-op')}
if os.environ.get('OLD_BIN'):  # a directory with the programs of porter 0.1.0
    older = os.environ['OLD_BIN']
    servers['porter 0.1.0'] = listen('0.1.0', os.path.join(older, 'frame-read'), os.path.join(older, 'frame-write'), os.path.join(older, 'maildir-op'))
for name, path in servers.items():
    for ahead in (True, False):
        c = connect(path)
        before = B.everything()
        c.request('KeepOpen')
        if ahead:
            c.request('Stats')
            c.request('SetFlags', pb.SetFlagsReq(mids=[mid], add='F'))
        r = c.response('KeepOpen')
        eq((pb.Error.Code.Name(r.error.code), at_end(c)), ('UNSUPPORTED', 'end of file'),
           '%s, KeepOpen%s: one UNSUPPORTED, then end of file' % (name, ' and more behind it' if ahead else ''))
        eq(B.everything(), before, 'nothing of what was behind it was carried out')
    c = connect(path)
    for _ in range(2):
        c.request('Stats')
    c.request('Stats', pb.StatsReq(folder='x'))
    c.request('Stats')
    eq(([c.response('Stats').mail_count for _ in range(2)], c.failure(), at_end(c)), ([1, 1], 'INVALID_FOLDER', 'end of file'),
       'connected again, without it: answers, until an error ends the connection')
    eq(calls(path), ([1, 'INVALID_FOLDER', 1, 'INVALID_FOLDER', 1], 4), 'a client as the page has it: each answer, a connection for each error')
    code, out = frame_call(path, 'KeepOpen')
    eq((code, pb.KeepOpenResp.FromString(out).error.code), (6, pb.Error.UNSUPPORTED), 'frame-call KeepOpen: exit 6')
    code, out = frame_call(path, '-j', 'KeepOpen', request=b'{}')
    eq((code, json.loads(out)['error']['code']), (6, 'UNSUPPORTED'), 'frame-call -j KeepOpen: exit 6')
    eq(frame_call(path, '-j', 'Stats', request=b'{}'), (0, b'{"mailCount":"1","byteSize":"14"}\n'), 'frame-call -j Stats: as ever')

# --- one that knows it ---
new = listen('new', 'frame-read', 'frame-write', 'maildir-op')
eq(calls(new), ([1, 'INVALID_FOLDER', 1, 'INVALID_FOLDER', 1], 1), 'the same client at a server that knows KeepOpen: the same answers, one connection')
eq([frame_call(new, 'KeepOpen'), frame_call(new, '-j', 'KeepOpen', request=b'{}')], [(0, b''), (0, b'{}\n')], 'frame-call KeepOpen: exit 0')

# --- messages in JSON: ours that speak it know it; another's need not, or its frame-read may be older than its json-op ---
path = listen('json', *OLD, 'json-op', 'maildir-op')
c = connect(path)
c.request('KeepOpen', b'{}')
c.request('Stats', b'{}')
eq((json.loads(c.response_bytes())['error']['code'], at_end(c)), ('UNSUPPORTED', 'end of file'), 'in JSON: one UNSUPPORTED, then end of file')
c = connect(path)
c.request('Stats', b'{}')
eq(json.loads(c.response_bytes()).get('mailCount'), '1', 'and without it an answer')
code, out = frame_call(path, 'KeepOpen', request=b'{}')
eq((code, json.loads(out)['error']['code']), (6, 'UNSUPPORTED'), 'frame-call KeepOpen, in JSON: exit 6')
done()
