"""What other programs, administrators and restores leave, and errors told as what they are."""
import resource, shutil
from op import *

T = 1700000000
ROOT = os.getuid() == 0


def limited(box, method, files=None, inject=None, user=None, **fields):
    """Exit code, answer and stderr of a call with few descriptors, or with a system call that fails (strace), or as an account."""
    def less():
        if files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    argv = [os.path.join(bin_dir, 'maildir-op'), method]
    if inject:
        argv = ['strace', '-qq', '-o', '/dev/null', '-e', 'inject=' + inject] + argv
    more = dict(user=user, group=user, extra_groups=[]) if user else {}
    r = subprocess.run(argv, input=getattr(pb, method + 'Req')(**fields).SerializeToString(), cwd=box.path, capture_output=True, preexec_fn=less, timeout=60, **more)
    response = getattr(pb, method + 'Resp')()
    if r.returncode != 111:
        response.ParseFromString(r.stdout)
    return r.returncode, response, r.stderr.decode()


def calls(box, method, name):
    """The system calls of that name that a call makes, a line each; the first few of a program that is linked dynamically are not its own."""
    said = subprocess.run(['strace', '-e', 'trace=' + name, 'maildir-op', method], input=b'', cwd=box.path, capture_output=True).stderr.decode()
    return [l for l in said.split('\n') if name + '(' in l]


def code_of(response):
    return pb.Error.Code.Name(response.error.code) if response.HasField('error') else None


# --- names ---
B = Box()
a, b, c, d = ['%d.M%dP1.h' % (T + i, i) for i in range(4)]
B.put(a + ':2,S', sub='new')
B.put(b + ':2,', sub='new')
r = B.call('List', end=9)
eq([(h.mid, h.flags, h.unread) for h in r.mail_heads], [(a, 'S', False), (b, '', True)], 'a name in new with flags (Python writes such): they count')
eq(B.call('Stats').unread_count, 1, 'in counts too')
r = B.call('SetFlags', mids=[a], add='F', remove='S')
eq((B.code, B.ls()), (0, ['cur/' + a + ':2,F', 'new/' + b + ':2,']), 'SetFlags works on it')

# --- a name without a base ---
for mails, options in ((1, ('-I',)), (250, ())):
    X = Box('baseless%d' % mails)
    X.options = options
    how = 'a name without a base, %s: ' % ('with an index' if mails > 1 else '-I')
    X.folder('.A')
    for i in range(mails):
        X.put('%d.M%dP1.h:2,S' % (T + i, i))
    X.call('List', end=9)
    X.put(':2,S', 'Subject: baseless\nMessage-ID: <x@y>\n\nword\n', mtime=T - 9)
    m = '%00'
    eq((X.call('Stats').mail_count, [h.mid for h in X.call('Find', filter={'subject': 'baseless'}, thread=True).found]), (mails + 1, [m]), how + 'counted and found')
    page = X.call('ListSearch', limit=1, sort={'parameter': 'ARRIVAL'})
    eq((mids(page), page.last_bound.id), ([m], m), how + 'listed')
    eq(mids(X.call('ListSearch', limit=1, sort={'parameter': 'ARRIVAL'}, bound=page.last_bound)), ['%d.M0P1.h' % T], how + 'paged from')
    eq(X.call('Show', mid=m).mail.head.subject, 'baseless', how + 'Show')
    eq(X.call('Raw', mid=m).body[:17], b'Subject: baseless', how + 'Raw')
    eq(X.call('Fetch', mails=[{'mid': m}], heads=True, anywhere=True).mails[0].head.header.subject, 'baseless', how + 'Fetch')
    state = X.call('FolderInfo', state=True).state
    eq([(o.new_mid, o.folder) for o in X.call('SetFlags', mids=[m], add='F').outcomes], [(m, '')], how + 'SetFlags')
    eq(':2,FS' in os.listdir(os.path.join(X.path, 'cur')), True, how + 'its name')
    if not options:
        eq([(c.mid, c.kind) for c in X.call('Changes', state=state).changes], [(m, pb.Change.CHANGED)], how + 'Changes')
    eq([(o.new_mid, o.folder) for o in X.call('Move', mids=[m], to_folder='A').outcomes], [(m, 'A')], how + 'Move')
    X.put(':2,S', 'Subject: another\n\nword\n', folder='.A')
    X.put(':2,', 'Subject: another\n\nword\n', folder='.A')
    twins = ['%s/%d' % (m, os.stat(os.path.join(X.path, '.A', 'cur', n)).st_ino) for n in os.listdir(os.path.join(X.path, '.A', 'cur'))]
    eq(sorted(mids(X.call('List', folder='A', end=9))), sorted(twins), how + 'twins')
    r = X.call('Copy', mids=twins[:1], from_folder='A')
    eq((r.HasField('error'), [o.new_mid for o in r.outcomes]), (False, [m]), how + 'Copy')
    eq((X.call('Remove', folder='A', mids=twins).HasField('error'), X.ls('.A')), (False, []), how + 'Remove')
    eq((X.call('Append', octets=b'a: b\n\n', replaces={'mid': m}).replaced.HasField('error'), X.call('Stats').mail_count), (False, mails + 1), how + 'replaced')

