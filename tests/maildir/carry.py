"""Move and Copy with flags and keywords; anywhere; exactly; names of keywords beside Dovecot's lock."""
import tempfile, threading
from op import *

T = 1700000000
a, b, c, d = ['%d.M%dP1.h' % (T + i, i) for i in range(4)]


def outcome(r):
    return [(o.new_mid, o.folder, pb.Error.Code.Name(o.error.code) if o.HasField('error') else None) for o in r.outcomes]


def inode(box, path):
    return os.stat(os.path.join(box.path, path)).st_ino


def names(box, folder=''):
    try:
        return open(os.path.join(box.path, folder, 'dovecot-keywords')).read()
    except OSError:
        return None


# --- SetFlags with keywords ---
B = Box()
B.folder('.Sent')
B.put(a + ':2,S')
r = B.call('SetFlags', mids=[a], add_keywords=['Work', 'a-b', '$forwarded', '$Draft'], add='F')
eq((outcome(r), B.ls(), names(B)), ([(a, '', None)], ['cur/' + a + ':2,DFPSab'], '0 Work\n1 a-b\n'), 'SetFlags: keywords are letters, flags of IMAP are flags')
r = B.call('SetFlags', mids=[a], remove_keywords=['WORK', 'unheard', '$seen'])
eq((outcome(r), B.ls(), names(B)), ([(a, '', None)], ['cur/' + a + ':2,DFPb'], '0 Work\n1 a-b\n'), 'they go again; an unknown one is nothing')
open(os.path.join(B.path, 'dovecot-keywords'), 'a').write('3 $Forwarded\n')
B.call('SetFlags', mids=[a], add_keywords=['$Forwarded'])
eq(B.ls(), ['cur/' + a + ':2,DFPbd'], '$Forwarded: P and its letter')
B.call('SetFlags', mids=[a], remove_keywords=['$forwarded'])
eq(B.ls(), ['cur/' + a + ':2,DFb'], 'both are cleared')
B.call('SetFlags', mids=[a], exactly=True, add='S', add_keywords=['work'])
eq(B.ls(), ['cur/' + a + ':2,Sa'], 'exactly')
B.call('SetFlags', mids=[a], exactly=True)
eq(B.ls(), ['cur/' + a + ':2,'], 'exactly nothing')
eq(B.error('SetFlags', 4, mids=[a], exactly=True, remove='S'), (4, 'BAD_REQUEST'), 'exactly, and something to remove')
eq(B.error('SetFlags', 4, anywhere=True, add='S'), (4, 'BAD_REQUEST'), 'anywhere without mids')
eq(B.error('SetFlags', 4, mids=[a], add_keywords=['b c']), (4, 'BAD_REQUEST'), 'no keyword')
eq(B.error('SetFlags', 4, mids=[a], remove_keywords=['b c']), (4, 'BAD_REQUEST'), 'nor one to remove')
B.put(b + ':2,Sg')
r = B.call('SetFlags', mids=[b], remove_keywords=['unknown-6'])
eq('cur/' + b + ':2,S' in B.ls(), True, 'a letter without a name is unknown-6')

# --- a mail that is named twice, as one that a page shows in two folders ---
W = Box('twice')
W.folder('.A')
for m in (a, b, c):
    W.put(m + ':2,')
os.link(W.path + '/cur/' + a + ':2,', W.path + '/.A/cur/' + a + ':2,')
got = [outcome(W.call(method, mids=[m, d, m], **more)) for method, m, more in (
    ('SetFlags', b, {'add': 'S'}), ('Move', b, {'to_folder': 'A'}), ('Copy', c, {}), ('Remove', a, {'anywhere': True}), ('Remove', c, {}))]
eq([(o[0] == o[2], o[0][2], o[1][2]) for o in got], [(True, None, 'NO_SUCH_MAIL')] * 5, 'a mail that is named twice has one outcome, twice')
eq((W.ls('.A'), len(W.ls())), (['cur/' + b + ':2,S'], 1), 'and was moved, copied and removed once')

