"""Limits, one below and one above; what is cut says so. Of octets: store.py; heads of List and ListSearch: limits.py; mails of Fetch: fetch.py;
filters: find.py; letters for keywords: carry.py; how many uploads: store.py."""
from op import *

T = 1700000000
MIB = 1 << 20
B = Box()
code_of = lambda r: pb.Error.Code.Name(r.error.code) if r.HasField('error') else None


def varint(n):
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


# --- requests ---
for size, want in ((MIB, 0), (MIB + 1, 4)):
    head = varint(99 << 3 | 2)
    data = head + varint(size - len(head) - 3) + b'x' * (size - len(head) - 3)
    eq((len(data), B.raw('Stats', data)[0]), (size, want), 'a request of 1 MiB%s' % (' + 1' if want else ''))
for count, want in ((10000, 0), (10001, 4)):
    eq(B.raw('Stats', b'\xa2\x06\x00' * count)[0], want, '%d fields' % count)


def nested(n):
    """A filter in n - 1 others."""
    data = b''
    for _ in range(n - 1):
        data = b'\x12' + varint(len(data)) + data
    return b'\x12' + varint(len(data)) + data


texts = {}
for depth, want in ((10, 0), (11, 4), (15, 4), (16, 4), (500, 4)):
    code, out, _ = B.raw('Find', nested(depth))
    eq(code, want, 'filters %d deep' % depth)
    texts[depth] = pb.Failure.FromString(out).error.text
ok(texts[11] == texts[15] != texts[16] == texts[500], '16 levels of messages are none that is unpacked: %s; %s' % (texts[15], texts[16]))
eq(B.raw('Find', b'')[0], 0, 'no filter at all')

# --- heads and mids of Find ---
M = Box('many')
first, second = (os.path.join(M.path, 'tmp', n) for n in 'ab')
for path in (first, second):
    open(path, 'w').write('Subject: x\n\nx\n')


def grow(to, at=[0]):
    """Links of two files, as one has not so many names on every file system: mails all the same."""
    while at[0] < to:
        os.link(first if at[0] < 50000 else second, os.path.join(M.path, 'cur', '%d.M%dP1.h,S=14:2,S' % (T + at[0], at[0])))
        at[0] += 1


grow(1000)
by = {'parameter': 'ARRIVAL'}
r = M.call('Find', limit=1001, sort=by)
eq((len(r.found), r.cut, r.last), (1000, False, True), 'Find: all of 1000 heads, though more were asked for')
grow(1001)
r = M.call('Find', limit=1000, sort=by)
eq((len(r.found), r.cut, r.last), (1000, False, False), 'of 1001, as many as were asked for')
r = M.call('Find', limit=1001, sort=by)
eq((len(r.found), r.cut, r.last), (1000, True, False), 'of 1001, cut')
r = M.call('Find', limit=1001, sort=by, heads='MIDS')
eq((len(r.found), r.cut, r.last), (1001, False, True), 'mids: all of 1001')
grow(100000)
r = M.call('Find', limit=100001, sort=by, heads='MIDS')
eq((len(r.found), r.cut, r.last), (100000, False, True), 'all of 100,000 mids')
grow(100001)
r = M.call('Find', limit=100001, sort=by, heads='MIDS')
eq((len(r.found), r.cut, r.last), (100000, True, False), 'of 100,001, cut')
r = M.call('Find', limit=1, sort=by, heads='MIDS', bound=r.last_bound)
eq((len(r.found), r.last), (1, True), 'and one behind them')
shutil.rmtree(M.path)

# --- conversations ---
H = Box('threads')
for i in range(1001):
    H.put('%d.M%dP1.h:2,S' % (T + i, i), 'Message-ID: <%d@x>\nReferences: <0@x>\nSubject: long\n\n' % i)
for i in range(1000):
    H.put('%d.M%dP2.h:2,S' % (T - i, i), 'Message-ID: <a%d@x>\nSubject: alone\n\n' % i)
r = H.call('Threads', limit=1001, total=True)
eq((len(r.threads), r.last, r.total), (1000, False, 1001), '1000 of 1001 conversations, and there are more')
t = r.threads[0]
eq((t.mail_count, len(t.mails), t.mails[0].mid), (1001, 1000, '%d.M0P1.h' % T), 'one of 1001 mails: all are counted, the oldest 1000 named')
r = H.call('Threads', limit=1000, bound=r.last_bound)
eq((len(r.threads), r.last), (1, True), 'and one behind them')
os.unlink(os.path.join(H.path, 'cur', '%d.M999P2.h:2,S' % (T - 999)))
r = H.call('Threads', limit=1001)
eq((len(r.threads), r.last), (1000, True), 'all of 1000')

