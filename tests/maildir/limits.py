"""Memory, full disks, other file systems, files that cannot be read: what maildir-op does when the system says no."""
import base64, resource, signal
from op import *

T = 1700000000
a, b, c = ['%d.M%dP1.h' % (T + i, i) for i in range(3)]

# --- requests made to eat memory ---
B = Box()
B.put(a + ':2,S')
nest = b''
for i in range(10000):
    nest = b'\x12' + (lambda n: bytes([n & 127 | 128, n >> 7 & 127 | 128, n >> 14]))(len(nest)) + nest
for name, method, data in (
        ('a million empty strings', 'Move', b'\x0a\x00' * 500000),
        ('a million empty strings of another call', 'Remove', b'\x12\x00' * 500000),
        ('10,000 levels', 'ListSearch', nest),
        ('a string of 1 MiB', 'Search', b'\x12\xf8\xff\x3f' + b'x' * ((1 << 20) - 8)),
        ('64 MiB that never were asked for', 'Stats', b'\x0a\x00' * (32 << 20))):
    code, kb = measure(B, method, data)
    ok(code in (0, 4) and kb < 20000, '%s: exit %d, %d KB' % (name, code, kb))
    if 'string of' not in name:
        eq(code, 4, '%s: refused' % name)

# --- large attachments ---
big = os.urandom(1 << 20) * 40
B.put(b + ':2,S', b'Subject: big\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nhello\n--B\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n\n' + base64.encodebytes(big) + b'--B--\n')
size = os.path.getsize(os.path.join(B.path, 'cur', b + ':2,S')) >> 10
for name, method, request in (
        ('Show TEXT', 'Show', pb.ShowReq(mid=b)),
        ('Show ALL', 'Show', pb.ShowReq(mid=b, bodies='ALL')),
        ('Raw of the attachment', 'Raw', pb.RawReq(mid=b, path='2')),
        ('Raw of the file', 'Raw', pb.RawReq(mid=b)),
        ('List with preview', 'List', pb.ListReq(end=9, preview=True))):
    code, kb = measure(B, method, request.SerializeToString())
    ok(code == 0 and (kb < size + 10000 or SANITIZED), '%s with 40 MB attached: %d KB above the mapped file' % (name, kb - size))
eq(B.call('Show', mid=b, bodies='ALL').mail.body.multipart.parts[1].body.discrete == big, True, 'and ALL gives it whole')

# --- another file system, and a full one ---
if os.getuid() == 0:
    M = Box('mounts')
    M.put(a + ':2,FSx', text='Subject: crossing\n\n' + 'x' * 100000, mtime=T - 5)
    M.put(b + ':2,S', text='Subject: too big\n\n' + 'x' * 3000000)
    full = M.folder('.Full')
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m,mode=0755', 'porter-test', full]).returncode == 0
    if mounted:
        atexit.register(lambda: subprocess.run(['umount', full]))
        for d in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(full, d))
        inode = os.stat(os.path.join(M.path, 'cur', a + ':2,FSx'))
        r = M.call('Move', mids=[a], to_folder='Full')
        eq((M.code, r.outcomes[0].new_mid, M.ls('.Full')), (0, a, ['cur/' + a + ':2,FS']), 'Move to another file system')
        st = os.stat(os.path.join(full, 'cur', a + ':2,FS'))
        eq((st.st_size, int(st.st_mtime), os.listdir(os.path.join(full, 'tmp'))), (inode.st_size, T - 5, []), 'all of it, with its time; nothing in tmp')
        before = M.everything()
        eq(M.error('Move', 3, mids=[b], to_folder='Full'), (3, 'OVER_QUOTA'), 'Move to a full one: OVER_QUOTA')
        eq(M.everything(), before, 'and the mail is where it was, nothing half-written')
        r = M.call('Move', mids=[b, a], from_folder='', to_folder='Full')
        eq(M.code, 3, 'nothing of two could be done')
        r = M.call('Move', mids=[a], from_folder='Full')
        eq((M.code, M.ls('.Full'), 'cur/' + a + ':2,FS' in M.ls()), (0, [], True), 'and back')
    else:
        print('# not allowed to mount: Move across file systems is not tested here')
    D = Box('disk')
    small = D.path
    for d in ('cur', 'new', 'tmp'):
        os.rmdir(os.path.join(small, d))
    if mounted and subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k,nr_inodes=9,mode=0755', 'porter-test', small]).returncode == 0:
        atexit.register(lambda: subprocess.run(['umount', small]))
        for d in ('cur', 'new', 'tmp'):
            os.makedirs(os.path.join(small, d))
        D.put(a + ':2,S')
        before = [(p, s) for p, s, *_ in D.everything()]
        eq(D.error('AddFolder', 3, name='Sent'), (3, 'OVER_QUOTA'), 'AddFolder on a full disk: OVER_QUOTA')
        eq([(p, s) for p, s, *_ in D.everything()], before, 'nothing is left of it')

    # --- as an account that may not read everything ---
    U = Box('unreadable')
    U.put(a + ':2,S', text='Subject: mine\n\n')
    os.chmod(U.put(b + ',S=42:2,S', text='Subject: not mine\n\nsecret'), 0)
    locked = U.folder('.Locked')
    os.chmod(locked, 0)
    os.chmod(work, 0o755)

    def as_nobody(method, **fields):
        r = subprocess.run([os.path.join(bin_dir, 'maildir-op'), method], input=getattr(pb, method + 'Req')(**fields).SerializeToString(), cwd=U.path, capture_output=True, user=65534, group=65534, extra_groups=[])
        response = getattr(pb, method + 'Resp')()
        response.ParseFromString(r.stdout)
        return r.returncode, response

    code, r = as_nobody('List', end=9)
    eq((code, [h.header.subject for h in r.mail_heads], [h.byte_size for h in r.mail_heads]), (0, ['mine', ''], [15, 42]), 'a mail that cannot be read is listed by its name and size')
    code, r = as_nobody('Stats')
    eq((code, r.mail_count), (0, 2), 'and counted')
    for m in ('Show', 'Raw'):
        code, r = as_nobody(m, mid=b + ',S=42')
        eq((code, r.error.code), (3, pb.Error.NO_SUCH_MAIL), m + ' of it')
        ok('ermission' in r.error.text, 'says why')
    code, r = as_nobody('Search', pattern='mine')
    eq((code, len(r.found)), (0, 1), 'what cannot be read matches nothing')
    code, r = as_nobody('Stats', folder='Locked')
    eq((code, r.error.code), (3, pb.Error.UNKNOWN), 'a folder that cannot be entered')
    before = U.everything()
    code, r = as_nobody('Remove', mids=[a])
    eq((code, r.outcomes[0].HasField('error')), (3, True), 'Remove in a directory that may not be written')
    code, r = as_nobody('SetFlags', mids=[a], add='F')
    eq((code, r.outcomes[0].HasField('error')), (3, True), 'SetFlags too')
    code, r = as_nobody('Capabilities')
    eq((code, r.index, U.call('Capabilities').index), (0, False, True), 'no index can be kept there')
    code, r = as_nobody('AddFolder', name='x')
    eq(code, 3, 'AddFolder too')
    eq(U.everything(), before, 'nothing changed')