# --- 26 names ---
K = Box('full')
K.put(a + ':2,')
r = K.call('SetFlags', mids=[a], add_keywords=['k%d' % i for i in range(26)])
eq((K.code, K.ls()), (0, ['cur/' + a + ':2,abcdefghijklmnopqrstuvwxyz']), '26 keywords')
eq(K.error('SetFlags', 3, mids=[a], add_keywords=['more']), (3, 'TOO_MANY_KEYWORDS'), 'one more')
eq(K.error('Append', 3, octets=b'a: b\n', keywords=['more']), (3, 'TOO_MANY_KEYWORDS'), 'of Append too')
K.folder('.S')
K.put(b + ':2,a', folder='.S')
K.put(c + ':2,b', folder='.S')
open(os.path.join(K.path, '.S', 'dovecot-keywords'), 'w').write('0 k3\n1 other\n')
r = K.call('Move', from_folder='S', mids=[b, c])
eq((K.code, outcome(r)), (0, [(b, '', None), ('', '', 'TOO_MANY_KEYWORDS')]), 'Move: a mail whose keyword has no letter left stays')
eq(K.ls('.S'), ['cur/' + c + ':2,b'], 'as it was')
ok('cur/' + b + ':2,d' in K.ls(), 'the other has its keyword in the target\'s letter')

# --- letters that others keep the names of ---
C = Box('control')
C.put(a + ':2,Sc')
eq(C.error('SetFlags', 3, mids=[a], add_keywords=['Work']), (3, 'UNKNOWN'), 'letters without any of Dovecot\'s files: the names are elsewhere')
open(os.path.join(C.path, 'dovecot-uidlist'), 'w').write('3 V1 N2\n')
C.call('SetFlags', mids=[a], add_keywords=['k0', 'k1', 'k2'])
eq((names(C), C.ls()), ('0 k0\n1 k1\n3 k2\n', ['cur/' + a + ':2,Sabcd']), 'a letter that a mail bears is not given a name')
old = os.stat(os.path.join(C.path, 'dovecot-keywords')).st_mtime
C.call('SetFlags', mids=[a], add_keywords=['k4'])
ok(int(os.stat(os.path.join(C.path, 'dovecot-keywords')).st_mtime) >= int(old) + 1, 'mtime is a whole second above the old one')
eq(sorted(n for n in os.listdir(C.path) if 'lock' in n), [], 'no lock is left')
open(os.path.join(C.path, 'dovecot-keywords'), 'w').write('rubbish\n0 Work\n99 x\n1 \n2 work\n-1 y\n3 good\n3 better\n4 \x07\n' + 'x' * 300 + '\n')
C.call('SetFlags', mids=[a], exactly=True, add_keywords=['Work', 'better'])
eq(C.ls(), ['cur/' + a + ':2,ad'], 'lines that make no sense are passed over')
with open(os.path.join(C.path, 'dovecot-keywords'), 'wb') as f:
    f.write(b'0 Work\n1 sp\xc3\xa4ter\n2 \xff\x07\n5 ' + b'x' * 2000 + b'\n')
C.call('SetFlags', mids=[a], exactly=True, add_keywords=['new'])
eq((C.ls(), open(os.path.join(C.path, 'dovecot-keywords'), 'rb').read()), (['cur/' + a + ':2,e'], b'0 Work\n1 sp\xc3\xa4ter\n2 \xff\x07\n4 new\n5 ' + b'x' * 2000 + b'\n'), 'names that are Dovecot\'s alone stay, and nothing else gets their numbers')
eq(list(C.call('FolderInfo', folders=['']).folders[0].keywords), ['Work', 'new', 'x' * 2000], 'and are told to nobody')
for more in (b'5 ' + b'x' * 65525 + b'\n6 cut', b'1 ' + b'x' * 10000000 + b'\n6 far\n'):
    with open(os.path.join(C.path, 'dovecot-keywords'), 'wb') as f:
        f.write(b'0 Work\n' + more)
    before = C.everything()
    eq((C.error('SetFlags', 3, mids=[a], add_keywords=['other']), [len(k) for k in C.call('FolderInfo', folders=['']).folders[0].keywords]),
       ((3, 'TOO_MANY_KEYWORDS'), [4, 65525] if more[0] == 53 else [4]), 'a file of %d octets: no name is added to it, and none read by half' % (len(more) + 7))
    eq(C.everything(), before, 'and it stays as it is')
