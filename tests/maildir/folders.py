"""RenameFolder, RemoveFolder, Quota: the tree on disk, and what others do at the same time."""
import random, re, tempfile, threading
from op import *
from held import Held

B = Box()


def tree(box=B):
    return sorted(n for n in os.listdir(box.path) if n.startswith('.'))


def make(*disk, box=B):
    for d in disk:
        box.folder(d)


def empty(box=B):
    for n in tree(box):
        shutil.rmtree(os.path.join(box.path, n))


# --- renaming ---
make('.A', '.A.x', '.A.x.y', '.AB', '.A.Entw&APw-rfe', '.Caf\xe9')
B.put('1.M1P1.h:2,S', folder='.A.x')
open(os.path.join(B.path, '.A.x', 'dovecot-uidlist'), 'w').write('3 V1 N2\n')
r = B.call('RenameFolder', name='A', new_name='Ü.b')
eq((B.code, r.folders, tree()), (0, 4, sorted(['.&ANw-.b', '.&ANw-.b.x', '.&ANw-.b.x.y', '.&ANw-.b.Entw&APw-rfe', '.AB', '.Caf\xe9'])), 'RenameFolder: with all below it, and no other')
eq(sorted(os.listdir(os.path.join(B.path, '.&ANw-.b.x'))), ['cur', 'dovecot-uidlist', 'maildirfolder', 'new', 'tmp'], 'the whole directory goes')
r = B.call('RenameFolder', name='Ü', new_name='A')
eq((B.code, r.folders, tree()), (0, 4, sorted(['.A.b', '.A.b.x', '.A.b.x.y', '.A.b.Entw&APw-rfe', '.AB', '.Caf\xe9'])), 'a level that is no folder itself')
before = B.everything()
for name, new, error in (('Nope', 'X', 'INVALID_FOLDER'), ('', 'X', 'INVALID_FOLDER'), ('A', '', 'INVALID_FOLDER'), ('INBOX', 'X', 'INVALID_FOLDER'), ('A', 'inbox', 'INVALID_FOLDER'), ('A', 'a..b', 'INVALID_FOLDER'),
                         ('A', 'A.b.x.z', 'INVALID_FOLDER'), ('A', 'A', 'FOLDER_EXISTS'), ('A', 'AB', 'FOLDER_EXISTS'), ('A.b', 'A/../x', 'INVALID_FOLDER'), ('A', 'x' * 250, 'INVALID_FOLDER')):
    eq(B.error('RenameFolder', 3, name=name, new_name=new), (3, error), 'not %s to %s' % (name, new[:9]))
eq(B.everything(), before, 'nothing was done')
make('.C.b.x')
eq(B.error('RenameFolder', 3, name='A', new_name='C'), (3, 'FOLDER_EXISTS'), 'a name that is taken below')
eq(len([n for n in tree() if n.startswith('.A.b')]), 4, 'then none has gone')
os.symlink('.AB', os.path.join(B.path, '.L'))
eq(B.error('RenameFolder', 3, name='AB', new_name='L'), (3, 'FOLDER_EXISTS'), 'a link has a name too')
os.unlink(os.path.join(B.path, '.L'))
r = B.call('RenameFolder', name='A.b', new_name='A')
eq((B.code, sorted(n for n in tree() if n.startswith('.A'))), (0, sorted(['.A', '.A.x', '.A.x.y', '.A.Entw&APw-rfe', '.AB'])), 'to a level above')
empty()

# --- removing ---
make('.A', '.A.x', '.A.x.y', '.B')
for i in range(3):
    B.put('%d.M1P1.h,S=18:2,S' % i, folder='.A.x', sub=('new', 'cur')[i % 2])