# --- a base that another mail has now ---
def renewed(box, name):
    """Another mail has taken the place, under another name, since the folder was listed."""
    path = box.put('x', 'Subject: renewed\n\nx\n', sub='tmp')  # of another inode, as the old one still has its own
    os.unlink(os.path.join(box.path, 'cur', name + ':2,S'))
    os.rename(path, os.path.join(box.path, 'cur', name + ':2,F'))


for method, fields, said in (('Show', lambda m: {'mid': m}, lambda r: r.mail.head.subject), ('Raw', lambda m: {'mid': m}, lambda r: r.body[:16]),
                             ('Fetch', lambda m: {'mails': [{'mid': m}], 'heads': True}, lambda r: r.mails[0].head.header.subject),
                             ('SetFlags', lambda m: {'mids': [m], 'add': 'S'}, lambda r: r.outcomes[0].new_mid), ('Copy', lambda m: {'mids': [m], 'to_folder': 'A'}, lambda r: r.outcomes[0].folder),
                             ('Append', lambda m: {'octets': b'a: b\n\n', 'replaces': {'mid': m}}, lambda r: r.replaced.mid), ('Remove', lambda m: {'mids': [m]}, lambda r: r.outcomes[0].mid)):
    Y = Box('renewed' + method)
    Y.folder('.A')
    for i in range(250):
        Y.put('%d.M%dP1.h:2,S' % (T + i, i))
    Y.call('List', end=9)
    mid = '%d.M3P1.h' % (T + 3)
    renewed(Y, mid)
    want = {'Show': 'renewed', 'Raw': b'Subject: renewed', 'Fetch': 'renewed', 'Copy': 'A'}.get(method, mid)
    eq(said(Y.call(method, **fields(mid))), want, method + ' where another mail has the base since the folder was listed')
    eq(len(Y.ls()), 250 + (method == 'Append') - (method in ('Append', 'Remove')), 'and only that')

# --- ,U= of mbsync belongs to no base ---
U = Box('mbsync')
U.folder('.Far')
U.put(a + ',S=18,U=7:2,S')
U.put(b + ',U=8,S=18:2,')
U.put(c + ',U=9', sub='new')
bases = [a + ',S=18', b + ',S=18', c]
eq(mids(U.call('List', end=9)), bases, 'mids are without ,U= and its digits, wherever they stand')
for name in (a + ',S=18,U=7', a + ',S=18,U=12345', a + ',U=1,S=18', a + ',S=18'):
    eq(U.call('Raw', mid=name).body, b'Subject: x\n\nbody\n', 'it is found as %s' % name[len(a):])