open(os.path.join(C.path, 'dovecot-keywords'), 'w').write('0 Work\n')

# --- the lock ---
lock = os.path.join(C.path, 'dovecot-uidlist.lock')
open(lock, 'w').write('1:elsewhere')
begun = time.monotonic()
threading.Timer(0.5, lambda: os.unlink(lock)).start()
C.call('SetFlags', mids=[a], add_keywords=['waited'])
ok(C.code == 0 and time.monotonic() - begun >= 0.4, 'somebody\'s lock is waited for')
open(lock, 'w').write('1:elsewhere')
begun = time.monotonic()
code, out, err = C.raw('SetFlags', pb.SetFlagsReq(mids=[a], add_keywords=['never']).SerializeToString())
ok(code == 111 and 4.5 < time.monotonic() - begun < 30 and os.path.exists(lock), 'five seconds, then 111; it is never broken')
os.unlink(lock)

# --- Move ---
M = Box('move')
M.folder('.A')
M.put(a + ':2,Sab', sub='cur')
M.put(b, sub='new')
open(os.path.join(M.path, 'dovecot-keywords'), 'w').write('0 Work\n1 Later\n')
open(os.path.join(M.path, '.A', 'dovecot-keywords'), 'w').write('0 Other\n1 work\n')
i = inode(M, 'cur/' + a + ':2,Sab')
strace = shutil.which('strace')
if strace:
    log = os.path.join(work, 'renames')
    subprocess.run([strace, '-qq', '-o', log, '-e', 'trace=renameat2,renameat,rename,linkat,unlinkat', os.path.join(bin_dir, 'maildir-op'), 'Move'],
                   input=pb.MoveReq(mids=[a], to_folder='A', add='F', remove='S', add_keywords=['New'], remove_keywords=['later']).SerializeToString(), cwd=M.path, stdout=subprocess.DEVNULL)
    calls = [l for l in open(log) if a in l]
    ok(len(calls) == 1 and calls[0].startswith('renameat2'), 'Move: flags, keywords and folder in one rename')
else:
    M.call('Move', mids=[a], to_folder='A', add='F', remove='S', add_keywords=['New'], remove_keywords=['later'])
eq((M.ls('.A'), names(M, '.A')), (['cur/' + a + ':2,Fbc'], '0 Other\n1 work\n2 New\n'), 'keywords keep their names')
eq(inode(M, '.A/cur/' + a + ':2,Fbc'), i, 'base and inode are kept')
r = M.call('Move', mids=[b, a], to_folder='A', anywhere=True, add='S')
eq((M.code, outcome(r), M.ls('.A')), (0, [(b, 'A', None), (a, 'A', None)], ['cur/' + a + ':2,FSbc', 'cur/' + b + ':2,S']), 'anywhere: one that is there already is flagged')
eq(M.error('Move', 4, mids=[a], to_folder='A', add='x'), (4, 'BAD_REQUEST'), 'no flag')

# --- Copy ---
P = Box('copy')
P.folder('.A')
P.put(a + ':2,FSb', text='Subject: one\n\n', mtime=T)
P.put(b, sub='new')
open(os.path.join(P.path, 'dovecot-keywords'), 'w').write('1 Work\n')
open(os.path.join(P.path, 'maildirsize'), 'w').write('1000S\n32 2\n')
r = P.call('Copy', mids=[a, 'nope', b], to_folder='A')
eq((P.code, outcome(r)), (0, [(a, 'A', None), ('', '', 'NO_SUCH_MAIL'), (b, 'A', None)]), 'Copy: an outcome each')
eq((P.ls('.A'), P.ls()), (['cur/' + a + ':2,FSa', 'cur/' + b + ':2,'], ['cur/' + a + ':2,FSb', 'new/' + b]), 'base, flags and keywords')
eq(inode(P, '.A/cur/' + a + ':2,FSa'), inode(P, 'cur/' + a + ':2,FSb'), 'it is a link')
eq(open(os.path.join(P.path, 'maildirsize')).read(), '1000S\n32 2\n14 1\n17 1\n', 'each name counts')
before = P.everything()
r = P.call('Copy', mids=[a], to_folder='A')
eq((outcome(r), P.everything()), ([(a, 'A', None)], before), 'again: it is there')
r = P.call('Copy', mids=[a])
new = r.outcomes[0].new_mid
ok(new != a and int(new.split('.')[0]) == T and len(P.ls()) == 3, 'into its own folder: a fresh base of the same arrival')
ok('cur/' + new + ':2,FSb' in P.ls(), 'with its flags and keywords')
os.unlink(os.path.join(P.path, '.A', 'cur', a + ':2,FSa'))
P.put(a + ':2,', folder='.A', text='another')
r = P.call('Copy', mids=[a], to_folder='A')
ok(r.outcomes[0].new_mid not in ('', a) and len(P.ls('.A')) == 3, 'a base that is another\'s there: a fresh one')
open(os.path.join(P.path, 'maildirsize'), 'w').write('1S\n0 0\n')
eq(P.error('Copy', 3, mids=[b], to_folder=''), (3, 'OVER_QUOTA'), 'over quota')
eq(P.error('Copy', 3, mids=[b], to_folder='Nope'), (3, 'INVALID_FOLDER'), 'no such target')
eq(P.error('Copy', 3, mids=['x']), (3, 'NO_SUCH_MAIL'), 'no such mail')

