"""Threads that last: mails come in order, late and shuffled; between calls the table, the indexes or both are lost; the ids are those of the rule,
followed call by call, and never become others. Then each of the table's system calls fails, or is the last; something else has its name; several
calls make it at once, and half of them are killed."""
import glob
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from index_octets import M64, check  # noqa: E402
from op import *  # noqa: E402,F403

R = random.Random(int(os.environ.get('THREADS_SEED', '4')))
OP = os.path.join(os.environ['BIN'], 'maildir-op')
T = 1700000000
FOLDERS = ['', 'Sent', 'Old']
ALL = pb.FindReq(heads='MIDS', limit=100000, thread=True).SerializeToString()
PAGE = pb.ThreadsReq(limit=20, heads=True).SerializeToString()


def disk(folder):
    return '.' + folder if folder else ''


def box(name):
    b = Box(name)
    for f in FOLDERS[1:]:
        b.folder(disk(f))
    return b


class Rule:
    """The rule, call by call, by names in place of hashes."""

    def __init__(self):
        self.thread, self.of = {}, {}
        self.count = 0

    def join(self, mails):
        for m in sorted(mails, key=lambda m: (m['arrival'], m['mid'], m['folder'])):
            keys = [(r, m['subject']) for r in m['refs'] + ([m['id']] if m['id'] else [])] or [(m['mid'], m['subject'])]
            known = [self.thread[k] for k in keys if k in self.thread]
            if not known:
                self.count += 1
            t = min(known) if known else self.count
            for k in keys:
                self.thread.setdefault(k, t)
            self.of[m['folder'], m['mid']] = t


serial = 0


def deliver(b, late):
    global serial
    serial += 1
    arrival = T + serial - (R.randrange(serial) if late and R.random() < late else 0)
    m = {'folder': R.choice(FOLDERS), 'arrival': arrival, 'mid': '%d.M%dP1.h' % (arrival, serial), 'id': R.choice([None] + ['%d@x' % serial] * 5 + ['%d@x' % R.randrange(serial + 5)]),
         'refs': ['%d@x' % R.randrange(max(0, serial - 30), serial + 3) for _ in range(R.choice([0, 0, 1, 1, 2, 5]))], 'subject': R.choice(['a', 'a', 'b'])}
    text = 'Subject: %s%s\n' % (R.choice(['', 'Re: ', 'Fwd:  ']), m['subject']) + ('Message-ID: <%s>\n' % m['id'] if m['id'] else '') + ('References: %s\n' % ' '.join('<%s>' % r for r in m['refs']) if m['refs'] else '')
    b.put(m['mid'] + ':2,', text=text + '\nx\n', folder=disk(m['folder']))
    return m