eq(B.error('Raw', 3, mid=a + ',U='), (3, 'NO_SUCH_MAIL'), 'but ,U= without digits is part of a name')
U.call('SetFlags', mids=bases, add='F')
eq(U.ls(), sorted(['cur/' + a + ',S=18,U=7:2,FS', 'cur/' + b + ',U=8,S=18:2,F', 'cur/' + c + ',U=9:2,F']), 'flags keep it')
r = U.call('Move', mids=bases, to_folder='Far')
eq([o.new_mid for o in r.outcomes], bases, 'a move keeps mids')
eq(U.ls('.Far'), sorted(['cur/' + a + ',S=18:2,FS', 'cur/' + b + ',S=18:2,F', 'cur/' + c + ':2,F']), 'and drops the number, which is the old folder\'s')

# --- long names ---
L = Box('long')
L.folder('.Far')
for n in (247, 250, 252, 253, 254, 255):
    long = '%d.' % (T + n) + 'x' * (n - 11)
    L.put(long, sub='new')
    r = L.call('SetFlags', mids=[long], add='FS')
    fresh = r.outcomes[0].new_mid
    eq((L.code, r.outcomes[0].HasField('error')), (0, False), 'a base of %d octets is flagged' % n)
    ok((fresh == long) == (n + 5 <= 255) and fresh.startswith('%d.' % (T + n)), 'under %s' % ('its name' if n < 251 else 'a fresh one of the same time, which the Outcome tells'))
    eq([(h.flags, h.rec_date) for h in L.call('List', end=99).mail_heads if h.mid == fresh], [('FS', time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(T + n)))], 'with its flags and arrival')
    r = L.call('Move', mids=[fresh], to_folder='Far')
    eq((L.code, r.outcomes[0].new_mid), (0, fresh), 'and moved')
    L.put(long, sub='new')
    r = L.call('Move', mids=[long], to_folder='Far')
    ok(L.code == 0 and r.outcomes[0].new_mid.startswith('%d.' % (T + n)), 'moved unflagged, too')
old = L.put('nothing-to-see', sub='new', mtime=1500000000)
L.put('nothing-to-see', folder='.Far', sub='cur')
r = L.call('Move', mids=['nothing-to-see'], to_folder='Far')
eq([h.rec_date for h in L.call('List', folder='Far', end=99).mail_heads if h.mid == r.outcomes[0].new_mid], ['2017-07-14T02:40:00Z'], 'a mail that gets a fresh base keeps the arrival that its file had')

# --- sizes ---
Z = Box('sizes')
for i, size in enumerate((5, 2 ** 62, 2 ** 62 + 1, 2 ** 64 - 1, 2 ** 64, 10 ** 30)):
    Z.put('%d.M1P1.h,S=%d:2,S' % (T + i, size))
sizes = [h.byte_size for h in Z.call('List', end=9).mail_heads]
eq(sizes, [5, 2 ** 62, 17, 17, 17, 17], 'a size is what the name says up to 2^62, else the file\'s')
eq(Z.call('Stats').byte_size, sum(sizes), 'Stats adds up what List says')
eq([h.byte_size for h in Z.call('ListSearch', sort=pb.Sort(parameter='SIZE')).mail_heads], sorted(sizes), 'and so they are sorted')
for i in range(5):
    Z.put('%d.M2P1.h,S=%d:2,S' % (T + i, 2 ** 62))
eq(Z.call('Stats').byte_size, 2 ** 64 - 1, 'a sum does not wrap')

# --- two names on disk that read alike ---
N = Box('names')
for disk, text in (('.B&APw-', 'seven'), ('.Bü', 'eight'), ('.Grün', 'only eight'), ('.&AGI-', 'odd')):
    N.folder(disk)
    N.put(a + ':2,S', text=text, folder=disk)
r = N.call('Folders')
eq(sorted(r.folders), sorted(['Bü', '~Bü', 'Grün', '&AGI-']), 'a raw UTF-8 folder beside its modified UTF-7 twin is ~ and its octets')
for folder, text in (('Bü', b'seven'), ('~Bü', b'eight'), ('Grün', b'only eight'), ('&AGI-', b'odd')):
    eq(N.call('Raw', folder=folder, mid=a).body, text, 'each is reached: ' + ascii(folder))