os.makedirs(os.path.join(B.path, '.A.x', 'sub', 'deep'))
outside = os.path.join(work, 'outside')
os.makedirs(outside)
open(os.path.join(outside, 'kept'), 'w').close()
os.symlink(outside, os.path.join(B.path, '.A.x', 'link'))
eq(B.error('RemoveFolder', 3, name='A'), (3, 'HAS_FOLDERS'), 'RemoveFolder: there are folders below')
eq(B.error('RemoveFolder', 3, name='A', below=True), (3, 'FOLDER_NOT_EMPTY'), 'and mail')
eq(B.error('RemoveFolder', 3, name='A', force=True), (3, 'HAS_FOLDERS'), 'force is not below')
eq(tree(), ['.A', '.A.x', '.A.x.y', '.B'], 'all are there')
for name in ('', 'INBOX', 'Nope', 'a..b', '~'):
    eq(B.error('RemoveFolder', 3, name=name), (3, 'INVALID_FOLDER'), 'not %r' % name)
open(os.path.join(B.path, 'maildirsize'), 'w').write('1000S\n100 5\n')
r = B.call('RemoveFolder', name='A', below=True, force=True)
eq((B.code, r.folders, r.mails, tree(), os.listdir(os.path.join(B.path, 'tmp'))), (0, 3, 3, ['.B'], []), 'with both: all of it')
eq(open(os.path.join(B.path, 'maildirsize')).read(), '1000S\n100 5\n-54 -3\n', 'maildirsize is kept up')
eq(os.listdir(outside), ['kept'], 'no link was followed')
make('.A')
for name in ('left/' + 'd/' * 400, 'right/' + 'e/' * 50):
    os.makedirs(os.path.join(B.path, '.A', name, 'both'))
    open(os.path.join(B.path, '.A', name, 'file'), 'w').close()
r = B.call('RemoveFolder', name='A', force=True)
eq((B.code, r.folders, tree(), os.listdir(os.path.join(B.path, 'tmp'))), (0, 1, ['.B'], []), 'what lies 400 directories deep goes, too')
r = B.call('RemoveFolder', name='B')
eq((B.code, r.folders, r.mails, tree()), (0, 1, 0, []), 'an empty one')
make('.A.x')
r = B.call('RemoveFolder', name='A', below=True)
eq((B.code, r.folders, tree()), (0, 1, []), 'a level that is no folder itself')

# --- quota ---
r = B.call('Quota')
eq((B.code, r.known, r.used_octets, r.used_mails, r.limit_octets, r.limit_mails), (0, True, 46, 2, 1000, 0), 'Quota')
os.unlink(os.path.join(B.path, 'maildirsize'))
r = B.call('Quota')
eq((B.code, r.known), (0, False), 'where there is none, it is not known')

# --- FolderInfo ---
F = Box('info')
make('.Sent', '.Entw&APw-rfe', '.Drafts', '.spam', '.Papierkorb', '.X', '.X.Sent', '.Archive', box=F)
F.put('1.M1P1.h,S=18:2,Sa')
F.put('2.M1P1.h', sub='new')
open(os.path.join(F.path, 'dovecot-keywords'), 'w').write('0 Work\n2 Later\n')
open(os.path.join(F.path, 'porter.roles'), 'w').write('nonsense\nsent X\njunk Nope\nSENT Archive\ntrash X\n')
open(os.path.join(F.path, 'subscriptions'), 'w').write('V\t2\n\nINBOX\nEntw&APw-rfe\nX\tSent\n')
r = F.call('FolderInfo')
info = {f.name: f for f in r.folders}
eq([f.name for f in r.folders], ['', 'Archive', 'Drafts', 'Entwürfe', 'Papierkorb', 'Sent', 'X', 'X.Sent', 'spam'], 'FolderInfo: the inbox and all others')
R_ = pb.Folder
eq({n: R_.Role.Name(f.role) for n, f in info.items() if f.role}, {'': 'INBOX', 'Drafts': 'DRAFTS', 'X': 'SENT', 'Papierkorb': 'TRASH', 'spam': 'JUNK', 'Archive': 'ARCHIVE'},
   'roles: porter.roles, then names in any case, of the top level, each once')