else:
    print('# not root: other file systems and accounts are not tested here')

# --- where there is no Maildir ---
os.makedirs(os.path.join(work, 'none'))
N = Box('n')
N.path = os.path.join(work, 'none')
eq(N.raw('Stats', b'')[0], 5, 'no Maildir here: exit 5')
eq(subprocess.run([os.path.join(bin_dir, 'maildir-op')], capture_output=True).returncode, 100, 'no method: exit 100')
eq(subprocess.run([os.path.join(bin_dir, 'maildir-op'), 'a', 'b'], capture_output=True).returncode, 100, 'two methods: exit 100')

# --- nobody takes the response, or the request breaks off ---
r, w = os.pipe()
os.close(r)
code, kb = measure(B, 'Raw', pb.RawReq(mid=b).SerializeToString(), out=w)
ok(code in (111, -signal.SIGPIPE), 'a response that nobody takes: exit %d' % code)
os.close(w)
with open('/dev/full', 'wb') as nowhere:
    eq(measure(B, 'Raw', pb.RawReq(mid=b).SerializeToString(), out=nowhere)[0], 111, 'a response that cannot be written: exit 111')
p = subprocess.run(['sh', '-c', 'exec 0<&-; exec maildir-op Stats'], cwd=B.path, capture_output=True)
eq(p.returncode, 0, 'standard input closed: an empty request')
eq(subprocess.run(['sh', '-c', 'exec 0<.; exec maildir-op Stats'], cwd=B.path, capture_output=True).returncode, 111, 'standard input that cannot be read: exit 111')
env = dict(os.environ, MAILDIR='/nowhere', HOME='/nowhere', LANG='xx', LC_ALL='xx', TZ='/etc/passwd')
eq(B.raw('Stats', b'', env)[:2], B.raw('Stats', b'', {})[:2], 'no environment variable changes an answer')

# --- more than one answer holds ---
P = Box('pages')
for i in range(1003):
    P.put('%d.M%dP1.h:2,S' % (T + i, i), 'Subject: %d\n\n' % i)
S = dict(parameter='ARRIVAL')
r = P.call('List', end=1001, sort=S)
eq((len(r.mail_heads), r.cut, r.total), (1000, True, 1003), 'List of 1001: cut')
r = P.call('List', start=3, end=4000000000, sort=S)
eq((len(r.mail_heads), r.cut), (1000, False), 'of the last 1000: not cut')
r = P.call('ListSearch', limit=1001, sort=S)
eq((len(r.mail_heads), r.cut, r.last, r.total), (1000, True, False, 1003), 'ListSearch of 1001: cut')
r = P.call('ListSearch', limit=1000, sort=S)
eq((len(r.mail_heads), r.cut), (1000, False), 'of 1000: as many as were asked')
r = P.call('ListSearch', limit=4000000000, sort=S, direction='BEFORE', bound=dict(param=str(T + 1000), id='%d.M1000P1.h' % (T + 1000)))
eq((len(r.mail_heads), r.cut, r.first), (1000, False, True), 'the first 1000 by a greater limit: all there are')
eq(len(P.call('ListSearch', sort=S).mail_heads), 50, 'limit 0 is 50')
done()