def run(b, method, request, *options, before=()):
    r = subprocess.run([*before, OP, *options, method], input=request, cwd=b.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return r.returncode, r.stdout


def ids(b, *options):
    code, out = run(b, 'Find', ALL, *options)
    return {(h.folder, h.mid): h.thread for h in pb.FindResp.FromString(out).found} if code == 0 else code


def lose(b, what):
    for f in FOLDERS:
        for name in (['porter.threads'] if 'table' in what and not f else []) + (['porter.index'] if 'indexes' in what or (what == 'one' and f == 'Sent') else []):
            path = os.path.join(b.path, disk(f), name)
            if os.path.exists(path):
                os.unlink(path)


def parts(of):
    """Which mails are together."""
    together = {}
    for m, t in of.items():
        together.setdefault(t, set()).add(m)
    return sorted(map(sorted, together.values()))


def history(name, late, losing):
    b, rule, seen, known = box(name), Rule(), {}, set()
    other = changed = 0
    for step in range(40):
        mails = [deliver(b, late) for _ in range(R.choice([1, 1, 2, 5, 60]))]
        rule.join(mails)
        if losing and R.random() < .4:
            lose(b, R.choice(losing))
        if R.random() < .3:
            run(b, 'Threads', PAGE)
        got = ids(b)
        changed += sum(got.get(k) != v for k, v in seen.items())
        other += not isinstance(got, dict) or parts(got) != parts(rule.of)
        seen = dict(got)
        assert set(got) == set(rule.of)
    return b, other, changed, len(set(seen.values())), len(seen)


for late, losing, name in ((0, [], 'in order'), (.3, [], 'three in ten late'), (1, [], 'shuffled'), (0, ['table', 'indexes', 'one', 'table indexes'], 'in order, all lost now and then'),
                           (.3, ['indexes', 'one'], 'late, indexes lost')):
    b, other, changed, threads, mails = history(name.replace(' ', '-'), late, losing)
    eq((other, changed), (0, 0), '%s: %d mails in %d threads, as the rule has it, and no id became another' % (name, mails, threads))
b, other, changed, threads, mails = history('table-lost', .5, ['table'])
eq(changed, 0, 'late, and the table lost now and then: no id became another')
eq(ids(b), ids(b), 'and they stay')

# --- every answer: with the indexes, with some lost in between, and without ---
A = box('answers')
arrived = []


def questions():
    folders = R.choice([[], [''], ['Sent', '']])
    others = [f for f in FOLDERS if f not in folders] if folders else []
    bound = None
    if R.random() < .6:
        page = pb.ThreadsResp.FromString(run(A, 'Threads', pb.ThreadsReq(limit=R.randrange(1, 30)).SerializeToString(), '-I')[1])
        bound = page.last_bound
    yield 'Threads', pb.ThreadsReq(folders=folders, with_folders=others, limit=R.choice([1, 7, 50]), bound=bound, heads=R.random() < .5, total=R.random() < .3)
    known = list(ids(A, '-I').values())
    yield 'Threads', pb.ThreadsReq(threads=R.sample(known, min(5, len(known))) + ['nonsense'])
    sort = pb.Sort(parameter=R.randrange(5), direction=R.randrange(2))
    yield 'Find', pb.FindReq(one_a_thread=True, limit=R.choice([3, 200]), sort=sort, thread=True, start=R.choice([0, 4]), total=R.random() < .3)
    flags = pb.Filter(**{R.choice(['flags', 'no_flags']): R.choice('SF')})
    yield 'Find', pb.FindReq(filter=pb.Filter(**{R.choice(['all_in_thread', 'some_in_thread', 'none_in_thread']): flags}), limit=200, sort=sort, thread=R.random() < .5)
    yield 'Find', pb.FindReq(filter=pb.Filter(thread=R.choice(known)), limit=200, sort=sort)
    yield 'FolderInfo', pb.FolderInfoReq(threads=True)


def change():
    m = R.choice(arrived)
    where = os.path.join(A.path, disk(m['folder']), 'cur')
    name = [n for n in os.listdir(where) if n.startswith(m['mid'] + ':')][0]
    to = R.choice([m['folder'], m['folder'], R.choice(FOLDERS)])
    os.rename(os.path.join(where, name), os.path.join(A.path, disk(to), 'cur', m['mid'] + ':2,' + R.choice(['', 'S', 'FS', 'F'])))
    m['folder'] = to


wrong, asked = [], 0
for step in range(30):
    for _ in range(R.choice([1, 3, 40 if step < 5 else 4])):
        arrived.append(deliver(A, 0))
    for _ in range(R.randrange(4)):
        change()
    for method, request in questions():
        if R.random() < .2:
            lose(A, R.choice(['table', 'indexes', 'one', 'table indexes']))
        got, want = (run(A, method, request.SerializeToString(), *o) for o in ((), ('-I',)))
        asked += 1
        if got != want:
            wrong.append((step, method, str(request).replace('\n', ' '), got[0], want[0]))
eq(wrong[:3], [], '%d answers about threads: the same with indexes and without, octet for octet' % asked)

# --- where it lies ---
E = box('elsewhere')
for _ in range(30):
    deliver(E, 0)
os.mkdir(work + '/dir', 0o700)
want = ids(E, '-I')
ok(not os.path.exists(E.path + '/porter.threads'), '-I: there is none')
eq(ids(E, '-i', work + '/dir'), want, '-i: the same ids')
eq((os.path.exists(E.path + '/porter.threads'), len([n for n in os.listdir(work + '/dir') if n.endswith('.threads')])), (False, 1), 'and the table lies there')
eq(ids(E), want, 'the same in the mailbox')

# --- its system calls fail, or are the last ---
have_strace = shutil.which('strace') and subprocess.run(['strace', '-o', '/dev/null', 'true'], stderr=subprocess.DEVNULL).returncode == 0
F = box('faults')
for _ in range(60):
    deliver(F, 0)
want = ids(F)


def leftovers():
    return [n for f in FOLDERS for n in os.listdir(os.path.join(F.path, disk(f), 'tmp'))]


def inject(call, when, what, state):
    if state == 'new':
        lose(F, 'table indexes')
    else:
        lose(F, 'indexes' if state == 'indexes' else 'table')
        if state == 'table':
            lose(F, 'one')
    log = work + '/trace'
    got = run(F, 'Find', ALL, before=['strace', '-f', '-o', log, '-e', 'trace=' + call, '-e', 'inject=%s:%s:when=%d' % (call, what, when)])
    with open(log) as f:
        return got, 'INJECTED' in f.read() or got[0] < 0


ERRORS = {'openat': ['ENOSPC'], 'flock': ['ENOLCK'], 'pwrite64': ['ENOSPC', 'EIO'], 'pread64': [], 'ftruncate': ['EROFS'], 'fstatfs': ['EIO'], 'getrandom': [], 'renameat': ['EROFS']}
if have_strace:
    tried, wrong = 0, []
    for state in ('new', 'indexes', 'table'):
        for call, errors in ERRORS.items():
            for what in ['error=' + e for e in errors if call != 'openat'] + ['signal=KILL']:
                for when in list(range(1, 7)) + [9, 14, 22]:
                    (code, out), hit = inject(call, when, what, state)
                    if not hit:
                        break
                    tried += 1
                    if what.startswith('signal'):
                        for n in leftovers():
                            for f in FOLDERS:
                                if os.path.exists(os.path.join(F.path, disk(f), 'tmp', n)):
                                    os.unlink(os.path.join(F.path, disk(f), 'tmp', n))
                    elif code or {(h.folder, h.mid): h.thread for h in pb.FindResp.FromString(out).found} != want or leftovers():
                        wrong.append((state, call, when, what, code))
                    if ids(F) != want:
                        wrong.append((state, call, when, what, 'afterwards'))
    ok(tried > 100, '%d system calls that fail or are the last' % tried)
    eq(wrong[:5], [], 'each answer that comes is right, and so is the next; nothing is left in tmp')

# --- rubbish ---


def spoil(name, make):
    path = F.path + '/porter.threads'
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)
    make(path)
    lose(F, 'indexes')
    eq(ids(F), want, name + ' in its place')


