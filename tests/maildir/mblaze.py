"""mblaze's mrefile and mflag: what they do to a mail that another program changes at the same moment, which is what a storm with them may
find; and each method, held at each of its system calls while they run. They rename by path: mrefile to a fresh base, keeping what stands behind
`:2,'."""
from dovecot import *
from held import *

X = '%d.M1P1.h' % T
PLACES = ('', '.A', '.B', '.T')


def mblaze(box, *command):
    """What it prints: mrefile -v each new name, where it moved anything."""
    r = subprocess.run(command, cwd=box.path, capture_output=True, text=True, timeout=60)
    return r.stdout.split()


def mail_box(flags=''):
    box = new_box()
    box.put(X + ':2,' + flags, text='first')
    return box


def inodes(box):
    return sorted(os.stat(os.path.join(box.path, f, n)).st_ino for f in PLACES for n in box.ls(f))


def flags_of(path):
    return path.partition(':2,')[2]


# --- mrefile alone ---
box = mail_box('Sa')
for f, word in (('', 'work'), ('.B', 'home')):
    with open(os.path.join(box.path, f, 'dovecot-keywords'), 'w') as file:
        file.write('0 %s\n' % word)
state = box.call('FolderInfo', state=True).state
before = inodes(box)
told = mblaze(box, 'mrefile', '-v', 'cur/' + X + ':2,Sa', '.B')
eq((inodes(box), box.ls(), ['.B/' + n for n in box.ls('.B')], flags_of(told[0])), (before, [], told, 'Sa'), 'mrefile renames into cur: the same file, the same flags and letters')
there = box.call('List', folder='B', end=9).mail_heads
eq([(h.flags, list(h.keywords)) for h in there], [('S', ['home'])], 'a letter means there what that folder calls it')
changes = box.call('Changes', state=state).changes
eq(sorted((pb.Change.Kind.Name(c.kind), c.mid, list(c.folders)) for c in changes), [('GONE', X, []), ('NEW', there[0].mid, ['B'])], 'and it has another mid: to who asks for changes one has gone, one is new')

# --- mrefile is held at its rename, while another changes the mail ---
for name, change, want in (
        ('flags it', lambda box: box.call('SetFlags', mids=[X], add='F'), ['/cur/' + X + ':2,F']),
        ('moves it', lambda box: box.call('Move', mids=[X], to_folder='T'), ['.T/cur/' + X + ':2,']),
        ('removes it', lambda box: box.call('Remove', mids=[X]), []),
        ('refiles it', lambda box: mblaze(box, 'mrefile', 'cur/' + X + ':2,', '.T'), None)):
    box = mail_box()
    h = HeldProgram(['mrefile', '-v', 'cur/' + X + ':2,', '.B'], 'rename', 1, box.path)
    change(box)
    left = list(texts(box, *PLACES)) if want is None else want
    out = h.go()
    eq((h.held, out, list(texts(box, *PLACES))), (True, b'', left), 'mrefile, while another %s: leaves it there' % name)
box = mail_box()
h = HeldProgram(['mrefile', '-v', 'cur/' + X + ':2,', '.B'], 'rename', 1, box.path)
r = box.call('Copy', mids=[X], to_folder='T')
h.go()
eq((box.ls(), len(box.ls('.T')), len(box.ls('.B')), len(set(inodes(box)))), ([], 1, 1, 1), 'mrefile, while another copies it: the copy stays, what was in the folder goes')


# --- what they do themselves: who finds that in a storm has found no fault of porter's ---
for error, when in (('ENOENT', 'the name has gone, and is back by then'), ('EXDEV', 'to another file system')):
    box = mail_box()
    mblaze(box, 'strace', '-qq', '-o', '/dev/null', '-e', 'inject=rename:error=%s:when=1' % error, 'mrefile', 'cur/' + X + ':2,', '.B')
    eq((len(box.ls()), len(box.ls('.B')), len(set(inodes(box)))), (1, 1, 2), 'mrefile copies what it could not rename, and leaves it (%s): twice there, as two files' % when)
box = mail_box()
box.put(X + ':2,S', text='second')
mblaze(box, 'mflag', '-S', 'cur/' + X + ':2,')
eq(list(texts(box, '').values()), ['first'], 'mflag renames over another mail of that base and those flags')