# --- Copy where nothing can be linked, and both from one file system to another: the octets are copied ---
strace = shutil.which('strace')
TEXT = b'Subject: one\n\n' + bytes(range(256)) * 1000


def across(name, shared=None):
    """A mail with a keyword, a folder A; A lies in shared, where that is given."""
    box = Box(name)
    box.folder('.A')
    if shared:
        shutil.move(os.path.join(box.path, '.A'), os.path.join(shared, name))
        os.symlink(os.path.join(shared, name), os.path.join(box.path, '.A'))
        box.options = ['-l', shared]
    os.chmod(box.put(a + ':2,FSb', text=TEXT, mtime=T), 0o640)
    open(os.path.join(box.path, 'dovecot-keywords'), 'w').write('1 Work\n')
    return box


def inject(box, fault, method, **fields):
    """The call, where each call of the system's that is named in fault fails so; and how often that came to pass."""
    log = os.path.join(work, 'inject.log')
    r = subprocess.run([strace, '-qq', '-o', log, '-e', 'trace=' + fault.split(':')[0], '-e', 'inject=' + fault, os.path.join(bin_dir, 'maildir-op'), *box.options, method],
                       input=getattr(pb, method + 'Req')(**fields).SerializeToString(), cwd=box.path, capture_output=True, timeout=60)
    return r.returncode, getattr(pb, method + 'Resp').FromString(r.stdout), open(log).read().count('INJECTED')


def is_copy(box, inode_before, name):
    """Another file with the same octets, rec_date, mode, flags and keywords; nothing is left in the tmps."""
    path = os.path.join(box.path, '.A', 'cur', name)
    st = os.stat(path)
    return ((st.st_dev, st.st_ino) != inode_before, open(path, 'rb').read() == TEXT, int(st.st_mtime), st.st_mode & 0o777, [os.listdir(os.path.join(box.path, f, 'tmp')) for f in ('', '.A')],
            [(h.flags, list(h.keywords)) for h in box.call('List', folder='A', end=9).mail_heads if name.startswith(h.mid)])