def sparse(path):
    with open(path, 'wb') as f:
        f.truncate(100 << 30)


spoil('a FIFO', os.mkfifo)
spoil('a link', lambda path: os.symlink('/etc/passwd', path))
spoil('a directory', os.mkdir)
spoil('100 GB of nothing', sparse)
spoil('an empty file', lambda path: open(path, 'w').close())
os.unlink(F.path + '/porter.threads')
ids(F)
lose(F, 'one')
ids(F)
with open(F.path + '/porter.threads', 'rb') as f:
    whole = f.read()
wrong = 0
for i in range(0, len(whole), len(whole) // 40):
    for octets in (whole[:i], whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1:]):
        with open(F.path + '/porter.threads', 'wb') as f:
            f.write(octets)
        lose(F, 'one')
        wrong += ids(F) != want
eq(wrong, 0, 'cut anywhere, an octet changed anywhere: the same ids')
if os.geteuid() != 0 or shutil.which('setpriv'):
    os.chmod(F.path, 0o555)
    lose(F, 'one')
    if os.geteuid() == 0:
        eq(ids(F), want, 'a mailbox where nothing may be made')
    os.chmod(F.path, 0o755)

# --- many at once ---
S = box('storm')
rule = Rule()
rule.join([deliver(S, 0) for _ in range(400)])
stop = threading.Event()
failed, seen, lock = [], {}, threading.Lock()
calls = killed = 0