i = info['']
eq((i.mail_count, i.unread_count, i.byte_size, list(i.keywords), i.subscribed, i.writable, i.state), (2, 1, 35, ['Work', 'Later'], True, True, ''), 'counts, keywords')
eq([n for n in info if info[n].subscribed], ['', 'Entwürfe', 'X.Sent'], 'subscribed')
eq((len(set(f.id for f in r.folders)), all(re.match('[0-9a-f]{16}$', f.id) for f in r.folders), r.state), (9, True, ''), 'ids')
was = info['X.Sent'].id
F.call('RenameFolder', name='X', new_name='Y')
r = F.call('FolderInfo', folders=['Y.Sent', 'Nope', '', 'INBOX', 'Y.Sent'], names_only=True)
eq([(f.name, f.id == was, f.mail_count, f.HasField('error') and pb.Error.Code.Name(f.error.code)) for f in r.folders],
   [('Y.Sent', True, 0, False), ('Nope', False, 0, 'INVALID_FOLDER'), ('', False, 0, False), ('INBOX', False, 0, 'INVALID_FOLDER')], 'an id stays; a folder that is not there has an error in its place')
eq(F.call('AddFolder', name='Y.Sent').id, was, 'AddFolder tells the id')
ok(F.call('AddFolder', name='New').id not in ('', was), 'of a new one')

# --- EmptyFolder ---
E = Box('empty')
make('.Trash', box=E)
now = int(time.time())
for i, t in enumerate((now - 90000, now - 80000, now - 10)):
    E.put('%d.M%dP1.h:2,S' % (t, i), folder='.Trash')
r = E.call('EmptyFolder', folder='Trash', before=time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(now - 80000)))
eq((E.code, r.removed, r.failed, len(E.ls('.Trash'))), (0, 1, 0, 2), 'EmptyFolder: what arrived before')
eq(E.error('EmptyFolder', 4, folder='Trash', before='x'), (4, 'BAD_REQUEST'), 'no date')
eq(E.error('EmptyFolder', 3, folder='Nope'), (3, 'INVALID_FOLDER'), 'no such folder')
r = E.call('EmptyFolder', folder='Trash')
eq((E.code, r.removed, E.ls('.Trash')), (0, 2, []), 'all of it')

# --- states, without an index: tests/maildir-states.t has those with ---
S = Box('states')
S.options = ['-I']
make('.A', '.B', box=S)
S.put('1.M1P1.h', sub='new')
r = S.call('FolderInfo', state=True)
whole, of_a = r.state, [f.state for f in r.folders if f.name == 'A'][0]
ok(re.match('0[.][0-9a-f]{16}$', whole) and re.match('0[.][0-9a-f]{16}$', of_a), 'states: one of all, one of each, settled')


def changed(state, folders=(), box=S):
    r = box.call('Changes', state=state, folders=folders)
    return (box.code, r.reset, r.state == state)


eq(changed(whole), (0, False, True), 'Changes: nothing')
eq(changed(of_a, ['A']), (0, False, True), 'nothing in one folder')
eq(changed(whole, ['A'])[1], True, 'a state of other folders tells nothing')
S.call('SetFlags', add='S')
eq((changed(whole)[1], changed(of_a, ['A'])[1]), (True, False), 'a flag in the inbox')
whole = S.call('Changes').state
eq(changed(whole), (0, False, True), 'from the state it gave')
for what, do in (('a delivery', lambda: S.put('2.M1P1.h', sub='new')), ('a removal', lambda: os.unlink(os.path.join(S.path, 'new', '2.M1P1.h'))), ('a new folder', lambda: S.call('AddFolder', name='C')),
                 ('a renamed folder', lambda: S.call('RenameFolder', name='C', new_name='D')), ('a removed folder', lambda: S.call('RemoveFolder', name='D'))):
    do()
    eq(changed(whole)[1], True, what)
    whole = S.call('Changes').state
    eq(changed(whole), (0, False, True), 'and no more')
for bad in ('', 'x', '1.2.3', '0.', '0.' + 'f' * 16, '0.' + 'f' * 17, whole + '?', '9' * 100):
    eq((S.call('Changes', state=bad).reset, S.code), (True, 0), 'rubbish as a state: read again (%.20s)' % bad)
eq(S.error('Changes', 4, state='x' * 101), (4, 'BAD_REQUEST'), 'one of 101 octets')
eq(S.error('Changes', 3, folders=['Nope']), (3, 'INVALID_FOLDER'), 'no such folder')
wrong = 0
for i in range(60):
    S.put('5.M%dP1.h' % i, sub='new')
    state = S.call('Changes').state
    S.put('6.M%dP1.h' % i, sub='new')
    wrong += not S.call('Changes', state=state).reset
