"""The index met with trouble: calls counted, each of its system calls failing or killing, tails cut at every octet, rubbish in its place, clocks,
copies and restores. The answer is the one without an index, always; the next call works; nothing is left in tmp but what a kill left."""
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from index_octets import hollow  # noqa: E402
from op import *  # noqa: E402,F403

OP = os.path.join(os.environ['BIN'], 'maildir-op')
T = 1700000000
B = Box()
os.chdir(B.path)
PAGE = pb.ListSearchReq(limit=20, sort=pb.Sort(direction='DESC')).SerializeToString()
FIND = pb.ListSearchReq(limit=300, search='needle').SerializeToString()


def mail(i):
    return ('From: a%d@example.org\nSubject: mail %d\nDate: Thu, 26 Nov 2020 13:%02d:00 +0000\nMessage-ID: <%d@x>\n\n%s\n'
            % (i % 7, i % 11, i % 60, i, 'needle' if i % 9 == 0 else 'hay')).encode()


def put(i, place='cur', flags=':2,S'):
    octets = mail(i)
    B.put('%d.M%dP1.host,S=%d%s' % (T + i, i, len(octets), flags if place == 'cur' else ''), octets, sub=place)


for n in range(260):
    put(n, 'new' if n % 10 == 0 else 'cur')