# --- keywords ---
a = '%d.M1P1.h' % T
B.put(a + ':2,')
eq((B.call('SetFlags', mids=[a], add_keywords=['k' * 100]).outcomes[0].HasField('error'), B.code), (False, 0), 'a keyword of 100 octets')
eq(B.error('SetFlags', 4, mids=[a], add_keywords=['k' * 101]), (4, 'BAD_REQUEST'), 'of 101')
eq(list(B.call('List', end=1).mail_heads[0].keywords), ['k' * 100], 'told whole')

# --- uploads, together ---
U = Box('uploads')
store = os.path.join(U.path, 'porter.uploads')
os.mkdir(store, 0o700)
for i, size in enumerate((64 * MIB, 64 * MIB, 64 * MIB, 64 * MIB - 10)):
    with open(os.path.join(store, '%032x' % i), 'w') as f:
        f.truncate(size)
eq(U.call('Upload', octets=b'x' * 10).byte_size, 10, '256 MiB of uploads')
eq(U.error('Upload', 3, octets=b'x'), (3, 'OVER_QUOTA'), 'one octet more: all are young')
eq(len(os.listdir(store)), 5, 'none of them has gone')

# --- names that no folder can have ---
names = ['../x', '..', '.', '.Sent', 'a..b', 'a.', 'a/b', '/etc', '~x', 'inbox', 'INBOX', 'InBox', 'a\nb', 'a\x7f', 'a\u0085b', 'x' * 255, 'ä' * 100, 'x' * 5000]
N = Box('names')
N.folder('.A')
N.put(a + ':2,S')
N.put('%d.M2P1.h:2,S' % T, folder='.A')
before = N.everything()
mail = b'a: b\n\nc\n'
for name in names:
    wrong = []
    for method, fields in (('Append', dict(folder=name, octets=mail)), ('Copy', dict(mids=[a], to_folder=name)), ('Copy', dict(mids=[a], from_folder=name, to_folder='A')), ('Move', dict(mids=[a], to_folder=name)),
                           ('Move', dict(mids=[a], from_folder=name, to_folder='A')), ('Remove', dict(folder=name, mids=[a])), ('SetFlags', dict(folder=name, mids=[a], add='F')), ('AddFolder', dict(name=name)),
                           ('RenameFolder', dict(name=name, new_name='B')), ('RenameFolder', dict(name='A', new_name=name)), ('RemoveFolder', dict(name=name, force=True, below=True)), ('EmptyFolder', dict(folder=name)),
                           ('Find', dict(folders=[name])), ('Threads', dict(folders=[name])), ('Threads', dict(folders=['A'], with_folders=[name])), ('Changes', dict(folders=[name])), ('Wait', dict(folders=[name], seconds=1)),
                           ('List', dict(folder=name)), ('ListSearch', dict(folder=name)), ('Search', dict(folder=name)), ('Show', dict(folder=name, mid=a)), ('Raw', dict(folder=name, mid=a)), ('Stats', dict(folder=name))):
        got = N.error(method, 3, **fields)
        if got != (3, 'INVALID_FOLDER'):
            wrong.append((method, fields, got))
    # Those that answer for each.
    for method, fields, field in (('FolderInfo', dict(folders=[name, 'A']), 'folders'), ('Fetch', dict(mails=[{'folder': name, 'mid': a}, {'mid': a}], heads=True), 'mails')):
        r = N.call(method, **fields)
        if (N.code, [code_of(x) for x in getattr(r, field)]) != (0, ['INVALID_FOLDER', None]):
            wrong.append((method, N.code, r))
    r = N.call('Append', octets=mail, flags='S', replaces={'folder': name, 'mid': a})
    if (N.code, code_of(r.replaced)) != (0, 'INVALID_FOLDER'):
        wrong.append(('replaces', N.code, r))
    os.unlink(os.path.join(N.path, 'cur', r.mid + ':2,S'))
    if N.error('Append', 3, pieces=[{'octets': mail}, {'mail': {'folder': name, 'mid': a}}])[1] not in ('INVALID_FOLDER', 'NO_SUCH_MAIL'):
        wrong.append(('a piece', name))
    eq(wrong[:2], [], 'no folder: %s' % ascii(name)[:30])
eq([(p, ino) for p, _, _, _, ino in N.everything()], [(p, ino) for p, _, _, _, ino in before], 'nothing was done')
done()