eq(wrong, 0, 'change, ask, change, ask: every change is seen')

# --- Wait ---
begun = time.monotonic()
r = S.call('Wait', state=S.call('Changes').state, seconds=1)
ok(not r.changed and 0.9 < time.monotonic() - begun < 30, 'Wait: nothing, after its seconds')
state = S.call('Changes').state
threading.Timer(0.7, lambda: S.put('7.M1P1.h', sub='new')).start()
begun = time.monotonic()
r = S.call('Wait', state=state, seconds=100)
ok(r.changed and r.state != state and time.monotonic() - begun < 30, 'a delivery is seen')
eq(changed(r.state), (0, False, True), 'and the new state is right')
eq(S.call('Wait', state='rubbish', seconds=100).changed, True, 'a state that is none: at once')
eq(S.error('Wait', 3, folders=['Nope'], seconds=9), (3, 'INVALID_FOLDER'), 'no such folder')

# --- Wait: as long as it is asked to, at most 300 seconds; time passes only where that program sleeps ---
H = Box('hurried-box')
H.folder('.F')
state = H.call('Changes').state
for seconds, want in ((0, 0), (4, 4), (299, 299), (300, 300), (301, 300), (4294967295, 300)):
    p = subprocess.run([os.path.join(work, 'hurried'), 'Wait'], input=pb.WaitReq(state=state, seconds=seconds).SerializeToString(), cwd=H.path, capture_output=True, timeout=60)
    r = pb.WaitResp.FromString(p.stdout)
    slept = [int(x) for x in p.stderr.split()]
    ok((p.returncode, r.changed, r.state) == (0, False, state) and sum(slept) == want and max(slept + [0]) <= 3, 'Wait for %d seconds: %d, by steps of 3 at most' % (seconds, sum(slept)))

