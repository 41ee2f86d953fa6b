"""Append, Upload, pieces: what is stored is what was sent, whole or not at all."""
import base64, email, email.policy, re, tempfile
from op import *
from held import Held

MIB = 1 << 20
B = Box()
B.folder('.Drafts')


def stored(folder=''):
    return B.ls(folder)


def octets_of(folder, name):
    return open(os.path.join(B.path, folder, name), 'rb').read()


# --- plain ---
mail = b'Subject: one\r\nX: bare LF follows\n\r\nbody\r\nand a NUL \0 in it\n'
r = B.call('Append', octets=mail)
eq((B.code, r.byte_size, len(stored())), (0, len(mail), 1), 'Append')
name = stored()[0]
eq((name, octets_of('', name)), ('new/' + r.mid, mail), 'without flags it is in new, its octets as they came')
ok(r.mid.endswith(',S=%d' % len(mail)), 'its name has its size')
eq(os.listdir(os.path.join(B.path, 'tmp')), [], 'nothing is left in tmp')
eq(os.stat(os.path.join(B.path, name)).st_mode & 0o777, os.stat(B.path).st_mode & 0o666, 'its mode is the mailbox\'s')
r = B.call('Append', folder='Drafts', octets=mail, flags='SD')
eq(stored('.Drafts'), ['cur/' + r.mid + ':2,DS'], 'with flags it is in cur')
eq(B.call('Raw', folder='Drafts', mid=r.mid).body, mail, 'and found by the mid of the answer')
old = r.mid
r = B.call('Append', folder='Drafts', octets=b'Subject: two\n\n', flags='D', replaces={'folder': 'Drafts', 'mid': old})
eq((B.code, r.replaced.mid, r.replaced.HasField('error'), stored('.Drafts')), (0, old, False, ['cur/' + r.mid + ':2,D']), 'replaces: the old one has gone')
r = B.call('Append', folder='Drafts', octets=b'Subject: three\n\n', replaces={'folder': 'Drafts', 'mid': old})
eq((B.code, pb.Error.Code.Name(r.replaced.error.code), len(stored('.Drafts'))), (0, 'NO_SUCH_MAIL', 2), 'where that had gone already, the new one is stored all the same')
r = B.call('Append', octets=mail, replaces={'folder': 'Nope', 'mid': old})
eq((B.code, pb.Error.Code.Name(r.replaced.error.code)), (0, 'INVALID_FOLDER'), 'or its folder')
shutil.rmtree(os.path.join(B.path, 'new'))
os.makedirs(os.path.join(B.path, 'new'))

# --- keywords ---
r = B.call('Append', folder='Drafts', octets=mail, keywords=['Work', '$Flagged', 'later'], flags='S')
eq(octets_of('.Drafts', 'dovecot-keywords'), b'0 Work\n1 later\n', 'keywords get letters and names')
ok('cur/' + r.mid + ':2,FSab' in stored('.Drafts'), 'and the mail has them; $Flagged is F')
r = B.call('Append', folder='Drafts', octets=mail, keywords=['WORK'])
ok('cur/' + r.mid + ':2,a' in stored('.Drafts'), 'names are compared without case')
before = B.everything()
for bad in ('a b', 'a(', '', 'x' * 101, 'é', 'a*', '"', '\\', '%', ']', '{', 'a\tb'):
    eq(B.error('Append', 4, octets=mail, keywords=[bad]), (4, 'BAD_REQUEST'), 'no keyword: %s' % ascii(bad[:9]))
eq(B.error('Append', 4, octets=mail, flags='x'), (4, 'BAD_REQUEST'), 'no flag')
eq(B.everything(), before, 'nothing changed')

# --- refused ---
before = B.everything()
for what, octets in (('nothing', b''), ('a line of mbox', b'From joe Mon\nSubject: x\n\n'), ('no field', b'hello\n'), ('a field without a name', b': x\n\n'),
                     ('a blank first', b' Subject: x\n\n'), ('an empty line first', b'\nSubject: x\n'), ('a NUL in the head', b'Subject: a\0b\n\n'),
                     ('a NUL at the head\'s end', b'Subject: x\nA: ' + b'y' * 40000 + b'\0\n\nz'), ('a name alone', b'Subject')):
    eq(B.error('Append', 3, octets=octets), (3, 'INVALID_MAIL'), 'no mail: ' + what)
