"""Hosts that share a mailbox by NFS: HOST is maildir-op on one of them, started EARLIER seconds before this machine."""
from op import *

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
done()