# --- Wait on tmpfs: a delivery is seen ---
memory = tempfile.mkdtemp(prefix='porter-test.', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else work)
atexit.register(shutil.rmtree, memory, True)
W = Box(os.path.join(memory, 'box'))
W.folder('.F')
for folder, sub in (('', 'new'), ('.F', 'cur')):
    state = W.call('Changes').state
    p = subprocess.Popen([os.path.join(bin_dir, 'maildir-op'), 'Wait'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=W.path)
    p.stdin.write(pb.WaitReq(state=state, seconds=301).SerializeToString())
    p.stdin.close()
    while open('/proc/%d/stat' % p.pid).read().rsplit(')', 1)[1].split()[0] != 'S':
        time.sleep(.01)
    W.put('8.M1P1.h' + (':2,' if sub == 'cur' else ''), folder=folder, sub=sub)
    r = pb.WaitResp.FromString(p.stdout.read())
    eq((p.wait(), r.changed, r.state != state, W.call('Wait', state=r.state).changed), (0, True, True, False), 'Wait on tmpfs: a delivery to %s/%s is seen' % (folder or 'the inbox', sub))

# --- Wait, once it only takes glances: two calls a folder, and each kind of event is seen ---
strace = shutil.which('strace')


def half(box):
    """A folder that has no cur yet."""
    os.mkdir(os.path.join(box.path, '.Half'))


def linked(box):
    os.makedirs(os.path.join(work, 'shared', box.name, 'cur'))
    os.symlink(os.path.join(work, 'shared', box.name), os.path.join(box.path, '.Link'))


def at(box, *path):
    return os.path.join(box.path, *path)


EVENTS = {  # name: what there is besides, what happens, whether the state of all is another then
    'nothing': (None, None, False),
    'a mail comes into the inbox': (None, lambda b: b.put('2.M1P1.h', sub='new'), True),
    'a mail goes from a folder': (None, lambda b: os.unlink(at(b, '.F7', 'cur', '1.M1P1.h:2,')), True),
    'a mail is flagged': (None, lambda b: os.rename(at(b, '.F7', 'cur', '1.M1P1.h:2,'), at(b, '.F7', 'cur', '1.M1P1.h:2,S')), True),
    'a folder is made': (None, lambda b: b.folder('.New'), True),
    'what was none becomes one': (half, lambda b: os.mkdir(at(b, '.Half', 'cur')), True),
    'a folder is renamed': (None, lambda b: os.rename(at(b, '.F3'), at(b, '.G3')), True),
    'two folders change names': (None, lambda b: [os.rename(at(b, x), at(b, y)) for x, y in (('.F3', '.x'), ('.F7', '.F3'), ('.x', '.F7'))], True),
    'a folder goes': (None, lambda b: shutil.rmtree(at(b, '.F5')), True),
    'a folder gets a new': (lambda b: os.rmdir(at(b, '.F5', 'new')), lambda b: (os.mkdir(at(b, '.F5', 'new')), b.put('3.M1P1.h', folder='.F5', sub='new')), True),
    'a mail comes into what a link leads to': (linked, lambda b: open(os.path.join(work, 'shared', b.name, 'cur', '4.M1P1.h:2,'), 'w').close(), True),
    'a link leads elsewhere': (linked, lambda b: (os.makedirs(os.path.join(work, 'shared', b.name + '-2', 'cur')), open(os.path.join(work, 'shared', b.name + '-2', 'cur', '5.M1P1.h:2,'), 'w').close(),
                                                  os.unlink(at(b, '.Link')), os.symlink(os.path.join(work, 'shared', b.name + '-2'), at(b, '.Link'))), True),
    'a file that is no folder comes': (None, lambda b: open(at(b, '.file'), 'w').close(), False)}
if strace:
    waits = {}
    for n, (name, (prepare, do, differs)) in enumerate(EVENTS.items()):
        E = Box('event%d' % n)
        E.name = 'event%d' % n
        os.makedirs(os.path.join(work, 'shared'), exist_ok=True)
        E.options = ['-l', os.path.join(work, 'shared')]
        for i in range(10):
            E.folder('.F%d' % i)
        E.put('1.M1P1.h:2,', folder='.F7')
        if prepare:
            prepare(E)
        log = os.path.join(work, 'event%d.log' % n)
        state = E.call('FolderInfo', state=True).state
        p = subprocess.Popen([strace, '-qq', '-o', log, os.path.join(bin_dir, 'maildir-op'), *E.options, 'Wait'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=E.path)
        p.stdin.write(pb.WaitReq(state=state, seconds=300 if differs else 14).SerializeToString())
        p.stdin.close()
        waits[name] = E, p, log
    looks = lambda log: open(log, errors='replace').read().split('nanosleep(')
    wrong = {}
    for name, (E, p, log) in waits.items():
        while len(looks(log)) < 4 and p.poll() is None:
            time.sleep(.02)
        if EVENTS[name][1]:
            EVENTS[name][1](E)
    for name, (E, p, log) in waits.items():
        r = pb.WaitResp.FromString(p.stdout.read())
        p.stdout.close()
        if (p.wait(), r.changed) != (0, EVENTS[name][2]):
            wrong[name] = (p.returncode, r.changed)
    eq(wrong, {}, 'Wait: %d kinds of events' % len(EVENTS))
    each = [len(l.split('\n')) - 2 for l in looks(waits['nothing'][2])[2:-1]]
    ok(len(each) > 1 and max(each) <= 2 * 11 + 3, 'where nothing happens a look is two calls a folder: %s for 11 of them' % each)

# --- killed at each system call: each mail once, and the same call finishes ---
CALLS = 'renameat2,renameat,unlinkat,mkdirat,fsync,openat'


def mails(box):
    out = []
    for d, dirs, files in os.walk(box.path):
        if os.path.basename(d) in ('new', 'cur') and '/tmp/' not in d[len(box.path):] + '/':
            out += files
    return sorted(out)


def killed(method, build, **fields):
    """Runs the call, killed at the first, second ... call of each kind, until one comes through."""
    data = getattr(pb, method + 'Req')(**fields).SerializeToString()
    for kind in CALLS.split(','):
        for n in range(1, 60):
            box = Box('kill%s%s%d' % (method, kind, n))
            build(box)
            want = mails(box)
            p = subprocess.run([strace, '-qq', '-o', '/dev/null', '-e', 'trace=' + kind, '-e', 'inject=%s:signal=SIGKILL:when=%d' % (kind, n), os.path.join(bin_dir, 'maildir-op'), method],
                               input=data, cwd=box.path, capture_output=True)
            whole = p.returncode == 0
            yield kind, n, whole, want, box
            shutil.rmtree(box.path)
            if whole:
                break


if strace:
    # A system call of somebody who had found the folder before it was renamed ends late: a file is there once all that was listed has gone.
    came, when = 0, 0
    while not came:
        when += 1
        late = Box('late%d' % when)
        late.folder('.A')
        late.put('1.M1P1.h:2,S', folder='.A')
        held = Held(late, 'RemoveFolder', 'unlinkat', when, name='A', force=True)
        left = [os.path.join(late.path, 'tmp', n) for n in os.listdir(os.path.join(late.path, 'tmp'))]
        if held.held and left and not os.listdir(left[0]):
            open(os.path.join(left[0], 'dovecot-uidlist'), 'w').close()
            came += 1
        r = held.go()
        if not held.held:
            break
    eq((came, held.code, r.mails, r.HasField('error'), os.listdir(os.path.join(late.path, 'tmp')), tree(late)), (1, 0, 1, False, [], []), 'a file that comes while a folder is deleted goes with it')
    def build(box):
        make('.A', '.A.x', '.A.x.y', box=box)
        for i, f in enumerate(('.A', '.A.x', '.A.x.y')):
            box.put('%d.M1P1.h:2,S' % i, folder=f)
    bad, runs = [], 0
    for kind, n, whole, want, box in killed('RenameFolder', build, name='A', new_name='N'):
        runs += 1
        if mails(box) != want:
            bad.append((kind, n, 'a mail is missing or double'))
        again = box.call('RenameFolder', name='A', new_name='N')
        if not [f for f in tree(box) if f.startswith('.N')] == ['.N', '.N.x', '.N.x.y'] or mails(box) != want:
            bad.append((kind, n, tree(box)))
    eq(bad, [], 'RenameFolder killed %d times: each mail once, the same call finishes' % runs)

    def build_empty(box):
        make('.A', '.A.x', box=box)
    bad, runs = [], 0
    for kind, n, whole, want, box in killed('RemoveFolder', build_empty, name='A', below=True):
        runs += 1
        box.call('RemoveFolder', name='A', below=True)
        if tree(box):
            bad.append((kind, n, tree(box)))
    eq(bad, [], 'RemoveFolder killed %d times: the same call finishes' % runs)
else:
    print('# no strace: killing is not tested')

# --- a leftover goes an hour later; one with mail in it, which nobody said to delete, does not ---
make('.A', box=B)
for name in ('porter-gone.1', 'porter-gone.2', 'porter-forced.3'):
    for d in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(B.path, 'tmp', name, d))
B.call('RemoveFolder', name='A')
eq(len(os.listdir(os.path.join(B.path, 'tmp'))), 3, 'young leftovers stay')

# --- beside deliveries: none that was acknowledged is lost ---
R = Box('race')
acknowledged, stop = [], threading.Event()
took = 0.002  # seconds of a call: deliveries rest for as long now and then, or no call would ever find the folder empty


def deliver(by_path):
    n = 0
    while not stop.is_set():
        n += 1
        name = '%d.M%dP%d.h' % (time.time(), n, by_path)
        path = os.path.join(R.path, '.A')
        try:
            if by_path:
                with open(os.path.join(path, 'tmp', name), 'w') as f:
                    f.write('Subject: x\n\n')
                os.rename(os.path.join(path, 'tmp', name), os.path.join(path, 'new', name))
            else:
                tmp, new = os.open(os.path.join(path, 'tmp'), os.O_RDONLY), os.open(os.path.join(path, 'new'), os.O_RDONLY)
                try:
                    fd = os.open(name, os.O_WRONLY | os.O_CREAT, 0o600, dir_fd=tmp)
                    os.close(fd)
                    os.rename(name, name, src_dir_fd=tmp, dst_dir_fd=new)
                finally:
                    os.close(tmp)
                    os.close(new)
            acknowledged.append(name)
            time.sleep(0.0005 + 2 * took * random.random() ** 3)
        except OSError:
            pass


def append():
    """Append says itself whether the folder went meanwhile."""
    data = pb.AppendReq(folder='A', octets=b'Subject: x\n\n').SerializeToString()
    while not stop.is_set():
        code, out, err = R.raw('Append', data)
        if code == 0:
            acknowledged.append(pb.AppendResp.FromString(out).mid)
            appended.append('')
        elif code != 3 or pb.AppendResp.FromString(out).error.code != pb.Error.INVALID_FOLDER:
            # A folder that is put back, as there was mail in it, has another cur: the next call finds that.
            appended.append('' if code == 111 and b'fatal: unable to store' in err else '%d %s' % (code, err))


appended = []
make('.A', box=R)
threads = [threading.Thread(target=deliver, args=(i,)) for i in (0, 1)] + [threading.Thread(target=append)]
for t in threads:
    t.start()
seen, codes = [], {}
least, deadline = time.monotonic() + 4, time.monotonic() + 300
while time.monotonic() < least or min(codes.get(c, 0) for c in ('removed', 'FOLDER_NOT_EMPTY')) <= 5 and time.monotonic() < deadline:
    begun = time.monotonic()
    r = R.call('RemoveFolder', name='A')
    took = time.monotonic() - begun
    code = pb.Error.Code.Name(r.error.code) if r.HasField('error') else 'removed'
    codes[code] = codes.get(code, 0) + 1
    if code == 'FOLDER_NOT_EMPTY':
        for n in os.listdir(os.path.join(R.path, '.A', 'new')):
            seen.append(n)
            os.unlink(os.path.join(R.path, '.A', 'new', n))
    elif code != 'removed' and code != 'INVALID_FOLDER':
        print('# %s: %s' % (code, r.error.text))
    if not os.path.isdir(os.path.join(R.path, '.A')):
        R.call('AddFolder', name='A')
stop.set()
for t in threads:
    t.join()
seen += os.listdir(os.path.join(R.path, '.A', 'new'))
eq(sorted(set(acknowledged) - set(seen)), [], 'beside %d deliveries %d removals and %d refusals: no mail lost' % (len(acknowledged), codes.get('removed', 0), codes.get('FOLDER_NOT_EMPTY', 0)))
eq((len(appended) > 5, set(appended)), (True, {''}), '%d of them by Append' % len(appended))
ok(codes.get('removed', 0) > 5 and codes.get('FOLDER_NOT_EMPTY', 0) > 5, 'both came up')
eq(set(codes) - {'removed', 'FOLDER_NOT_EMPTY'}, set(), 'and nothing else')

# --- what goes is counted by its name ---
if strace:
    S = Box('named')
    for where, name in (('.A', '%d.M%dP1.h,S=6:2,S'), ('.B', '%d.M%dP1.h:2,S')):
        S.folder(where)
        for i in range(100):
            S.put(name % (1700000000 + i, i), 'x: y\n\n', folder=where)
    with open(S.path + '/maildirsize', 'w') as f:
        f.write('1000000S\n1200 200\n')
    looked = []
    for name in ('A', 'B'):
        log = os.path.join(work, 'looked')
        p = subprocess.run([strace, '-qq', '-o', log, '-e', 'trace=newfstatat', os.path.join(bin_dir, 'maildir-op'), 'RemoveFolder'], input=pb.RemoveFolderReq(name=name, force=True).SerializeToString(), cwd=S.path, stdout=subprocess.PIPE)
        with open(log) as f:
            looked.append((pb.RemoveFolderResp.FromString(p.stdout).mails, sum('.M' in line for line in f)))
    eq(looked, [(100, 0), (100, 100)], 'of mails whose names tell their sizes none is looked at, of others each')
    with open(S.path + '/maildirsize') as f:
        eq(f.read().splitlines()[-2:], ['-600 -100', '-600 -100'], 'and the quota is told the same of both')
done()