def moved_by_dovecot(when):
    """Dovecot's MOVE to A, held at its when-th unlink while mrefile takes the mail to B: whether it was held, where the mail is then, as how many files."""
    box = OwnedBox('dovecot%d' % when)
    box.folder('.A'), box.folder('.B')
    box.put(X + ':2,', text='Message-ID: <x@example.org>\n\nx\n')
    give(box.path)
    server = Server(box.path, os.path.join(work, 'imap%d' % when))
    h = HeldProgram(AS + server.command(), 'unlink', when, box.path, b'a SELECT INBOX\r\nb UID MOVE 1:* A\r\nc LOGOUT\r\n')
    if h.held:
        mblaze(box, 'mrefile', 'cur/' + X + ':2,', '.B')
    h.go()
    places = [f for f in PLACES[:3] for _ in box.ls(f)]
    return h.held, places, len({os.stat(os.path.join(box.path, f, n)).st_ino for f in PLACES[:3] for n in box.ls(f)})


# Dovecot links the mail to its new place, then unlinks the name that it knows.
if os.access('/usr/lib/dovecot/imap', os.X_OK):
    seen, when = [], 1
    while when < 30 and (not seen or seen[-1][0]):
        seen.append(moved_by_dovecot(when))
        when += 1
    ok((True, ['.A', '.B'], 1) in seen and all(places for _, places, _ in seen), 'Dovecot\'s MOVE and mrefile at once can leave it in both folders, as one file: %d interleavings' % len(seen))
else:
    skip('MOVE of Dovecot beside mrefile', 'Dovecot is not installed (dovecot-imapd)')


# --- each method, held at each of its system calls ---
FIELDS = {'SetFlags': {'add': 'F'}, 'Move': {'to_folder': 'T'}, 'Copy': {'to_folder': 'T'}, 'Remove': {}}


def beside(method, how, folders, without):
    """mrefile takes to B whatever names the mail has by then in those folders, or mflag sets R on them: it is there as often as the answer says."""
    def play(call, when):
        box = mail_box()
        h = Held(box, method, call, when, without, mids=[X], **FIELDS[method])
        names = [os.path.join(f, n) for f in folders for n in box.ls(f)] if h.held else []
        if names:
            mblaze(box, *(['mrefile'] + names + ['.B'] if how == 'mrefile' else ['mflag', '-R'] + names))
        r = h.go()
        done = not r.outcomes[0].HasField('error')
        there = list(texts(box, *PLACES))
        files = len(set(inodes(box)))
        shutil.rmtree(box.path)
        want = {'Remove': 0, 'Copy': 2}.get(method, 1) if done else 1
        # Without RENAME_NOREPLACE the mail has two names for a moment, a link and what is unlinked next: who renames both makes two of it.
        moment = without and call == 'unlinkat' and len(names) == 2
        if (len(there) != want and not (moment and len(there) == 2)) or (want and files != 1):
            return h.held, '%s, and it is at %s' % ('done' if done else r.outcomes[0].error.text, there)
        if done and method == 'SetFlags' and 'F' not in flags_of(there[0]):
            return h.held, 'done, and it is at %s' % there
        if how == 'mflag' and not done:
            return h.held, 'a false error: %s' % r.outcomes[0].error.text
        if names and how == 'mflag' and method in ('SetFlags', 'Move') and 'R' not in flags_of(there[0]):
            return h.held, 'mflag\'s flag has gone: %s' % there
        return h.held, None
    return play


for method in FIELDS:
    for how in ('mrefile', 'mflag'):
        for folders in (PLACES, ('.T',)) if method in ('Move', 'Copy') else (PLACES,):
            for without in (False, True):
                played, wrong = every_hold(beside(method, how, folders, without))
                name = '%s%s beside %s%s' % (method, ' without RENAME_NOREPLACE' if without else '', how, '' if folders == PLACES else ' in the folder that it goes to')
                ok(played > 3 and not wrong, '%s: %d interleavings, there as often as was told' % (name, played))
                for w in wrong:
                    print('# ' + w)
done()