def ask(which):
    global calls, killed
    r = random.Random(which)
    while not stop.is_set():
        p = subprocess.Popen([OP, 'Find'], cwd=S.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            p.stdin.write(ALL)
            p.stdin.close()
        except BrokenPipeError:
            pass
        if r.random() < .5:
            stop.wait(r.random() * .02)
            p.send_signal(signal.SIGKILL)
        out, err = p.stdout.read(), p.stderr.read()
        code = p.wait()
        with lock:
            calls += 1
            killed += code == -9
            if code not in (0, -9):
                failed.append((code, err))


def loser():
    r = random.Random(99)
    while not stop.is_set():
        lose(S, r.choice(['indexes', 'one']))
        stop.wait(.05 + r.random() * .1)


workers = [threading.Thread(target=ask, args=(i,)) for i in range(4)] + [threading.Thread(target=loser)]
for w in workers:
    w.start()
stop.wait(float(os.environ.get('INDEX_SECONDS', '4')))
stop.set()
for w in workers:
    w.join()
eq(failed[:3], [], '%d calls at once, %d killed, while indexes are deleted: none fails' % (calls, killed))
got = ids(S)
eq(parts(got), parts(rule.of), 'and in the end threads are what the rule says')
lose(S, 'table indexes')
eq(ids(S), got, 'with the ids that they have when all is made anew')

# The mails of a long thread have the same ids in their heads.
G = box('long')
for i in range(200):
    G.put('%d.M%dP1.h' % (T + i, i), text='Message-ID: <%d@long>\nReferences: %s\nSubject: s\n\n' % (i, ' '.join('<r%d@long>' % k for k in range(250))))
r = G.call('Threads', limit=5)
eq([t.mail_count for t in r.threads], [200], 'a long thread')
size = os.path.getsize(G.path + '/porter.threads')
ok(size < 65536, 'whose table has room for 450 keys, not for 50,000: %d octets' % size)

# A table that has to grow, and finds no room: then no record is told what the table does not know.
N = box('full')
for i in range(160):
    N.put('%d.M%dP1.h' % (T + i, i), text='Message-ID: <%d@full>\nSubject: s\n\n' % i)
eq(len(N.call('Threads', limit=1000).threads), 160, 'a table that is nearly half full')
for i in range(160, 260):
    N.put('%d.M%dP1.h' % (T + i, i), text='Message-ID: <%d@full>\nIn-Reply-To: <0@full>\nSubject: s\n\n' % i)
if shutil.which('strace'):
    subprocess.run(['strace', '-qq', '-o', '/dev/null', '-e', 'inject=fstatfs:error=ENOSYS', os.path.join(bin_dir, 'maildir-op'), 'Threads'],
                   input=pb.ThreadsReq(limit=1000).SerializeToString(), cwd=N.path, stdout=subprocess.DEVNULL)
for i in range(160, 260):
    N.put('%d.M%dP2.h' % (T + 1000 + i, i), text='In-Reply-To: <%d@full>\nSubject: s\n\n' % i)
eq(sorted(t.mail_count for t in N.call('Threads', limit=1000).threads), [1] * 159 + [201], 'replies find their threads when there is room again')

# Mails that went before threads were asked for have none, and nobody looks for them in each call.
def opens_table(box):
    log = os.path.join(work, 'opened')
    subprocess.run(['strace', '-qq', '-o', log, '-e', 'trace=openat', os.path.join(bin_dir, 'maildir-op'), 'Threads'],
                   input=pb.ThreadsReq(limit=5).SerializeToString(), cwd=box.path, stdout=subprocess.DEVNULL)
    return 'porter.threads' in open(log).read()


for some in (1, 300):
    W = box('went%d' % some)
    names = ['%d.M%dP1.h' % (T + i, i) for i in range(300)]
    for i, name in enumerate(names):
        W.put(name, text='Message-ID: <%d@went>\nSubject: s\n\n' % i)
    W.call('ListSearch', limit=5)
    for name in names[:some]:
        os.unlink(glob.glob(glob.escape(W.path) + '/*/' + name + '*')[0])
    if some == 300:
        for i in range(5):
            W.put('%d.M%dP2.h' % (T + 1000 + i, i), text='Message-ID: <%d@late>\nSubject: s\n\n' % i)
    eq(len(W.call('Threads', limit=1000).threads), 300 - some + 5 * (some == 300), 'threads of those that are left, %d went' % some)
    W.call('Threads', limit=1000)
    if have_strace:
        ok(not opens_table(W), 'and the next call needs no table')

# --- keys of another version ---
# What text without a charset is read as is in the keys, and so in their version: by another -c the raw subject is another.
K1251 = '-c', 'windows-1251'
raw, encoded = 'Привет'.encode('cp1251').decode('latin-1'), '=?utf-8?b?0J/RgNC40LLQtdGC?='


def version_box(name):
    b = box(name)
    for i, (subject, refs, folder) in enumerate([(encoded, '', ''), ('Re: ' + raw, '<1@v>', 'Old'), (raw, '<0@v>', 'Old'), ('other', '', 'Sent')]):
        put_version(b, i + 1, subject, refs, folder)
    return b, ids(b)


def put_version(b, i, subject, refs, folder=''):
    text = 'Subject: %s\nMessage-ID: <%d@v>\n' % (subject, i) + ('References: %s\n' % refs if refs else '') + '\nx\n'
    b.put('%d.M%dP1.h:2,' % (T + i, i), text=text.encode('latin-1'), folder=disk(folder), mtime=T + i)


def thread_of(got, i):
    return [t for (f, mid), t in got.items() if mid == '%d.M%dP1.h' % (T + i, i)][0]


def index_versions(b):
    return [struct.unpack('<Q', open(os.path.join(b.path, disk(f), 'porter.index'), 'rb').read()[88:96])[0] for f in FOLDERS]


V, before = version_box('version')
eq(len(set(before.values())), 4, 'four conversations, two of which have one subject where it is read as what it is')
versions = index_versions(V)
eq(V.call('Threads', folders=[''], limit=5).threads[0].mail_count, 1, 'the folder that is asked for alone')
after = ids(V, *K1251)
eq(after, before, 'keys of another version: each mail stays in its conversation, and the two stay two')
ok(not set(versions) & set(index_versions(V)), 'in indexes that were made anew')
put_version(V, 5, 'Re: ' + encoded, '<1@v> <2@v>')
put_version(V, 6, 'Re: ' + encoded, '<0@v>', 'Sent')
put_version(V, 7, 'Re: ' + encoded, '<3@v>')
put_version(V, 8, 'Re: ' + encoded, '<2@v>', 'Old')
got = ids(V, *K1251)
eq({k: t for k, t in got.items() if k in before}, before, 'mail that comes then moves nobody')
eq(thread_of(got, 5), thread_of(before, 1), 'what answers both joins the older')
eq((thread_of(got, 6), thread_of(got, 7)), (thread_of(before, 3),) * 2, 'what answers one of which all keys are others joins it')
eq(thread_of(got, 8), thread_of(before, 2), 'and what answers the younger alone stays with that')
for what in 'table', 'one':
    lose(V, what)
    eq(ids(V, *K1251), got, 'the same when %s is lost then' % {'table': 'the table', 'one': 'an index'}[what])
eq(ids(V), got, 'and back')

# An index and a table of the version before.


def age(path, at, checked, seed):
    """Gives a header the version before its own."""
    with open(path, 'r+b') as f:
        head = bytearray(f.read(checked + 8))
        version, = struct.unpack_from('<Q', head, at)
        seed = seed(head)
        assert struct.unpack_from('<Q', head, checked)[0] == check(seed, head[:checked])
        struct.pack_into('<Q', head, at, version - 1)
        struct.pack_into('<Q', head, checked, check(seed, head[:checked]))
        f.seek(0)
        f.write(head)


V, before = version_box('aged')
versions = index_versions(V)
for f in FOLDERS:
    age(os.path.join(V.path, disk(f), 'porter.index'), 88, 504, lambda head: 0)
age(os.path.join(V.path, 'porter.threads'), 64, 4080, lambda head: (struct.unpack_from('<Q', head, 16)[0] + 0xffffffff) & M64)
eq([v + 1 for v in index_versions(V)], versions, 'indexes and table of the version before')
put_version(V, 5, 'Re: other', '<4@v>')
got = ids(V)
eq((index_versions(V), thread_of(got, 5)), (versions, thread_of(before, 4)), 'are made anew')
eq({k: t for k, t in got.items() if k in before}, before, 'and all ids stay')

# An index of the version before is read at once, not mail by mail, and its mails are met in their order; what went and came between does not matter.
def reads(b):
    """The exit code of a page, and how many calls read."""
    log = os.path.join(work, 'reads')
    code, _ = run(b, 'ListSearch', pb.ListSearchReq(limit=5).SerializeToString(), before=['strace', '-qq', '-o', log, '-e', 'trace=pread64'])
    return code, sum(1 for _ in open(log))


if have_strace:
    O = box('read')
    for i in range(600):
        put_version(O, i, 's%d' % i, '<%d@v>' % (i // 3 * 3))
    before = ids(O)
    settle()
    ids(O)
    age(os.path.join(O.path, 'porter.index'), 88, 504, lambda head: 0)
    for i in range(0, 600, 7):
        os.unlink(O.path + '/cur/%d.M%dP1.h:2,' % (T + i, i))
        os.rename(O.path + '/cur/%d.M%dP1.h:2,' % (T + i + 1, i + 1), O.path + '/cur/%d.M%dP1.h:2,S' % (T + i + 1, i + 1))
        put_version(O, i + 600, 'new', '')
    shutil.copy(O.path + '/porter.index', work + '/aged.index')
    aged = reads(O)
    os.unlink(O.path + '/porter.index')
    fresh = reads(O)
    shutil.copy(work + '/aged.index', O.path + '/porter.index')
    got = ids(O)
    ok(aged[0] == fresh[0] == 0 and aged[1] - fresh[1] < 32, 'an index of the version before: %d reads where %d are those of the mails' % (aged[1], fresh[1]))
    eq([got[k] for k in got if k in before], [before[k] for k in got if k in before], 'and each mail has the id that it had')

# --- a mail that could not be read joins when it can ---
CONFINED = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] if os.getuid() == 0 else []  # root may read all


def unread_box(name, late):
    """The mail that answers the first cannot be read when it is first asked for: alone in its thread. late: it came when there was an index."""
    b = box(name)
    put_version(b, 1, 'x', '')
    if late:
        ids(b)
    put_version(b, 2, 'Re: x', '<1@v>')
    path = os.path.join(b.path, 'cur', '%d.M2P1.h:2,' % (T + 2))
    os.chmod(path, 0)
    got = ids_before(b, CONFINED)
    os.chmod(path, 0o600)
    return b, got


def ids_before(b, before):
    code, out = run(b, 'Find', ALL, before=before)
    return {(h.folder, h.mid): h.thread for h in pb.FindResp.FromString(out).found} if code == 0 else {}


if not CONFINED or shutil.which('setpriv'):
    for how, options in (('by itself', ()), ('when the index is made anew', K1251)):
        for late in False, True:
            U, before = unread_box('unread%d%d' % (bool(options), late), late)
            eq(len(set(before.values())), 2, 'a mail that %s and could not be read is alone' % ('came then' if late else 'was there'))
            settle()
            got = ids(U, *options)
            eq((len(set(got.values())), thread_of(got, 1)), (1, thread_of(before, 1)), 'and joins what it answers when it can be, ' + how)
            size = os.path.getsize(U.path + '/porter.index')
            eq((ids(U, *options), os.path.getsize(U.path + '/porter.index')), (got, size), 'once')

# More folders than can be open at once: threads of those that are asked for are found all the same.
M = box('many')
for i in range(1400):
    os.makedirs(M.path + '/.f%d/cur' % i)
    os.mkdir(M.path + '/.f%d/new' % i)
    os.mkdir(M.path + '/.f%d/tmp' % i)
for i in range(3):
    M.put('%d.M%dP1.h' % (T + i, i), text='Message-ID: <%d@many>\nReferences: <r@many>\nSubject: s\n\n' % i)
for again in 'first', 'again':
    r = M.call('Threads', folders=[''], limit=5)
    eq([t.mail_count for t in r.threads], [3], 'more than a thousand folders, %s: one thread of three mails' % again)
done()
