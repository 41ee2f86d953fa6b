"""Hosts that share a mailbox by NFS: HOST is maildir-op on one of them, started EARLIER seconds before this machine."""
from held import *

BOX = Box('shared')
BOX.folder('.A')


def call(host, method, options=(), **fields):
    """host: when it was started; None is a program on the server itself, to which the file system is its own."""
    program = [os.environ['HOST'] if host is not None else os.path.join(bin_dir, 'maildir-op'), *options, method]
    p = subprocess.run(program, input=getattr(pb, method + 'Req')(**fields).SerializeToString(), cwd=BOX.path, env={**os.environ, 'EARLIER': str(host)}, stdout=subprocess.PIPE, check=True)
    return getattr(pb, method + 'Resp').FromString(p.stdout)


def told(host, state):
    r = call(host, 'Changes', state=state)
    return r.reset or [(c.mid, pb.Change.Kind.Name(c.kind)) for c in r.changes]


def kept(file, at):
    with open(os.path.join(BOX.path, file), 'rb') as f:
        return f.read()[at:at + 8]


# --- states and threads are the same on all of them ---
first = call(0, 'FolderInfo', state=True).state
eq(call(3600, 'Wait', state=first, seconds=0).changed, False, 'a state that one host gave is the state on another')
mid = call(3600, 'Append', folder='A', octets=b'Subject: x\n\nbody\n').mid
eq([told(host, first) for host in (3600, 0, 86400)], [[(mid, 'NEW')]] * 3, 'what has changed since is told by each')
second = call(0, 'Changes', state=first).state
call(0, 'SetFlags', folder='A', mids=[mid], add='F')
eq([told(host, second) for host in (3600, 0)], [[(mid, 'CHANGED')]] * 2, 'and again')
thread = [t.thread for t in call(0, 'Threads', folders=['A']).threads]
births = kept('porter.states', 16), kept('porter.threads', 16)
eq([t.thread for t in call(3600, 'Threads', folders=['A']).threads], thread, 'a thread has one id')
call(3600, 'Append', folder='A', octets=b'Subject: y\n\nbody\n')
call(3600, 'Threads', folders=['A'])
call(3600, 'FolderInfo', state=True)
eq((kept('porter.states', 16), kept('porter.threads', 16)), births, 'neither file was made anew')
state = call(0, 'FolderInfo', state=True).state
ok(call(None, 'Changes', state=state).reset and call(None, 'Changes', state=call(None, 'FolderInfo', state=True).state).reset is False,
   'on the server itself, where nothing is synced, they are made anew')
ok(call(0, 'Changes', state=call(None, 'FolderInfo', state=True).state).reset, "nor are the server's believed elsewhere")

# --- who waits without an index ---
def wait(state, seconds=100):
    return call(0, 'Wait', ['-I'], state=state, seconds=seconds)


BOX.put('2.M1P1.h:2,', folder='.A')
state, answers = wait('', 0).state, 0
while state.endswith('?') and answers < 20:
    r = wait(state)
    state = r.state
    answers += r.changed
ok(answers <= 1, 'a state that may hide a change is answered once, by one that does not: %d' % answers)
eq(wait(state, 1).changed, False, 'which lasts')
BOX.put('3.M1P1.h:2,', folder='.A')
r = wait(state)
ok(r.changed and r.state.rstrip('?') != state, 'what happens makes another')
os.utime(os.path.join(BOX.path, '.A', 'cur'))
young = wait('', 0).state
if young.endswith('?'):
    eq(wait(young, 0).changed, True, 'who does not wait is told at once that there may be something')
else:
    skip('who does not wait', 'the machine is too slow')
BOX.put('4.M1P1.h:2,', folder='.A')
ok(wait(young).state.rstrip('?') != young.rstrip('?'), 'something happens while stamps prove nothing: another state')

# --- what another host does while it is looked, is seen in spite of caches: held at each listing ---
def during(options, method, move, wrong, **fields):
    """How often it was held, and what was wrong then. move: from one place to another, by the other host; wrong: of what the call answers, or None."""
    for when in range(1, 50):
        box = Box('during')
        box.folder('.A')
        box.folder('.B')
        mail = '1700000000.M1P1.h' + ('' if '/new' in move[0] else ':2,')
        open(os.path.join(box.path, move[0], mail), 'w').close()
        if '-I' not in options:
            BOX.path = box.path
            fields['state'] = call(0, 'FolderInfo', state=True).state
        for place in ('.A/new', '.A/cur', '.B/new', '.B/cur'):
            open(os.path.join(box.path, place, '1700000001.M2P1.h' + place.replace('/', '-') + ':2,'), 'w').close()
        if method != 'Changes':
            fields.pop('state', None)
        h = Held(box, method, 'getdents64', when, program=(os.environ['HOST'], *options), **fields)
        if h.held:
            os.rename(os.path.join(box.path, move[0], mail), os.path.join(box.path, move[1], mail if ':' in mail or '/new' in move[1] else mail + ':2,'))
        r = h.go()
        shutil.rmtree(box.path)
        if h.held:
            yield when
        if wrong(r):
            yield 'held at listing %d: %r' % (when, wrong(r))
        if not h.held:
            return


for options in ([], ['-I']):
    for move in (('.A/cur', '.A/new'), ('.A/new', '.A/cur')):
        seen = list(during(options, 'Stats', move, lambda r: r.mail_count != 3 and r.mail_count, folder='A'))
        eq((len(seen) > 1, [s for s in seen if isinstance(s, str)]), (True, []), '%s: a mail goes from %s to %s while they are listed' % (options, *move))
for move in (('.A/cur', '.B/cur'), ('.B/cur', '.A/cur')):
    seen = list(during([], 'Changes', move, lambda r: [pb.Change.Kind.Name(c.kind) for c in r.changes if c.mid == '1700000000.M1P1.h' and c.kind != 1] or r.reset))
    eq((len(seen) > 1, [s for s in seen if isinstance(s, str)]), (True, []), 'Changes: a mail goes from %s to %s while they are looked at' % move)

# --- a folder that another host removes while it is looked at: it is gone, which is no failure ---
for options, method in (([], 'Changes'), (['-I'], 'Changes'), ([], 'Wait'), (['-I'], 'Wait')):
    codes = []
    for when in range(1, 60):
        box = Box('removed')
        for name in ('.A', '.B'):
            box.folder(name)
            box.put('1.M1P1.h:2,', folder=name)
        h = Held(box, method, 'statx', when, program=(os.environ['HOST'], *options))
        if h.held:
            shutil.rmtree(os.path.join(box.path, '.B'))
        h.go()
        codes.append(h.code)
        shutil.rmtree(box.path)
        if not h.held:
            break
    eq((len(codes) > 2, set(codes)), (True, {0}), '%s %s: a folder goes meanwhile' % (method, options))
done()