eq(N.call('Move', mids=[a], from_folder='~Bü', to_folder='Grün').outcomes[0].HasField('error'), False, 'a move out of it')
for name in ('~x', '~', '~.', '~../x', '~a/b', '~INBOX'):
    eq(N.error('AddFolder', 3, name=name), (3, 'INVALID_FOLDER'), 'none is made: ' + name)

# --- folders that are links ---
S = Box('links')
shared = os.path.join(work, 'shared')
for d in ('team', 'deep/er'):
    for sub in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(shared, d, sub))
os.makedirs(os.path.join(work, 'elsewhere', 'cur'))
os.symlink(os.path.join(shared, 'team'), os.path.join(S.path, '.Team'))
os.symlink('../shared/deep/er', os.path.join(S.path, '.Deep'))
os.symlink('../elsewhere', os.path.join(S.path, '.Out'))
os.symlink('../shared', os.path.join(S.path, '.Top'))
os.symlink('/nowhere', os.path.join(S.path, '.Dangling'))
S.folder('.Own')
open(os.path.join(shared, 'team', 'cur', a + ',S=18:2,S'), 'w').write('Subject: shared\n\nx\n')
r = S.call('Folders')
eq((list(r.folders), S.err.count(b'link')), (['Own'], 1), 'links are no folders, and stderr says so once a call')


def linked(method, **fields):
    r = subprocess.run([os.path.join(bin_dir, 'maildir-op'), '-l', shared, method], input=getattr(pb, method + 'Req')(**fields).SerializeToString(), cwd=S.path, capture_output=True, timeout=60)
    response = getattr(pb, method + 'Resp')()
    response.ParseFromString(r.stdout)
    return r.returncode, response, r.stderr.decode()


code, r, err = linked('Folders')
eq((code, list(r.folders), err.count('shared')), (0, ['Deep', 'Own', 'Team'], 1), '-l: those that lead below the directory; not it itself, nor out of it')
eq([h.header.subject for h in linked('List', folder='Team', end=9)[1].mail_heads], ['shared'], 'their mail is there')
for f in ('Out', 'Top', 'Dangling'):
    code, r, err = linked('Stats', folder=f)
    eq((code, code_of(r)), (3, 'INVALID_FOLDER'), 'no folder: ' + f)
open(os.path.join(S.path, 'maildirsize'), 'w').write('1000S\n100 1\n')
code, r, err = linked('Move', mids=[a + ',S=18'], from_folder='Team', to_folder='Own')
eq((code, open(os.path.join(S.path, 'maildirsize')).read()), (0, '1000S\n100 1\n18 1\n'), 'its mail counts for no quota: one that leaves it comes in')
code, r, err = linked('Move', mids=[a + ',S=18'], from_folder='Own', to_folder='Team')
eq((code, open(os.path.join(S.path, 'maildirsize')).read()), (0, '1000S\n100 1\n18 1\n-18 -1\n'), 'and one that goes there goes')
code, r, err = linked('RemoveFolder', name='Team', force=True) if 'name' in pb.RemoveFolderReq.DESCRIPTOR.fields_by_name else linked('RemoveFolder', folder='Team', force=True)
eq((code, code_of(r), os.path.exists(os.path.join(shared, 'team', 'cur', a + ',S=18:2,S')), os.path.islink(os.path.join(S.path, '.Team'))), (3, 'INVALID_FOLDER', True, True), 'RemoveFolder leaves it alone')
deep = shared
for i in range(50):
    deep = os.path.join(deep, 'd')
os.makedirs(os.path.join(deep, 'cur'))
os.symlink(deep, os.path.join(S.path, '.Fifty'))
eq(linked('Stats', folder='Fifty')[0], 3, 'fifty levels down is too far')

# --- errors ---
E = Box('errors')
for f in ('.A', '.B'):
    E.folder(f)
for i in range(3):
    E.put('%d.M%dP1.h:2,S' % (T + i, i), text='Subject: m%d\nDate: Tue, 14 Nov 2023 22:13:2%d +0000\n\nword\n' % (i, i))