eq(B.error('Append', 3, folder='Nope', octets=mail), (3, 'INVALID_FOLDER'), 'no such folder')
for bad in ('yesterday', '2026-02-30T00:00:00Z', '2026-01-01T00:00:00', '2026-01-01 00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00+0100', '2026-01-01T00:00:00.Z', '26-01-01T00:00:00Z'):
    eq(B.error('Append', 4, octets=mail, date=bad), (4, 'BAD_REQUEST'), 'no date: ' + bad)
eq(B.everything(), before, 'nothing changed')
for good in (b'Subject : x\n', b'X:', b'a:\n\n' + b'\0' * 9, b'a: b\r\n\r\n\0', b'a: b\n c\n\n\0'):
    eq(B.call('Append', octets=good).byte_size, len(good), 'a mail: %r' % good[:12])

# --- dates ---
D = Box('dates')
for text, seconds in (('1970-01-01T00:00:00Z', 0), ('2017-07-14T04:40:00+02:00', 1500000000), ('2017-07-14t02:40:00.75z', 1500000000), ('1999-12-31T23:59:60-00:30', 946686600)):
    r = D.call('Append', octets=mail, date=text, flags='S')
    path = os.path.join(D.path, 'cur', r.mid + ':2,S')
    eq(int(os.stat(path).st_mtime), seconds, '%s: mtime' % text)
    eq(D.call('List', end=1).mail_heads[0].rec_date, time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(seconds)), 'rec_date')
    ok(re.match(r'%d\.M\d+P\d+_\d+R[0-9a-f]{8}\.' % seconds, r.mid), 'and its name begins with that and has R')
    os.unlink(path)
r = D.call('Append', octets=mail, date='2040-01-01T00:00:00Z', flags='S')
eq(int(os.stat(os.path.join(D.path, 'cur', r.mid + ':2,S')).st_mtime), 2208988800, 'ahead of the clock: in mtime')
ok(abs(int(r.mid.split('.')[0]) - time.time()) < 100, 'alone')
memory = tempfile.mkdtemp(prefix='porter-test.', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else work)
atexit.register(shutil.rmtree, memory, True)
S = Box(os.path.join(memory, 'second'))
one = pb.AppendReq(octets=b'a: b\n', date='2001-01-01T00:00:00Z').SerializeToString()
frame = lambda *parts: b''.join(len(p).to_bytes(4, 'big') + p for p in parts)
many = 200 if SANITIZED else 10000  # a process each, and theirs take fifty times as long
told = subprocess.run(['frame-read', 'frame-write', 'maildir-op'], input=frame(b'Append', one) * many, cwd=S.path, capture_output=True).stdout
names, at = set(), 0
while at < len(told):
    end = at + 4 + int.from_bytes(told[at:at + 4], 'big')
    names.add(pb.AppendResp.FromString(told[at + 4:end]).mid)
    at = end
eq((len(names), {'new/' + n for n in names} == set(S.ls()), {n.split('.')[0] for n in names}), (many, True, {'978307200'}), '%d of one second have %d names, beginning with it' % (many, many))

# --- uploads and pieces ---
U = Box('uploads')
U.folder('.A')
data = os.urandom(100000)
up = U.call('Upload', octets=data)
ok(U.code == 0 and re.match('[0-9a-f]{32}$', up.upload) and up.byte_size == len(data), 'Upload')
eq(os.stat(os.path.join(U.path, 'porter.uploads')).st_mode & 0o777, 0o700, 'its directory is the owner\'s')
eq(U.call('Raw', upload=up.upload, offset=10, length=20).body, data[10:30], 'Raw reads it')
for bad in ('f' * 32, '..', '', 'x', '../cur/x', up.upload + 'a', up.upload.upper() if up.upload.upper() != up.upload else 'g' * 32):
    eq(U.error('Append', 3, pieces=[{'octets': b'a: b\n\n'}, {'upload': bad}]), (3, 'NO_SUCH_UPLOAD'), 'no upload: %.12s' % bad)