COPIED = (True, True, T, 0o640, [[], []], [('FS', ['Work'])])
there = lambda box, name: (lambda st: (st.st_dev, st.st_ino))(os.stat(os.path.join(box.path, name)))
if strace:
    for error in ('EXDEV', 'EMLINK', 'EPERM'):
        Q = across('copy-' + error)
        open(os.path.join(Q.path, 'maildirsize'), 'w').write('1000000S\n%d 1\n' % len(TEXT))
        was = there(Q, 'cur/' + a + ':2,FSb')
        code, r, times = inject(Q, 'linkat:error=' + error, 'Copy', mids=[a], to_folder='A')
        eq((code, outcome(r), times), (0, [(a, 'A', None)], 1), 'Copy where a link says %s' % error)
        eq((Q.ls('.A'), is_copy(Q, was, a + ':2,FSa')), (['cur/' + a + ':2,FSa'], COPIED), 'the octets are copied, with flags, keywords and date')
        eq((Q.ls(), there(Q, 'cur/' + a + ':2,FSb')), (['cur/' + a + ':2,FSb'], was), 'the mail is as it was')
        eq(open(os.path.join(Q.path, 'maildirsize')).read().split('\n')[2:], ['%d 1' % len(TEXT), ''], 'it counts once')
    for error in ('EIO', 'EACCES', 'ENOSPC', 'EROFS'):
        Q = across('refused-' + error)
        before = [there(Q, n) for n in Q.ls()]
        code, r, times = inject(Q, 'linkat:error=' + error, 'Copy', mids=[a], to_folder='A')
        eq((code != 0, [o[:2] for o in outcome(r)] in ([], [('', '')]), times, [there(Q, n) for n in Q.ls()], Q.ls('.A', ('new', 'cur', 'tmp')), os.listdir(os.path.join(Q.path, 'tmp'))), (True, True, 1, before, [], []),
           'where it says %s: an error, and no copy' % error)
else:
    skip('a link that fails', 'no strace here')
memory = tempfile.mkdtemp(prefix='porter-test.', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else work)
atexit.register(shutil.rmtree, memory, True)
if os.stat(memory).st_dev == os.stat(work).st_dev:
    skip('another file system', '/dev/shm is none that may be written')
else:
    Q = across('shared', memory)
    was = there(Q, 'cur/' + a + ':2,FSb')
    r = Q.call('Copy', mids=[a], to_folder='A')
    eq((Q.code, outcome(r), Q.ls(), Q.ls('.A'), is_copy(Q, was, a + ':2,FSa')), (0, [(a, 'A', None)], ['cur/' + a + ':2,FSb'], ['cur/' + a + ':2,FSa'], COPIED), 'Copy to another file system')
    r = Q.call('Copy', mids=[a], to_folder='A')
    ok(Q.code == 0 and r.outcomes[0].new_mid not in ('', a) and len(Q.ls('.A')) == 2, 'again: that is another mail there, so a fresh base')
    r = Q.call('Move', mids=[a], to_folder='A')
    eq((Q.code, Q.ls(), len(Q.ls('.A')), len({n.split(':2,')[0] for n in Q.ls('.A')})), (0, [], 3, 3), 'Move there: it replaces none')
    eq(is_copy(Q, was, r.outcomes[0].new_mid + ':2,FSa'), COPIED, 'whole, with flags, keywords and date')
    r = Q.call('Move', mids=[a], from_folder='A', to_folder='')
    eq((Q.code, outcome(r), Q.ls(), len(Q.ls('.A'))), (0, [(a, '', None)], ['cur/' + a + ':2,FSb'], 2), 'and back')

# --- an index that is behind, as others have changed a mail since: what it has now comes along ---
X = Box('behind')
X.folder('.A')
some = ['%d.M%dP7.h' % (T + n, n) for n in range(220)]
for n in some:
    X.put(n + ':2,b')
open(os.path.join(X.path, 'dovecot-keywords'), 'w').write('1 Later\n')
for what in ('before the index', 'behind it'):
    X.call('List', end=1)
    open(os.path.join(X.path, 'dovecot-keywords'), 'w').write('0 Work\n1 Later\n')
    move, copy, show, flag = [some.pop() for _ in range(4)]
    for n in (move, copy, show, flag):
        os.rename(os.path.join(X.path, 'cur', n + ':2,b'), os.path.join(X.path, 'cur', n + ':2,FSa'))
    r = X.call('Show', mid=show, bodies='NONE')
    eq((r.flags, list(r.keywords), r.unread), ('FS', ['Work'], False), 'Show')
    h = X.call('Fetch', mails=[{'mid': show}], heads=True).mails[0].head
    eq((h.flags, list(h.keywords), h.unread), ('FS', ['Work'], False), 'Fetch')
    X.call('Copy', mids=[copy], to_folder='A')
    X.call('Move', mids=[move], to_folder='A')
    eq([(h.mid, h.flags, list(h.keywords)) for h in X.call('List', folder='A', end=9, sort=dict(parameter='ARRIVAL')).mail_heads[-2:]], [(copy, 'FS', ['Work']), (move, 'FS', ['Work'])], 'Copy and Move')
    X.call('SetFlags', mids=[flag], add='R', remove_keywords=['later'])
    ok('cur/' + flag + ':2,FRSa' in X.ls(), 'SetFlags')
    shutil.rmtree(os.path.join(X.path, '.A'))
    X.folder('.A')