r = subprocess.run(['sh', '-c', 'ulimit -n 5; exec maildir-op Folders'], stdin=subprocess.DEVNULL, cwd=E.path, capture_output=True)
eq((r.returncode, r.stdout), (111, b''), 'Folders without descriptors: 111, not an empty list')
ok(b'Too many open files' in r.stderr, 'with the reason')
for method, fields in (('Stats', {'folder': 'A'}), ('AddFolder', {'name': 'A'}), ('Move', {'mids': ['x'], 'to_folder': 'A'})):
    code, r, err = limited(E, method, files=4, **fields)
    eq(code, 111, method + ' without descriptors: 111')

if shutil.which('strace'):
    whole = sorted('m%d' % i for i in range(3))
    n = calls(E, 'Folders', 'newfstatat')
    for when in (next(i for i, l in enumerate(n) if '"cur"' in l) + 2, next(i for i, l in enumerate(n) if '"new"' in l) + 1):
        for error in ('EMFILE', 'ENFILE', 'ENOMEM', 'ESTALE'):
            code, r, err = limited(E, 'Folders', inject='newfstatat:error=%s:when=%d' % (error, when))
            eq(code, 111, 'Folders where looking says %s (call %d)' % (error, when))
    n = calls(E, 'ListSearch', 'openat')
    first = next(i for i, l in enumerate(n) if 'M0P1' in l) + 1
    again = len(n) - 2
    for error in ('EMFILE', 'ENFILE', 'ENOMEM', 'ESTALE'):
        for when in (first, again):
            code, r, err = limited(E, 'ListSearch', inject='openat:error=%s:when=%d' % (error, when))
            eq(code, 111, 'ListSearch where opening a mail says %s (call %d)' % (error, when))
    for error in ('EIO', 'EACCES'):
        for when in (first, again):
            code, r, err = limited(E, 'ListSearch', inject='openat:error=%s:when=%d' % (error, when))
            eq((code, len(r.mail_heads), r.unread_files), (0, 3, 1), 'a mail that says %s (call %d) is shown with its name, and counted' % (error, when))
            eq(err.count('unable to read mail'), 1, 'stderr says so')
        code, r, err = limited(E, 'ListSearch', inject='openat:error=%s:when=%d' % (error, first), search='word')
        eq((code, len(r.mail_heads), r.unread_files), (0, 2, 1), 'a search does not find it, and counts it')
        code, r, err = limited(E, 'Search', inject='openat:error=%s:when=%d' % (error, first), pattern='word')
        eq((code, len(r.found), r.unread_files), (0, 2, 1), 'Search too')
    name = '%d.M0P1.h' % T
    for method, fields in (('SetFlags', {'mids': [name], 'add': 'F'}), ('Move', {'mids': [name], 'to_folder': 'A'}), ('Move', {'mids': [name], 'from_folder': 'A'}), ('AddFolder', {'name': 'New'})):
        code, r, err = limited(E, method, inject='fsync:error=EINVAL:when=1+', **fields)
        eq((code, code_of(r)), (0, None), '%s where directories cannot be synced: done' % method)
    ok(os.path.isdir(os.path.join(E.path, '.New', 'tmp')), 'the folder is there')
    for error, want in (('ENOSPC', 'OVER_QUOTA'), ('EDQUOT', 'OVER_QUOTA'), ('EROFS', 'UNKNOWN'), ('EACCES', 'UNKNOWN')):
        for call in ('mkdirat', 'fsync', 'renameat2'):
            for when in range(1, 6):
                before = sorted(os.listdir(E.path))
                code, r, err = limited(E, 'AddFolder', inject='%s:error=%s:when=%d' % (call, error, when), name='Fail')
                there = os.path.isdir(os.path.join(E.path, '.Fail'))
                if code == 0 and not there or code and there or code not in (0, 111) and code_of(r) != want:
                    ok(False, 'AddFolder, %s %d says %s: %d %s, there %s' % (call, when, error, code, code_of(r), there))
                if there:
                    shutil.rmtree(os.path.join(E.path, '.Fail'))
                if os.listdir(os.path.join(E.path, 'tmp')) or sorted(os.listdir(E.path)) != before:
                    ok(False, 'something is left')
    ok(True, 'AddFolder says what is so after each error')