def run(method, request=b'', *options, before=()):
    r = subprocess.run([*before, OP, *options, method], input=request, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return r.returncode, r.stdout


def same(what, method='ListSearch', request=PAGE):
    eq(run(method, request), run(method, request, '-I'), what)


def indexed():
    run('ListSearch', PAGE)
    run('ListSearch', FIND)
    settle()
    run('Stats')
    return os.path.exists('porter.index')


def flag():
    n = sorted(os.listdir('cur'))[7]
    os.rename('cur/' + n, 'cur/' + (n[:-1] if n.endswith('S') else n + 'S'))
    return n.split(':')[0]


def leftovers():
    return sorted(os.listdir('tmp'))


def traced(method, request=b'', calls='all', *options):
    log = os.path.join(work, 'trace')
    r = run(method, request, *options, before=['strace', '-f', '-o', log, '-e', 'trace=' + calls])
    with open(log) as f:
        lines = [line.split(None, 1)[1] if re.match(r'\d+ ', line) else line for line in f.read().splitlines()]
    return r, [line for line in lines if re.match(r'\w+\(', line)]


have_strace = shutil.which('strace') and subprocess.run(['strace', '-o', '/dev/null', 'true'], stderr=subprocess.DEVNULL).returncode == 0
ok(indexed(), 'a page makes an index')
same('it answers as without')
same('a search, too', 'ListSearch', FIND)
ok(os.path.exists('porter.search'), 'and leaves filters')

# --- calls are counted ---

if have_strace:
    _, calls = traced('ListSearch', PAGE)
    names = [c.split('(')[0] for c in calls]
    eq([n for n in names if n in ('getdents64', 'flock', 'pwrite64', 'ftruncate', 'renameat', 'renameat2')], [], 'nothing changed: a page lists, locks and writes nothing')
    opened = [c for c in calls if c.startswith('openat(') and '.host' in c]
    ok(len(opened) <= 20, 'and opens the mails of the page alone (%d)' % len(opened))
    empty = len(traced('Capabilities')[1])
    stats = traced('Stats')[1]
    ok(len(stats) <= empty + 40 and not any(c.startswith('getdents64') for c in stats), 'Stats: %d system calls where an empty call has %d' % (len(stats), empty))
    mid = '%d.M%dP1.host,S=%d' % (T + 5, 5, len(mail(5)))
    flag()
    for method, request in (('Show', pb.ShowReq(mid=mid)), ('Raw', pb.RawReq(mid=mid)), ('SetFlags', pb.SetFlagsReq(mids=[mid], add='F'))):
        r, calls = traced(method, request.SerializeToString())
        eq((r[0], [c for c in calls if c.startswith('getdents64')]), (0, []), '%s by mid after another set a flag: no listing' % method)

# --- each call fails, or is the last one ---

ERRORS = {'openat': ['EACCES', 'EMFILE'], 'pread64': ['EIO'], 'pwrite64': ['ENOSPC', 'EDQUOT', 'EIO'], 'renameat': ['EROFS', 'EACCES'],
          'ftruncate': ['EIO'], 'flock': ['ENOLCK', 'EWOULDBLOCK'], 'fstatfs': ['EIO'], 'getrandom': ['ENOSYS'], 'faccessat2': ['EACCES']}


def prepare(state):
    if state == 'none':
        for name in ('porter.index', 'porter.search'):
            if os.path.exists(name):
                os.unlink(name)
    else:
        indexed()
        flag()


def inject(state, request, call, when, what):
    """The call of that name with that number, among those that name a file of ours or write."""
    prepare(state)
    before = ['strace', '-f', '-o', os.path.join(work, 'trace'), '-e', 'trace=' + call, '-e', 'inject=%s:%s:when=%d' % (call, what, when)]
    got = run('ListSearch', request, before=before)
    with open(os.path.join(work, 'trace')) as f:
        hit = 'INJECTED' in f.read() or what.startswith('signal') and got[0] < 0
    return got, hit


def each_call(what_of, judge):
    bad = []
    tried = 0
    for state, request in (('none', PAGE), ('none', FIND), ('stale', PAGE), ('stale', FIND)):
        for call in ('pwrite64', 'renameat', 'ftruncate', 'flock', 'getrandom', 'faccessat2', 'fstatfs'):
            for what in what_of(call):
                for when in range(1, 30):
                    got, hit = inject(state, request, call, when, what)
                    if not hit:
                        break
                    tried += 1
                    if not judge(got, request):
                        bad.append((state, request, call, when, what, got[0]))
    return tried, bad


if have_strace:
    def judge_failed(got, request):
        good = got == run('ListSearch', request, '-I') and leftovers() == []
        return good and run('ListSearch', FIND) == run('ListSearch', FIND, '-I') and run('Stats') == run('Stats', b'', '-I')

    tried, bad = each_call(lambda call: ['error=' + e for e in ERRORS.get(call, [])], judge_failed)
    ok(tried > 20, '%d system calls that fail' % tried)
    eq(bad, [], 'each leaves the answer as it is, and the next right; nothing is left in tmp')

    def judge_killed(got, request):
        left = leftovers()
        for name in left:
            os.unlink('tmp/' + name)
        return len(left) <= 1 and run('ListSearch', FIND) == run('ListSearch', FIND, '-I') and run('Stats') == run('Stats', b'', '-I') and leftovers() == []

    tried, bad = each_call(lambda call: ['signal=KILL'], judge_killed)
    ok(tried > 15, '%d system calls at which it is killed' % tried)
    eq(bad, [], 'after each the next call is right, and at most a file in tmp is left')

# --- the tail is cut, octets are changed ---

indexed()
flag()
run('Stats')
os.unlink('cur/' + sorted(os.listdir('cur'))[0])
run('Stats')
settle()
run('Stats')
with open('porter.index', 'rb') as f:
    whole = f.read()
image = int.from_bytes(whole[32:40], 'little')
RANGE = pb.ListReq(start=120, end=180, sort=pb.Sort(parameter='SENDER')).SerializeToString()
want = run('Stats', b'', '-I'), run('ListSearch', PAGE, '-I'), run('List', RANGE, '-I')
bad = []
for cut in range(image, len(whole), max(1, (len(whole) - image) // 60)):
    with open('porter.index', 'wb') as f:
        f.write(whole[:cut])
    if (run('Stats'), run('ListSearch', PAGE)) != want[:2]:
        bad.append(cut)
for cut in list(range(0, image, image // 40)):
    with open('porter.index', 'wb') as f:
        f.write(whole[:cut])
    if (run('Stats'), run('ListSearch', PAGE)) != want[:2]:
        bad.append(cut)
eq(bad, [], 'cut anywhere: answers are right')
bad = []
for i in range(0, len(whole), len(whole) // 90):
    for method, request, right in (('ListSearch', PAGE, want[1]), ('List', RANGE, want[2])):
        with open('porter.index', 'wb') as f:
            f.write(whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1:])
        if run(method, request) != right:
            bad.append((method, i))
eq(bad, [], 'an octet changed anywhere: the page is right')
records = int.from_bytes(whole[96 + 32:96 + 40], 'little'), int.from_bytes(whole[96 + 40:96 + 48], 'little')
spoiled = bytearray(whole)
for i in range(records[0], sum(records), 64):
    spoiled[i] ^= 1
with open('porter.index', 'wb') as f:
    f.write(spoiled)
eq(run('ListSearch', PAGE), want[1], 'every record wrong: the page is right')
run('ListSearch', PAGE)
with open('porter.index', 'rb') as f:
    ok(f.read(32)[16:24] != whole[16:24], 'and the index is made anew')

# --- what else may have its name ---


def rubbish(name, make):
    for path in ('porter.index', 'porter.search'):
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        elif os.path.lexists(path):
            os.unlink(path)
        make(path)
    begun = time.monotonic()
    good = run('ListSearch', PAGE) == run('ListSearch', PAGE, '-I') and run('ListSearch', FIND) == run('ListSearch', FIND, '-I') and run('Stats') == run('Stats', b'', '-I')
    ok(good and time.monotonic() - begun < 30 and leftovers() == [], name + ' in its place')


def sparse(path):
    with open(path, 'wb') as f:
        f.write(whole[:512])
        f.truncate(100 << 30)


def linked(path):
    with open(os.path.join(work, 'other'), 'wb') as f:
        f.write(whole)
    os.link(os.path.join(work, 'other'), path)


rubbish('a FIFO', os.mkfifo)
rubbish('a link', lambda path: os.symlink('/etc/passwd', path))
rubbish('a directory', os.mkdir)
rubbish('a hard link', linked)
rubbish('100 GB of nothing', sparse)
rubbish('an empty file', lambda path: open(path, 'w').close())
if os.geteuid() == 0:
    def foreign(path):
        with open(path, 'wb') as f:
            f.write(whole)
        os.chown(path, 12345, 12345)
    rubbish("another's file", foreign)
for path in ('porter.index', 'porter.search'):
    if os.path.isdir(path):
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)

if have_strace:
    # Gigabytes that are not there cost who made them nothing. The stamps are right, so the index is believed.
    H = Box('hollow')
    for n in range(220):
        H.put('%d.M%dP1.h:2,' % (T + n, n), mail(n))
    os.chdir(H.path)
    info = pb.FolderInfoReq(threads=True).SerializeToString()
    for again in range(2):
        settle()
        want = run('FolderInfo', info)
    hollow('porter.index', 36000000)
    fd = os.open('porter.index', os.O_RDONLY)
    holes = os.lseek(fd, 0, os.SEEK_HOLE) < os.fstat(fd).st_size
    os.close(fd)
    if holes:
        got, calls = traced('FolderInfo', info, 'read,pread64,readv,mmap')
        octets = sum(int(c.rsplit(' = ', 1)[1]) for c in calls if 'read' in c.split('(')[0] and c.rsplit(' = ', 1)[1].isdigit())
        ok(octets < 1 << 20, 'an index of 3.5 GB that are not there: FolderInfo reads %d octets' % octets)
        eq(got, want, 'and answers as before')
    else:
        skip('an index of gigabytes that are not there', 'this file system has no holes')
    os.chdir(B.path)

# --- clocks, copies, restores ---

indexed()
os.utime('cur', (T, T))
put(300)
os.utime('cur', (T, T))
same('mtime set back', 'Stats', b'')
same('mtime set back: a page')
settle()
os.utime('new', (2 ** 33, 2 ** 33))
same('mtime in the future', 'Stats', b'')
os.rename('cur/' + sorted(os.listdir('cur'))[3], 'cur/%d.M9P9.moved:2,' % T)
same('and a change after it')

os.chdir(work)
shutil.copytree(B.path, 'copy', symlinks=True)
os.chdir('copy')
os.unlink('cur/' + sorted(os.listdir('cur'))[0])
same('a mailbox that was copied with its index')
same('its counts', 'Stats', b'')
os.chdir(B.path)
os.makedirs('.Old/tmp')
for d in ('cur', 'new'):
    shutil.copytree(d, '.Old/' + d)
page = pb.ListSearchReq(folder='Old', limit=5).SerializeToString()
run('ListSearch', page)
settle()
os.rename('.Old', '.Renamed')
page = pb.ListSearchReq(folder='Renamed', limit=5).SerializeToString()
ok(os.path.exists('.Renamed/porter.index'), 'a folder that is renamed takes its index along')
same('and it is right', 'ListSearch', page)
shutil.copy('porter.index', '.Renamed/porter.index')
same("another folder's index", 'ListSearch', page)
with open('porter.index', 'rb') as f:
    old = f.read()
for n in sorted(os.listdir('cur'))[:100]:
    os.unlink('cur/' + n)
put(400)
run('ListSearch', PAGE)
with open('porter.index', 'wb') as f:
    f.write(old)
same('an old index restored without its mail')
same('its counts', 'Stats', b'')

# --- options ---

with_charset = run('ListSearch', PAGE, '-c', 'koi8-r')[0]
if with_charset == 0:
    eq(run('ListSearch', PAGE, '-c', 'koi8-r'), run('ListSearch', PAGE, '-I', '-c', 'koi8-r'), 'another charset for text without one: another index')
    same('and back')
for i in range(500, 700):
    put(i)
os.unlink('porter.index')
os.makedirs(work + '/elsewhere', 0o700)
want = run('ListSearch', PAGE, '-I')
eq(run('ListSearch', PAGE, '-i', work + '/elsewhere'), want, '-i: the same answer')
eq(run('ListSearch', PAGE, '-i', work + '/elsewhere'), want, 'and again')
ok(not os.path.exists('porter.index') and len(os.listdir(work + '/elsewhere')) == 1, 'the index lies there and not here')
os.chmod(work + '/elsewhere', 0o777)
eq(run('ListSearch', PAGE, '-i', work + '/elsewhere')[0], 111, 'not in a directory where anybody may write')
os.chmod(work + '/elsewhere', 0o1777)
eq(run('ListSearch', PAGE, '-i', work + '/elsewhere')[0], 0, 'but where the sticky bit is set')
eq(run('ListSearch', PAGE, '-I'), want, '-I: the same answer')
ok(not os.path.exists('porter.index'), 'and none is made')
shutil.rmtree('new')
os.mkdir('new')
for n in sorted(os.listdir('cur'))[150:]:
    os.unlink('cur/' + n)
run('ListSearch', PAGE)
ok(not os.path.exists('porter.index'), 'a small folder gets none')
done()