# --- anywhere ---
W = Box('anywhere')
for f in ('.A', '.B', '.C'):
    W.folder(f)
    W.put(a + ':2,', folder='.A')
os.link(os.path.join(W.path, '.A', 'cur', a + ':2,'), os.path.join(W.path, '.B', 'cur', a + ':2,'))
W.put(b + ':2,', folder='.C')
r = W.call('SetFlags', mids=[a, b, 'nope'], add='S', anywhere=True)
eq((W.code, outcome(r)), (0, [(a, 'A', None), (b, 'C', None), ('', '', 'NO_SUCH_MAIL')]), 'SetFlags anywhere')
eq((W.ls('.A'), W.ls('.B'), W.ls('.C')), (['cur/' + a + ':2,S'], ['cur/' + a + ':2,S'], ['cur/' + b + ':2,S']), 'all copies')
r = W.call('SetFlags', folder='B', mids=[a], add='F', anywhere=True)
eq((outcome(r), W.ls('.A'), W.ls('.B')), ([(a, 'B', None)], ['cur/' + a + ':2,FS'], ['cur/' + a + ':2,FS']), 'also where the folder named has one')
r = W.call('SetFlags', folder='B', mids=[a], remove='F')
eq((W.ls('.A'), W.ls('.B')), (['cur/' + a + ':2,FS'], ['cur/' + a + ':2,S']), 'without it, that one alone')
W.put(b + ':2,', folder='.A', text='x')
W.put(b + ':2,S', folder='.A', text='y')
r = W.call('Move', mids=[b], anywhere=True, to_folder='')
eq((outcome(r), W.ls()), ([(b, '', None)], ['cur/' + b + ':2,S']), 'a folder in which the base is two mails is passed over')
r = W.call('Copy', mids=[a], anywhere=True, to_folder='')
eq((outcome(r), len(W.ls())), ([(a, '', None)], 2), 'Copy anywhere')
r = W.call('Remove', mids=[a], anywhere=True)
eq((outcome(r), W.ls('.B'), [n for n in W.ls() + W.ls('.A') if a in n]), ([('', '', None)], [], []), 'Remove anywhere: all copies')
eq(W.error('Remove', 3, mids=[a], anywhere=True), (3, 'NO_SUCH_MAIL'), 'it is nowhere')
eq(W.error('Move', 3, mids=[a], from_folder='Nope', anywhere=True), (3, 'INVALID_FOLDER'), 'a folder that is named must be there')

# --- keywords are told ---
L = Box('told')
L.put(a + ':2,Sac')
open(os.path.join(L.path, 'dovecot-keywords'), 'w').write('0 Work\n')
eq(list(L.call('List', end=1).mail_heads[0].keywords), ['Work', 'unknown-2'], 'List tells keywords')
r = L.call('Show', mid=a)
eq((list(r.keywords), r.flags, r.has_attachment), (['Work', 'unknown-2'], 'S', False), 'so does Show')

# --- keywords in two processes at once: every name has a letter of its own ---
S = Box('storm')
mids_ = ['%d.M%dP7.h' % (T + i, i) for i in range(24)]
for m in mids_:
    S.put(m + ':2,')
procs = [threading.Thread(target=lambda m=m, i=i: S.raw('SetFlags', pb.SetFlagsReq(mids=[m], add_keywords=['name%d' % i]).SerializeToString())) for i, m in enumerate(mids_)]
for p in procs:
    p.start()
for p in procs:
    p.join()
table = {chr(97 + int(l.split()[0])): l.split()[1] for l in names(S).splitlines()}
eq(sorted(table.values()), sorted('name%d' % i for i in range(24)), '24 writers at once: 24 names')
got = {n[4:].split(':2,')[0]: n.split(':2,')[1] for n in S.ls()}
eq([table.get(got[m]) for m in mids_], ['name%d' % i for i in range(24)], 'and each mail has its own')
done()