else:
    print('# no strace: errors of system calls are not tested')

if ROOT:
    os.chmod(os.path.join(E.path, '.B'), 0)
    os.chmod(work, 0o755)
    code, r, err = limited(E, 'Folders', user=65534)
    eq((code, list(r.folders)), (0, ['A', 'New']), 'a folder that may not be looked into is left out')
    ok('.B' in err and 'ermission' in err, 'and stderr says so')
    code, r, err = limited(E, 'Stats', user=65534, folder='B')
    eq((code, code_of(r)), (3, 'UNKNOWN'), 'a call that names it: UNKNOWN')
    os.chmod(os.path.join(E.path, '.B'), 0o755)
    with open(os.path.join(E.path, '.B', 'dovecot-keywords'), 'w') as f:
        f.write('0 Work\n')
    os.chmod(os.path.join(E.path, '.B', 'dovecot-keywords'), 0)
    E.put('1000000000.h:2,Sa', folder='.B')
    code, r, err = limited(E, 'Find', user=65534, limit=1, filter={'flags': 'S'}, sort={'parameter': 'ARRIVAL'})
    eq((code, [(h.folder, list(h.keywords)) for h in r.found]), (0, [('B', ['unknown-0'])]), 'names of keywords that may not be read keep no mail from being found and shown')
    ok('names of keywords' in err and 'ermission' in err, 'and stderr says so')
    os.unlink(os.path.join(E.path, '.B', 'dovecot-keywords'))
    os.unlink(os.path.join(E.path, '.B', 'cur', '1000000000.h:2,Sa'))

# --- Trash, over quota ---
Q = Box('trash')
Q.folder('.Trash')
for i in range(300):
    Q.put('%d.M%dP1.h,S=18:2,S' % (T + i, i), folder='.Trash')
open(os.path.join(Q.path, 'maildirsize'), 'w').write('90S\n80 4\n')
if shutil.which('strace'):
    log = os.path.join(work, 'log')
    r = subprocess.run(['strace', '-o', log, '-e', 'trace=renameat,renameat2', 'maildir-op', 'Move'], cwd=Q.path, capture_output=True,
                       input=pb.MoveReq(mids=['%d.M%dP1.h,S=18' % (T + i, i) for i in range(300)], from_folder='Trash').SerializeToString())
    response = pb.MoveResp()
    response.ParseFromString(r.stdout)
    eq((r.returncode, sum(not o.HasField('error') for o in response.outcomes), sum(o.error.code == pb.Error.OVER_QUOTA for o in response.outcomes)), (0, 5, 295), 'out of Trash as many as fit')
    eq(open(log).read().count('maildirsize'), 1, 'everything is counted anew once a call')
    eq(sum(int(l.split()[0]) for l in open(os.path.join(Q.path, 'maildirsize')).read().split('\n')[1:] if l), 90, 'and maildirsize is right')

# --- more folders than can be open at once ---
L = Box('folders')
L.put(a + ':2,S')
for i in range(200):
    L.folder('.F%d' % i)
L.put(b + ':2,', text='Subject: x\nMessage-ID: <b@x>\n\n', folder='.F7')
few = lambda method, **fields: limited(L, method, files=560, **fields)[:2]
code, state = few('Changes', state='')
eq((code, state.reset), (0, True), 'Changes has a state')
code, r = few('Changes', state=state.state)
eq((code, r.reset, len(r.changes)), (0, False, 0), 'which is that of nothing else')
code, r = few('Wait', state=state.state, seconds=0)
eq((code, r.changed), (0, False), 'Wait, too')
code, r = few('Wait', state=state.state, seconds=0, folders=['F%d' % i for i in range(200)])
eq(code, 0, 'of folders that are named')
code, r = few('Threads', folders=['F7'])
eq((code, [t.mail_count for t in r.threads]), (0, [1]), 'Threads of one of them')
code, r = few('Changes', state=state.state)
eq(code, 0, 'Changes where threads were asked for')
done()