inner = U.call('Append', folder='A', octets=b'Subject: in\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\ntext\n--i\nContent-Type: a/b\nContent-Transfer-Encoding: base64\n\nQUJDRA==\n--i--\n').mid
head = b'Subject: p\nContent-Type: multipart/mixed; boundary=o\n'
r = U.call('Append', pieces=[{'octets': head + b'\n--o\nContent-Type: application/x\nContent-Transfer-Encoding: base64\n\n'}, {'upload': up.upload, 'encoding': 'BASE64'},
                             {'octets': b'--o\nContent-Type: message/rfc822\n\n'}, {'mail': {'folder': 'A', 'mid': inner}}, {'octets': b'\n--o\nContent-Type: c/d\n\n'},
                             {'mail': {'folder': 'A', 'mid': inner}, 'path': '2'}], octets=b'\n--o--\n')
parts = email.message_from_bytes(octets_of('../uploads/', 'new/' + r.mid)).get_payload()
eq((parts[0].get_payload(decode=True) == data, parts[1].get_payload()[0]['Subject'], parts[2].get_payload()), (True, 'in', 'ABCD'), 'a mail of an upload, a mail and a part, read by Python\'s email')
ok(all(len(l) == 76 for l in parts[0].get_payload().rstrip().split('\n')[:-1]), 'lines of 76')
r = U.call('Append', pieces=[{'octets': b'a: b\r\n\r\n'}, {'upload': up.upload, 'encoding': 'BASE64', 'crlf': True}])
eq(octets_of('../uploads/', 'new/' + r.mid).count(b'\r\n'), 2 + (len(data) + 56) // 57, 'or CRLF')
before = U.everything()
for what, pieces, code, error in (('from nowhere', [{'encoding': 'BASE64'}], 4, 'BAD_REQUEST'), ('with an encoding that is none', [{'octets': b'a: b', 'encoding': 5}], 4, 'BAD_REQUEST'),
                                  ('with a path of no mail', [{'octets': b'a: b', 'path': '1'}], 4, 'BAD_REQUEST'), ('of a part that is not there', [{'mail': {'folder': 'A', 'mid': inner}, 'path': '9'}], 3, 'NO_SUCH_PART'),
                                  ('of no mail', [{'mail': {'mid': 'x'}}], 3, 'NO_SUCH_MAIL'), ('of no folder', [{'mail': {'folder': 'N', 'mid': 'x'}}], 3, 'INVALID_FOLDER'),
                                  ('1001 of them', [{'octets': b'a: b\n'}] * 1001, 3, 'TOO_LARGE'), ('too large together', [{'upload': up.upload}] * 700, 3, 'TOO_LARGE')):
    eq(U.error('Append', code, pieces=pieces), (code, error), 'a piece ' + what)
eq(U.everything(), before, 'nothing is left of them')
eq((U.call('Append', pieces=[{'octets': b'a: b\n'}] * 1000).byte_size), 5000, '1000 pieces')
store = os.path.join(U.path, 'porter.uploads')
old = time.time() - 90000
os.utime(os.path.join(store, up.upload), (old, old))
fresh = U.call('Upload', octets=b'x').upload
eq(os.listdir(store), [fresh], 'each Upload sweeps what has had its day')
for i in range(127):
    open(os.path.join(store, '%032x' % i), 'w').close()
eq(U.error('Upload', 3, octets=b'y'), (3, 'OVER_QUOTA'), '129, the oldest of them young')
os.utime(os.path.join(store, '%032x' % 5), (time.time() - 4000,) * 2)
ok(U.call('Upload', octets=b'y').upload and not os.path.exists(os.path.join(store, '%032x' % 5)) and len(os.listdir(store)) == 128, 'an older one goes')
eq(U.error('Raw', 4, upload=fresh, mid='x'), (4, 'BAD_REQUEST'), 'a mail and an upload at once')

# --- killed at each system call: the mail is whole or not there; the old draft there unless the new one is ---
strace = shutil.which('strace')
if strace:
    bad, runs = [], 0
    new_mail = b'Subject: new\n\n' + b'x' * 100000
    for kind in ('openat', 'write', 'copy_file_range', 'sendfile', 'fchmod', 'utimensat', 'fsync', 'close', 'renameat2', 'unlinkat', 'getdents64', 'newfstatat'):
        for n in range(1, 40):
            K = Box('kill%s%d' % (kind, n))
            K.put('1.M1P1.h:2,D', text='Subject: old\n\n')
            p = subprocess.run([strace, '-qq', '-o', '/dev/null', '-e', 'trace=' + kind, '-e', 'inject=%s:signal=SIGKILL:when=%d' % (kind, n), os.path.join(bin_dir, 'maildir-op'), 'Append'],
                               input=pb.AppendReq(octets=new_mail, flags='D', replaces={'mid': '1.M1P1.h'}).SerializeToString(), cwd=K.path, capture_output=True)
            runs += 1
            found = {open(os.path.join(K.path, f), 'rb').read() for f in K.ls()}
            if not (found == {b'Subject: old\n\n'} or found == {b'Subject: old\n\n', new_mail} or found == {new_mail}):
                bad.append((kind, n, [x[:20] for x in found]))
            shutil.rmtree(K.path)
            if p.returncode == 0:
                break
    eq(bad, [], 'Append killed %d times: whole or not there, and the old one goes last' % runs)

# --- what is refused leaves all as it was, the old draft too ---
Q = Box('refused')
Q.folder('.Drafts')
Q.put('1.M1P1.h:2,D', text='Subject: old\n\n', folder='.Drafts')
text = b'Subject: new\n\n' + b'x' * 85
old_draft = {'folder': 'Drafts', 'mid': '1.M1P1.h'}
open(os.path.join(Q.path, 'maildirsize'), 'w').write('113S,2C\n14 1\n')
r = Q.call('Append', folder='Drafts', flags='D', octets=text[:-1])
eq((Q.code, Q.ls('.Drafts')), (0, ['cur/1.M1P1.h:2,D', 'cur/' + r.mid + ':2,D']), 'Append of 98 octets where 99 are left')
os.unlink(os.path.join(Q.path, '.Drafts', 'cur', r.mid + ':2,D'))
for quota, why in (('112S\n14 1\n', 'one octet'), ('1000S,1C\n14 1\n', 'one mail')):
    open(os.path.join(Q.path, 'maildirsize'), 'w').write(quota)
    before = Q.everything()
    eq(Q.error('Append', 3, folder='Drafts', flags='D', octets=text[:-1] + b'y' * ('octet' in why), replaces=old_draft), (3, 'OVER_QUOTA'), 'over quota by %s' % why)
    eq([x[0] for x in Q.everything()], [x[0] for x in before], 'nothing was stored, the old draft is there')
os.unlink(os.path.join(Q.path, 'maildirsize'))
if shutil.which('strace'):
    def refused(inject, want):
        p = subprocess.run(['strace', '-qq', '-o', '/dev/null', '-e', 'inject=' + inject, os.path.join(bin_dir, 'maildir-op'), 'Append'],
                           input=pb.AppendReq(folder='Drafts', flags='D', octets=text, replaces=old_draft).SerializeToString(), cwd=Q.path, capture_output=True)
        r = pb.AppendResp.FromString(p.stdout) if p.returncode != 111 else None
        eq((p.returncode, pb.Error.Code.Name(r.error.code) if r and r.HasField('error') else None), want, 'Append where %s' % inject)
        eq((Q.ls('.Drafts'), os.listdir(os.path.join(Q.path, '.Drafts', 'tmp'))), (['cur/1.M1P1.h:2,D'], []), 'nothing is left of it, the old draft is there')
    refused('write:error=ENOSPC:when=1', (3, 'OVER_QUOTA'))
    refused('fsync:error=EIO:when=1', (111, None))
    refused('fsync:error=EDQUOT:when=1', (3, 'OVER_QUOTA'))
    refused('renameat2,linkat:error=EROFS:when=1', (3, 'UNKNOWN'))

    # The folder is taken away while the mail is stored: what was stored goes with it, and the caller is told.
    Q.folder('.Gone')
    held = Held(Q, 'Append', 'fsync', 2, folder='Gone', flags='D', octets=text, replaces=old_draft)
    eq((held.held, len(Q.ls('.Gone'))), (True, 1), 'before its directory is synced the mail is there')
    os.rename(os.path.join(Q.path, '.Gone'), os.path.join(work, 'taken-away'))
    r = held.go()
    eq((held.code, pb.Error.Code.Name(r.error.code) if r.HasField('error') else None, Q.ls('.Drafts')), (3, 'INVALID_FOLDER', ['cur/1.M1P1.h:2,D']), 'the folder goes meanwhile')

# --- wire: where the octets are ---
def varint(n):
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def send(data, method='Append', how='pipe', box=B):
    if how == 'pipe':
        code, out, err = box.raw(method, data)
    else:
        with tempfile.TemporaryFile() as f:
            f.write(b'skipped' + data)
            f.flush()
            os.lseek(f.fileno(), 7, 0)
            p = subprocess.run([os.path.join(bin_dir, 'maildir-op'), method], stdin=f, cwd=box.path, capture_output=True)
            code, out, err = p.returncode, p.stdout, p.stderr
    r = getattr(pb, method + 'Resp')()
    r.ParseFromString(out)
    return code, r


W = Box('wire')
for how in ('pipe', 'file'):
    for size in (20, 65536, 65537, 3 * MIB):
        text = b'A: b\n\n' + os.urandom(size - 6)
        for order, data in (('first', field(14, text) + field(2, b'S')), ('last', field(2, b'S') + field(14, text)), ('between', field(1, b'') + field(14, text) + field(2, b'S'))):
            code, r = send(data, how=how, box=W)
            ok(code == 0 and r.byte_size == size and octets_of('../wire/', 'cur/' + r.mid + ':2,S') == text, '%s, %d octets %s' % (how, size, order))
    text = b'A: b\n\n' + b'x' * 70000
    before = W.everything()
    for what, data in (('a second large field', field(14, text) + field(14, text)), ('cut octets', field(14, text)[:-1]), ('a cut length', field(14, text)[:2]), ('a cut tag', b'\xf2'),
                       ('a few cut octets', field(14, b'A: b\n')[:-1]), ('the large field as a number', varint(14 << 3) + b'\1'), ('a group', field(14, text) + b'\x0b'),
                       ('rubbish behind', field(14, text) + b'\xff' * 12), ('1 MiB besides', field(14, text) + field(99, b'x' * MIB)), ('10001 fields besides', field(14, text) + field(3, b'') * 10001),
                       ('a string that is none', field(14, text) + field(1, b'\xff'))):
        code, r = send(data, how=how, box=W)
        eq((code, pb.Error.Code.Name(r.error.code)), (4, 'BAD_REQUEST'), '%s: %s is refused' % (how, what))
    code, r = send(varint(14 << 3 | 2) + varint(64 * MIB + 1) + b'x' * 1000, how=how, box=W)
    eq((code, pb.Error.Code.Name(r.error.code)), (3, 'TOO_LARGE'), '%s: 64 MiB + 1' % how)
    eq(W.everything(), before, 'nothing was stored, nothing is left')
code, r = send(b'')
eq((code, pb.Error.Code.Name(r.error.code)), (3, 'INVALID_MAIL'), 'no octets at all')

# --- 64 MiB: not held in memory, by pipe and by frames ---
big = b'Subject: big\n\n' + os.urandom(MIB) * 63
big += b'x' * (64 * MIB - len(big))
LAUNCH = 'import os,sys;p=os.posix_spawnp(sys.argv[1],sys.argv[1:],os.environ);_,s,u=os.wait4(p,0);os.write(2,b"\\n%d %d"%(os.waitstatus_to_exitcode(s),u.ru_maxrss))'
peak = ['/usr/bin/python3', '-I', '-S', '-c', LAUNCH]
L = Box('large')
for order, data in (('first', field(14, big) + field(2, b'S')), ('last', field(2, b'S') + field(14, big))):
    p = subprocess.run(peak + ['maildir-op', 'Append'], input=data, cwd=L.path, capture_output=True)
    code, kb = p.stderr.split(b'\n')[-1].split()
    r = pb.AppendResp.FromString(p.stdout)
    path = os.path.join(L.path, 'cur', r.mid + ':2,S')
    ok(int(code) == 0 and open(path, 'rb').read() == big, '64 MiB by pipe, %s: the same octets' % order)
    ok(int(kb) < 14000, 'maildir-op: %s KB (the launcher has 10,000)' % kb.decode())
    eq(os.listdir(os.path.join(L.path, 'tmp')), [], 'nothing is left in tmp')
    os.unlink(path)

# By frames: each program of the chain, as the chains of README have it; the octets first and last.
stub, peaks = [os.environ['PEAK'], os.path.join(work, 'peaks')], os.path.join(work, 'peaks')
for method, data in (('Append', field(14, big) + field(2, b'S')), ('Append', field(2, b'S') + field(14, big)), ('Upload', field(14, big))):
    p = subprocess.run(stub + ['frame-read', '-d', 'tmp'] + stub + ['frame-write', '-d', 'tmp'] + stub + ['maildir-op'], input=frame(method.encode(), data), cwd=L.path, capture_output=True)
    r = getattr(pb, method + 'Resp').FromString(p.stdout[4:])
    eq((p.returncode, r.byte_size, r.HasField('error'), os.listdir(os.path.join(L.path, 'tmp'))), (0, len(big), False, []), '64 MiB by frames, %s: nothing is left in tmp' % method)
    path = os.path.join(L.path, 'cur', r.mid + ':2,S') if method == 'Append' else os.path.join(L.path, 'porter.uploads', r.upload)
    ok(open(path, 'rb').read() == big, 'the same octets')
    os.unlink(path)
    with open(peaks) as f:
        took = [l.split() for l in f]
    os.unlink(peaks)
    eq(sorted(n for n, _ in took), ['frame-read', 'frame-write', 'maildir-op'], 'three programs were measured')
    if SANITIZED:
        skip('none of them had 4 MB', 'the sanitizers take memory of their own')
    else:
        ok(all(int(kb) < 4000 for _, kb in took), 'none of them had 4 MB: %s' % took)
# One octet more than a call takes, and more than frame-read does: the connection ends.
for size, error in ((64 * MIB + 1, 'TOO_LARGE'), (66 * MIB, 'BAD_REQUEST')):
    p = subprocess.run(['frame-read', '-d', 'tmp', 'frame-write', '-d', 'tmp', 'maildir-op'], input=frame(b'Append', field(14, b'a: b\n' + b'x' * (size - 5))), cwd=L.path, capture_output=True)
    eq((pb.Error.Code.Name(pb.Failure.FromString(p.stdout[4:]).error.code), L.ls(), os.listdir(os.path.join(L.path, 'tmp'))), (error, [], []), '%d MiB and more by frames' % (size // MIB))
# A mail that is made of pieces: base64 of 48 MiB is more than it may have, of 47 MiB is not.
for size, code in ((47 * MIB, 0), (48 * MIB, 3), (65 * MIB, None)):
    if code is None:
        eq(send(field(14, b'x' * size), 'Upload', box=L)[0], 3, 'an upload of 65 MiB: TOO_LARGE')
        continue
    up = send(field(14, big[:size]), 'Upload', box=L)[1].upload
    r = L.call('Append', pieces=[{'octets': b'a: b\n\n'}, {'upload': up, 'encoding': 'BASE64'}])
    eq((L.code, pb.Error.Code.Name(r.error.code) if r.HasField('error') else None, len(L.ls())), (code, 'TOO_LARGE' if code else None, 0 if code else 1), 'base64 of %d MiB' % (size // MIB))
    eq(os.listdir(os.path.join(L.path, 'tmp')), [], 'nothing is left in tmp')
    for n in L.ls():
        os.unlink(os.path.join(L.path, n))
done()
