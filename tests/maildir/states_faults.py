"""States met with trouble. Each answer is exact or a reset, and where nothing is lost it is exact."""
import os
import shutil
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import states_model as m  # noqa: E402
from states_model import *  # noqa: E402,F403

B.folder('.A')
for _ in range(10):
    deliver()
note()


def never(c):
    return False


def always(c):
    return True


def change():
    """What every look will see."""
    deliver()
    flag()
    note()


def told(c, may_reset=never):
    """All that there is to tell, and nothing wrong with it."""
    wrong = m.bad
    c.call(may_reset)
    while c.page:
        c.call(may_reset)
    return m.bad == wrong


def answer(state='', **fields):
    return ask('Changes', state=state, **fields)


def state_now():
    return answer().state


# --- each call fails, or is the last one ---

have_strace = shutil.which('strace') and subprocess.run(['strace', '-o', '/dev/null', 'true'], stderr=subprocess.DEVNULL).returncode == 0
TRACE = os.path.join(work, 'trace')
ERRORS = {'pwrite64': ['ENOSPC', 'EDQUOT', 'EIO'], 'renameat': ['EROFS', 'ENOSPC'], 'renameat2': ['EACCES', 'EINVAL'], 'ftruncate': ['EIO'], 'flock': ['ENOLCK'],
          'getrandom': ['ENOSYS'], 'faccessat2': ['EACCES'], 'pread64': ['EIO']}


def prepare(state):
    """A change to be told, and what of ours is there: nothing; no indexes; a torn end of porter.states; all."""
    change()
    if state == 'none' and os.path.exists('porter.states'):
        os.unlink('porter.states')
    if state == 'indexes':
        for name in folders():
            if os.path.exists(os.path.join(disk(name), 'porter.index')):
                os.unlink(os.path.join(disk(name), 'porter.index'))
    if state == 'torn' and os.path.exists('porter.states'):
        with open('porter.states', 'ab') as f:
            f.write(b'\x50\0\0\0half of a record')


def each_call(whats):
    """Those who ask under the fault, and those who ask after it."""
    wrong, tried = [], 0
    for state in ('none', 'indexes', 'torn', 'all'):
        for call, each in whats:
            for what in each:
                for when in range(1, 40):
                    first, second = Client(), Client()
                    prepare(state)
                    lost = state in ('none', 'indexes')
                    m.prefix = ['strace', '-f', '-o', TRACE, '-e', 'trace=' + call, '-e', 'inject=%s:%s:when=%d' % (call, what, when)]
                    if what.startswith('signal'):
                        answer(first.state)
                        good = True
                    else:
                        good = told(first, always)
                    m.prefix = []
                    with open(TRACE) as f:
                        text = f.read()
                    if 'INJECTED' not in text and 'killed by SIGKILL' not in text:
                        break
                    tried += 1
                    left = os.listdir('tmp') + os.listdir('.A/tmp')
                    for name in left if what.startswith('signal') else []:
                        for d in ('tmp', '.A/tmp'):
                            if os.path.exists(os.path.join(d, name)):
                                os.unlink(os.path.join(d, name))
                    good = good and (what.startswith('signal') or left == [])
                    # pread that fails may break an index, which is then made anew.
                    may = always if lost or call == 'pread64' else never
                    good = told(second, may) and good
                    # A client that was given stamps, when nothing could be written, begins again once.
                    good = told(first, always) and good
                    change()
                    if not (told(first) and told(second) and good):
                        wrong.append((state, call, what, when))
    return tried, wrong


if have_strace:
    tried, wrong = each_call([(call, ['error=' + e for e in errors]) for call, errors in ERRORS.items() if call != 'pread64'])
    ok(tried > 40, '%d system calls that fail' % tried)
    eq(wrong, [], 'each leaves the answer exact or a reset, and the next exact; nothing is left in tmp')
    tried, wrong = each_call([(call, ['signal=KILL']) for call in ERRORS if call != 'pread64'])
    ok(tried > 20, '%d at which it is killed' % tried)
    eq(wrong, [], 'what was not lost is told by the next call')

# --- what else may be called porter.states ---


def in_its_place(what, make):
    c = Client()
    change()
    if os.path.lexists('porter.states'):
        os.unlink('porter.states')
    make('porter.states')
    begun = time.monotonic()
    good = told(c, always)
    change()
    good = told(c, always) and good
    ok(good and time.monotonic() - begun < 30 and os.listdir('tmp') == [], what + ' in its place')
    if os.path.isdir('porter.states'):
        eq(c.state[:2], '0.', 'then states are stamps')
        os.rmdir('porter.states')
    else:
        change()
        ok(told(c) and c.state[:2] == '1.', 'it is replaced')


def sparse(path):
    with open(path, 'wb') as f:
        f.truncate(100 << 30)


def zeros(path):
    with open(path, 'wb') as f:
        f.truncate(262144)


def linked(path):
    with open(os.path.join(work, 'other'), 'wb') as f:
        f.write(b'precious')
    os.link(os.path.join(work, 'other'), path)


def symlinked(path):
    with open(os.path.join(work, 'another'), 'wb') as f:
        f.write(b'precious')
    os.symlink(os.path.join(work, 'another'), path)


in_its_place('a FIFO', os.mkfifo)
in_its_place('a link', symlinked)
in_its_place('a directory', os.mkdir)
in_its_place('a hard link', linked)
in_its_place('100 GB of nothing', sparse)
in_its_place('zeros', zeros)
in_its_place('an empty file', lambda path: open(path, 'w').close())
for name in ('other', 'another'):
    with open(os.path.join(work, name), 'rb') as f:
        eq(f.read(), b'precious', 'what is linked to stays as it was')

# --- the owner writes records; numbers; the last 1000 ---

MASK = (1 << 64) - 1


def word(h, w):
    h = (h ^ w) * 0xff51afd7ed558ccd & MASK
    return h ^ h >> 32


def check(seed, s):
    """index_check."""
    h = ((seed + len(s)) * 0x9e3779b97f4a7c15 & MASK) ^ 0x6a09e667f3bcc908
    words = [int.from_bytes(s[i:i + 8], 'little') for i in range(0, len(s), 8)]
    if len(s) >= 128:
        lanes = [h + i & MASK for i in range(4)]
        for i in range(len(s) // 32 * 4):
            lanes[i % 4] = word(lanes[i % 4], words[i])
        words = words[len(s) // 32 * 4:]
        for lane in lanes:
            h = word(h, lane)
    for w in words:
        h = word(h, w)
    h = h * 0xc4ceb9fe1a85ec53 & MASK
    return h ^ h >> 29


def record(birth, number, ordinal, entries=()):
    body = b''.join(entries)
    head = struct.pack('<IIQII', 32 + len(body), len(entries), number, ordinal, 0)
    return head + struct.pack('<Q', check(check(birth, head), body)) + body


def entry(slot, name=b'x', folder=1, mails=0):
    return struct.pack('<BBHIQQQIIIIQ', 1, len(name), slot, 0, folder, 2, 3, 4, mails, 0, 0, 0) + name


def octets():
    with open('porter.states', 'rb') as f:
        return f.read()


def numbers():
    s, at, out = octets(), 64, []
    while at + 32 <= len(s):
        length, _, number = struct.unpack_from('<IIQ', s, at)
        out.append(number)
        at += length
    return out


def text(number):
    return '1.%016x.%016x' % (int.from_bytes(octets()[16:24], 'little'), number)


def write_states(s):
    with open('porter.states', 'wb') as f:
        f.write(s)


os.unlink('porter.states')
c = Client()
old = c.state
whole = octets()
birth = int.from_bytes(whole[16:24], 'little')
first = numbers()[0]
eq(old, text(first), 'one record')
write_states(whole + b''.join(record(birth, first + i, 1 + i) for i in range(1, 1999)))
ok(told(c) and not c.page, 'nothing in 1998 more')
late, too_late = text(first + 1990), text(first + 10)
change()
ok(told(c) and len(numbers()) == 2000, 'one more is added')
change()
ok(told(c) and 1000 <= len(numbers()) <= 1001, 'the file is written anew with the last 1000')
r = answer(late)
ok(not r.reset and len(r.changes) >= 2, 'from a late one')
ok(answer(too_late).reset and answer(old).reset, 'from one of before: a reset')
change()
ok(told(c), 'and on')
# Long records: fewer are kept.


def long_records(count, slot, full=False):
    """Folders that are not there, of long names."""
    last, out = numbers()[-1], octets()
    for i in range(count):
        out += record(int.from_bytes(out[16:24], 'little'), last + 1 + i, 3000 + i, [entry(slot + k, b'n' * 200, 100 + k) for k in range(40)])
    while full and len(out) < 262144 - 40:
        last += 1000
        out += record(int.from_bytes(out[16:24], 'little'), last, 4000)
    write_states(out)


early = c.state
long_records(20, 2)
ok(230000 < len(octets()) < 262144 and told(c), 'a long file')
long_records(2, 42, True)
change()
ok(told(c) and len(octets()) < 140000, 'it is written anew, shorter, and the last ones are kept (%d octets)' % len(octets()))
ok(answer(early).reset, 'and the others are not')

# --- states that are none, or others' ---

good = state_now()
_, b, n = good.split('.')
bad = ['', 'x', '1', '1.', '1..', '1.' + b, '1.%s.' % b, good + '.', good + '.' + n, good + 'x', good.upper() if good.upper() != good else 'A', '1.%s.%016x' % (b, int(n, 16) + 1),
       '1.%s.%016x' % (b, 0), '1.%016x.%s' % (int(b, 16) ^ 1, n), '2.%s.%s' % (b, n), '%s.%s.%s' % (good, n, 'f' * 15), '%s.%s.%s' % (good, 'f' * 16, 'f' * 16), '0.' + 'f' * 16, '9' * 100, '1.%s.%s.%s.0' % (b, n, n)]
wrong = [s for s in bad for r in [answer(s)] if not r.reset or r.changes or r.state != good]
eq(wrong, [], '%d that are none: a reset, and the state now' % len(bad))
r = answer('%s.%s.%s' % (good, n, 'f' * 16))
ok(not r.reset and not r.more and r.state == good, 'a page that is at its end')
r = answer('%s.%s.%s' % (good, n, '0' * 16))
ok(not r.reset and not r.changes and r.state == good, 'one of which nothing is to be told')
other = Box('other-box')
other.put('%d.M1P1.h:2,' % T)
ok(other.call('Changes', state=good).reset, "another mailbox's state")
shutil.copy('porter.states', os.path.join(other.path, 'porter.states'))
ok(other.call('Changes', state=good).reset, "and its porter.states")
foreign = octets()
shutil.copy(os.path.join(other.path, 'porter.states'), 'porter.states')
c = Client()
change()
ok(told(c), 'a foreign porter.states is no harm')
later = octets()
with open('porter.states', 'r+b') as f:
    f.seek(24)
    f.write(struct.pack('<Q', int.from_bytes(later[24:32], 'little') - 86400))
    f.seek(56)
    f.write(struct.pack('<Q', check(0, later[:24] + struct.pack('<Q', int.from_bytes(later[24:32], 'little') - 86400) + later[32:56])))
r = answer(c.state)
ok(r.reset and r.state[:2] == '1.' and r.state.split('.')[1] != c.state.split('.')[1], 'the machine was started anew: another birth')

# --- more has gone than is kept ---

D = Box('gone')
os.chdir(D.path)
for i in range(5500):
    open('cur/%d.M%dP1.h:2,' % (T + i, i), 'w').close()
before = state_now()
for i in range(4500):
    os.unlink('cur/%d.M%dP1.h:2,' % (T + i, i))
r = answer(before, limit=5000)
eq((len(r.changes), set(x.kind for x in r.changes), r.reset), (4500, {2}, False), '4500 have gone')
after, since = r.state, os.stat('porter.index').st_ino
for letter in 'SFRTD' * 2:
    for i in range(4500, 5500):
        os.rename('cur/%d.M%dP1.h:2,%s' % (T + i, i, '' if letter == 'S' and since == os.stat('porter.index').st_ino and os.path.exists('cur/%d.M%dP1.h:2,' % (T + i, i)) else flags), 'cur/%d.M%dP1.h:2,%s' % (T + i, i, letter))
    flags = letter
    r = answer(after)
    if os.stat('porter.index').st_ino != since:
        break
ok(os.stat('porter.index').st_ino != since, 'the index is made anew')
eq((r.reset, len(r.changes)), (False, 1000), 'what was changed since is told')
eq(answer(before).reset, True, 'what has gone before is not')
os.chdir(B.path)

# --- a thousand changes, and pages ---

os.chdir(D.path)
before = state_now()
for i in range(4500, 5500):
    os.rename('cur/%d.M%dP1.h:2,%s' % (T + i, i, flags), 'cur/%d.M%dP1.h:2,' % (T + i, i))
mids, state, pages = [], before, 0
while True:
    r = answer(state, limit=300)
    mids += [x.mid for x in r.changes]
    pages += 1
    state = r.state
    if not r.more:
        break
eq((len(mids), len(set(mids)), pages, r.reset), (1000, 1000, 4, False), 'a thousand in four pages, each once')
eq((len(answer(before, limit=0xffffffff).changes), answer(before).more), (1000, False), 'and at once')
os.chdir(B.path)

# --- options, rights, full disks ---

c = Client()
m.options = ['-I']
r = answer(c.state)
eq((r.reset, r.state[:2]), (True, '0.'), '-I: states are stamps')
eq(answer(r.state).reset, False, 'which say that nothing changed')
# Some methods see a folder while they list, others open it.
for odd in ('.Schr&APY-der', '.Schröder', '.&-', '.no-new', '.no-tmp', '.cut short', '.later'):
    os.makedirs('%s/cur' % odd)
    for inner in ('new', 'tmp'):
        if odd != '.no-' + inner:
            os.mkdir('%s/%s' % (odd, inner))
os.rmdir('.cut short/cur')
os.symlink('.A', '.linked')
write('.later/cur/1700000000.M1P1.odd:2,')


def all_states():
    states = [ask('FolderInfo', state=True).state, ask('Find', state=True, limit=1).state, answer('').state, ask('Wait', state='', seconds=0).state]
    return [s.rstrip('?') for s in states]  # '?': the machine was slow to leave a stamp behind


states = [all_states()]
for change_ in (lambda: os.rename('.later/cur/1700000000.M1P1.odd:2,', '.later/cur/1700000000.M1P1.odd:2,S'), lambda: os.mkdir('.no-new/new'), lambda: os.mkdir('.cut short/cur'),
                lambda: os.rename('.&-', '.&-&-'), lambda: write('.Schröder/new/1700000000.M2P1.odd'), lambda: write('cur/1700000000.M3P1.odd:2,'),
                lambda: os.rename('.Schr&APY-der/tmp', '.Schr&APY-der/gone')):
    change_()
    states.append(all_states())
eq([len(set(s)) for s in states], [1] * len(states), '-I: FolderInfo, Find, Changes and Wait call a moment the same, whatever folders there are')
eq(len({s[0] for s in states}), len(states) - 1, 'and what happens to any makes another, but for a tmp that goes')
os.unlink('cur/1700000000.M3P1.odd:2,')
os.unlink('.linked')
for odd in ('.Schr&APY-der', '.Schröder', '.&-&-', '.no-new', '.no-tmp', '.cut short', '.later'):
    shutil.rmtree(odd)
elsewhere_dir = os.path.join(work, 'elsewhere')
os.mkdir(elsewhere_dir, 0o700)
m.options = ['-i', elsewhere_dir]
ok(answer(c.state).reset, '-i: other states')
listing = sorted(os.listdir('.'))
c = Client()
for _ in range(5):
    change()
    if not told(c):
        break
ok(m.bad == 0 and [n for n in os.listdir(elsewhere_dir) if n.endswith('.states')], 'which lie there, and are exact')
eq(sorted(os.listdir('.')), listing, 'and not here')
m.options = []
if os.geteuid() == 0:
    c = Client()
    before = os.stat('porter.states')
    me = ['setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups']
    os.chmod(work, 0o755)
    m.prefix = me
    r = answer(c.state)
    m.prefix = []
    eq((r.reset, r.state[:2]), (True, '0.'), 'who may not write gets stamps')
    change()
    ok(told(c), 'and does no harm')

# --- one folder; Wait ---

c = Client()
os.rename(*[f(x) for x in [[x for x in files('')][0]] for f in (lambda x: x[0] + '/' + x[1], lambda x: 'cur/' + x[2] + ':2,FRS')])
note()
info = {f.name: f.state for f in ask('FolderInfo', state=True).folders}
one = ask('FolderInfo', folders=['A'], state=True)
eq((one.state == state_now(), one.folders[0].state, info['A'] != info['']), (True, info['A'], True), 'FolderInfo: of all, of one')
write('cur/%d.M99P1.state:2,' % T)
note()
again = {f.name: f.state for f in ask('FolderInfo', state=True).folders}
eq((again[''] != info[''], again['A'] == info['A']), (True, True), "the state of a folder changes when it does")
r = answer(info['A'], folders=['A'])
eq((r.reset, len(r.changes), len(r.folders)), (False, 0, 0), 'nothing in one folder')
ok(len(answer(info['']).changes) >= 1 and told(c), 'something in all')
find = ask('Find', state=True, limit=1)
eq(find.state, state_now(), 'Find gives the same')
begun = time.monotonic()
r = ask('Wait', state=c.state, seconds=1)
ok(not r.changed and r.state == c.state and 0.9 < time.monotonic() - begun < 30, 'Wait: nothing, after its seconds')
threading.Timer(0.7, lambda: write('cur/%d.M98P1.state:2,' % T)).start()
begun = time.monotonic()
r = ask('Wait', state=c.state, seconds=100)
note()
ok(r.changed and r.state != c.state and time.monotonic() - begun < 60, 'a delivery is seen')
eq(answer(c.state).state, r.state, 'and the new state is that')
ok(not ask('Wait', state=c.state, folders=['A'], seconds=0).changed, 'not in another folder')
ok(ask('Wait', state=c.state, folders=[''], seconds=100).changed, 'but in its own')
ok(ask('Wait', state='%s.%s.%s' % (c.state, c.state.split('.')[2], '0' * 16), seconds=100).changed, 'in the middle of pages: at once')
ok(told(c), 'the rest')

# --- mails go from folder to folder, while it is asked where they are ---

os.chdir(D.path)
D.folder('.A')
D.folder('.B')
stop = False
names = ['%d.M%dP1.h:2,' % (T + i, i) for i in range(4500, 4510)]


def mover():
    where = {n: '.' for n in names}
    r = random.Random(7)
    while not stop:
        n = r.choice(names)
        to = r.choice(['.', '.A', '.B'])
        os.rename(os.path.join(where[n], 'cur', n), os.path.join(to, 'cur', n))
        where[n] = to
        time.sleep(r.random() / 300)


state = state_now()
t = threading.Thread(target=mover)
t.start()
wrong, asked = [], 0
end = time.time() + 5
while time.time() < end:
    r = answer(state)
    asked += 1
    wrong += [(x.mid, x.kind) for x in r.changes if x.kind != pb.Change.CHANGED] + ([r.state] if r.reset else [])
    state = r.state
stop = True
t.join()
eq(wrong, [], '%d answers while mails are moved: none is new or gone' % asked)

# --- a storm: mails come, go and are moved; some ask, some are killed while they do ---

stop = False
lock = threading.Lock()
there = {n: '.' for n in os.listdir('cur')}
came = [0]
for place in ('.A', '.B'):
    there.update((n, place) for n in os.listdir(os.path.join(place, 'cur')))


def changer(seed):
    r = random.Random(seed)
    while not stop:
        with lock:
            x = r.random()
            n = r.choice(list(there))
            path = os.path.join(there[n], 'cur', n)
            if x < .3:
                came[0] += 1
                n = '%d.M%dP2.storm:2,' % (T, came[0])
                open('tmp/' + n, 'w').close()
                os.rename('tmp/' + n, 'cur/' + n)
                there[n] = '.'
            elif x < .5:
                os.unlink(path)
                del there[n]
            elif x < .8:
                to = r.choice(['.', '.A', '.B'])
                os.rename(path, os.path.join(to, 'cur', n))
                there[n] = to
            else:
                to = n.split(':')[0] + ':2,' + r.choice(['', 'F', 'S', 'T'])
                os.rename(path, os.path.join(there[n], 'cur', to))
                there[to] = there.pop(n)
        time.sleep(r.random() / 100)


def killer(seed):
    r = random.Random(seed)
    while not stop:
        p = subprocess.Popen([OP, 'Changes'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        p.stdin.close()
        time.sleep(r.random() * .02)
        p.kill()
        p.wait()


class Asker(threading.Thread):
    def __init__(self, seed):
        threading.Thread.__init__(self)
        self.r = random.Random(seed)
        self.wrong, self.answers, self.resets = [], 0, 0
        self.state = state_now()
        self.known = set(n.split(':')[0] for n in there)

    def ask(self):
        answered = answer(self.state, limit=self.r.choice([1, 3, 20, 0]))
        self.answers += 1
        if answered.reset:
            self.resets += 1
            self.known = None  # it would read again; that one is no judge any more
        for x in answered.changes if self.known is not None else ():
            if (x.mid in self.known) != (x.kind != x.NEW):
                self.wrong.append((x.mid, x.kind))
            (self.known.discard if x.kind == x.GONE else self.known.add)(x.mid)
        self.state = answered.state
        return answered.more

    def run(self):
        while not stop:
            self.ask()

    def end(self):
        while self.ask():
            pass
        return self.wrong, sorted(self.known ^ set(n.split(':')[0] for n in there)) if self.known is not None else []


askers = [Asker(i) for i in range(3)]
others = [threading.Thread(target=changer, args=(i,)) for i in range(2)] + [threading.Thread(target=killer, args=(i,)) for i in range(2)]
for t in askers + others:
    t.start()
time.sleep(6)
stop = True
for t in askers + others:
    t.join()
eq([a.end() for a in askers], [([], [])] * 3, '%d answers in a storm, %d resets: who heard them knows what is there' % (sum(a.answers for a in askers), sum(a.resets for a in askers)))
for place in ('tmp', '.A/tmp', '.B/tmp'):
    for n in os.listdir(place):
        os.unlink(os.path.join(place, n))
os.chdir(B.path)
eq((m.bad, sorted(os.listdir('tmp'))), (0, []), 'all of it was exact, and nothing is left in tmp')
done()
