"""Races of two clients over one mail or one name. Part 1 holds maildir-op at each of its system calls and plays the other client
there; part 2 lets both run for a few seconds."""
import random, threading
from held import *

SECONDS = float(os.environ.get('RACE_SECONDS', '1.5'))
X = '%d.M1P1.h' % T


# --- a mid never passes to another mail ---
def twins(method, other, without, as_twin):
    def play(call, when):
        box = new_box()
        A, B = (os.path.join(box.path, 'cur', X + f) for f in (':2,', ':2,S'))
        box.put(X + ':2,', text='first')
        inode = os.stat(A).st_ino
        if as_twin:
            box.put(X + ':2,S', text='second')
        mid = '%s/%d' % (X, inode) if as_twin else X
        fields = {'Remove': {'mids': [mid]}, 'Move': {'mids': [mid], 'to_folder': 'T'}, 'SetFlags': {'mids': [mid], 'add': 'R'}}[method]
        h = Held(box, method, call, when, without, **fields)
        if h.held:
            if not as_twin:
                box.put(X + ':2,S', text='second')
            if other == 'removes':
                attempt(os.unlink, A)
            else:
                attempt(os.rename, A, os.path.join(box.path, 'cur', X + ':2,F'))
            if not os.path.exists(A):
                attempt(os.rename, B, A)
        r = h.go()
        error = r.outcomes[0].HasField('error')
        there = texts(box, '', '.T')
        shutil.rmtree(box.path)
        first, second = ([p for p, t in there.items() if t == s] for s in ('first', 'second'))
        if (as_twin or h.held) and (len(second) != 1 or not second[0].startswith('/cur/' + X) or 'R' in second[0].split(':')[-1]):
            return h.held, 'the second is at %s' % second
        if other != 'removes' and error:
            return h.held, 'a false error'
        if not error and method == 'Remove' and first:
            return h.held, 'the first is left at %s' % first
        if not error and method != 'Remove' and first and not (first[0].startswith('.T/') if method == 'Move' else 'R' in first[0].split(':')[-1]):
            return h.held, 'the first is at %s' % first
        if len(first) > 1:
            return h.held, 'doubled: %s' % first
        return h.held, None
    return play


RENAMES = ('renameat2', 'renameat', 'linkat')
for method in ('Remove', 'Move', 'SetFlags'):
    for other in ('removes', 'flags'):
        for without in (False, True):
            for as_twin in (True, False):
                if not as_twin and method == 'Remove':
                    continue
                # Before it is listed the mid of a mail without a twin may be anyone's.
                played, wrong = every_hold(twins(method, other, without, as_twin), *([] if as_twin else [RENAMES]))
                ok(played > (3 if as_twin else 0) and not wrong, '%s%s of a mail%s, while another client %s it and its twin gets its name: %d interleavings' % (method, ' without RENAME_NOREPLACE' if without else '', ' with a twin' if as_twin else ' that gets a twin', other, played))
                for w in wrong:
                    print('# ' + w)

box = new_box()
box.put(X + ':2,', text='first')
box.put(X + ':2,S', text='second')
mid = mids(box.call('List', end=9))[0]
eq([(box.call('Remove', mids=[m]).outcomes[0].HasField('error'), len(box.ls())) for m in (X, mid, mid, X)], [(True, 2), (False, 1), (True, 1), (False, 0)], 'a removal that is asked again does not take the twin; what is left alone has the plain mid')


# --- two moves of one base into one folder ---
def two_moves(first_goes_first, without, flags):
    def play(calls, whens):
        box = new_box()
        box.put(X + ':2,', text='A', folder='.A')
        box.put(X + ':2,' + flags, text='B', folder='.B')
        held = [Held(box, 'Move', calls[i], whens[i], without, mids=[X], from_folder='AB'[i], to_folder='T') for i in (0, 1)]
        answers = {}
        for i in ((0, 1) if first_goes_first else (1, 0)):
            answers[i] = held[i].go()
        there = texts(box, '', '.A', '.B', '.T')
        got = [box.call('Raw', folder='T', mid=answers[i].outcomes[0].new_mid).body.decode() for i in (0, 1)]
        shutil.rmtree(box.path)
        both = held[0].held and held[1].held
        if sorted(there.values()) != ['A', 'B'] or any(not p.startswith('.T/') for p in there):
            return both, 'there is %s' % there
        if got != ['A', 'B']:
            return both, 'new_mids give %s' % got
        return both, None
    return play


for without in (False, True):
    for flags in ('', 'S'):
        played, wrong = 0, []
        for order in (True, False):
            play = two_moves(order, without, flags)
            for c1, w1 in (('renameat2', 1), ('renameat', 1), ('linkat', 1), ('unlinkat', 1), ('getdents64', 3), ('getdents64', 5), ('getdents64', 7)):
                for c2, w2 in (('renameat2', 1), ('renameat', 1), ('linkat', 1), ('getdents64', 5), ('getdents64', 7), ('getdents64', 9)):
                    held, fault = play((c1, c2), (w1, w2))
                    played += held
                    if fault:
                        wrong.append('%s %d, %s %d: %s' % (c1, w1, c2, w2, fault))
        ok(played > 10 and not wrong, 'two moves of one %s into one folder%s: %d interleavings, each new_mid is its own mail\'s' % ('name' if not flags else 'base', ' without RENAME_NOREPLACE' if without else '', played))
        for w in wrong:
            print('# ' + w)


# --- hard links ---
def link_box():
    box = new_box()
    box.put(X + ',S=5', text='hello', folder='.A', sub='new')
    os.link(os.path.join(box.path, '.A/new', X + ',S=5'), os.path.join(box.path, '.A/cur', X + ',S=5:2,S'))
    return box


box = link_box()
mid = X + ',S=5'
eq((mids(box.call('List', folder='A', end=9)), box.call('Stats', folder='A').mail_count), ([mid], 1), 'hard links of one mail in new and cur are one mail')
open(os.path.join(box.path, 'maildirsize'), 'w').write('100S\n10 2\n')
r = box.call('Move', mids=[mid], from_folder='A', to_folder='T')
eq((r.outcomes[0].new_mid, box.ls('.A'), box.ls('.T')), (mid, [], ['cur/' + mid + ':2,S']), 'Move takes both names')
eq(open(os.path.join(box.path, 'maildirsize')).read(), '100S\n10 2\n-5 -1\n', 'of which maildirsize counted each')
box = link_box()
eq((box.call('Remove', folder='A', mids=[mid]).outcomes[0].HasField('error'), box.ls('.A')), (False, []), 'Remove both')
box = link_box()
box.folder('.C')
os.rename(os.path.join(box.path, '.A/new', mid), os.path.join(box.path, '.T/cur', mid + ':2,R'))
r = box.call('Move', mids=[mid], from_folder='A', to_folder='T')
eq((r.outcomes[0].new_mid, box.ls('.A'), len(box.ls('.T'))), (mid, [], 1), 'Move to where the same mail is already')


def towards_each_other(other_first):
    def play(call, when):
        box = new_box()
        box.put(X + ':2,', text='hello', folder='.A')
        os.link(os.path.join(box.path, '.A/cur', X + ':2,'), os.path.join(box.path, '.B/cur', X + ':2,'))
        h = Held(box, 'Move', call, when, mids=[X], from_folder='A', to_folder='B')
        h2 = Held(box, 'Move', 'renameat', 1, mids=[X], from_folder='B', to_folder='A')
        if other_first:
            h2.go(), h.go()
        else:
            h.go(), h2.go()
        there = texts(box, '.A', '.B')
        shutil.rmtree(box.path)
        return h.held, None if set(there.values()) == {'hello'} else 'lost'
    return play


for other_first in (True, False):
    played, wrong = every_hold(towards_each_other(other_first))
    ok(played > 3 and not wrong, 'two moves of hard links towards each other: %d interleavings, not lost' % played)
    for w in wrong:
        print('# ' + w)


# --- an index, while what has just come goes again ---
def goes_again(call, when):
    """Two mails came. While a call has listed them, and reads their heads, the second goes; stamps settle, so that what is left behind is believed."""
    box = new_box()
    for i in range(220):
        box.put('%d.M%dP1.h:2,S' % (T + i, i))
    box.call('ListSearch', limit=1)
    for i in (300, 301):
        box.put('%d.M%dP1.h' % (T + i, i), sub='new')
    time.sleep(.05)
    h = Held(box, 'Stats', call, when)
    if h.held:
        os.unlink(os.path.join(box.path, 'new/%d.M301P1.h' % (T + 301)))
        time.sleep(.05)
    counts = h.go().mail_count, box.call('Stats').mail_count
    there = len(box.ls())
    shutil.rmtree(box.path)
    return h.held, None if counts[1] == there and counts[0] in (there, 222) else '%d and then %d for %d' % (*counts, there)


played, wrong = every_hold(goes_again, ('openat', 'getdents64'))
ok(played > 8 and not wrong, 'of two mails that came one goes while an index is brought up to date: %d interleavings, the other is there' % played)
for w in wrong:
    print('# ' + w)


# --- btrfs: what is renamed while it is listed has neither name in the listing ---
def renamed_late(indexed):
    def play(call, when):
        box = new_box()
        for i in range(220 if indexed else 3):
            box.put('%d.M%dP1.h:2,S' % (T + i, i))
        if indexed:
            box.call('ListSearch', limit=1)
            box.put('%d.M300P1.h:2,S' % (T + 300))
        there = len(box.ls())
        h = Held(box, 'Stats', call, when, program=(LATE,))
        if h.held:
            os.rename(os.path.join(box.path, 'cur', '%d.M1P1.h:2,S' % (T + 1)), os.path.join(box.path, 'cur', '%d.M1P1.h:2,FS' % (T + 1)))
        count = h.go().mail_count
        shutil.rmtree(box.path)
        return h.held, None if count == there else '%d of %d' % (count, there)
    return play


LATE = os.path.join(work, 'late_names')
for indexed in False, True:
    played, wrong = every_hold(renamed_late(indexed), ('getdents64',))
    ok(played > 3 and not wrong, 'where a listing ends with what was there when it began, a mail that is renamed meanwhile is met%s: %d interleavings' % (', with an index' * indexed, played))
    for w in wrong:
        print('# ' + w)


def link_instead(call, when):
    """A folder is removed with its mails. Another program moves it away meanwhile, and leaves a link there."""
    box = new_box()
    box.put(X + ':2,', text='hello', folder='.A')
    link, away, tmp = (os.path.join(box.path, name) for name in ('.A', '.away', 'tmp'))
    h = Held(box, 'RemoveFolder', call, when, name='A', force=True)
    moved = False
    if h.held and os.path.isdir(link):
        os.rename(link, away)
        os.symlink(away, link)
        moved = True
    h.go()
    left = os.listdir(tmp)
    kept = not moved or (os.path.islink(link) and texts(box, '.away') == {'.away/cur/' + X + ':2,': 'hello'})
    shutil.rmtree(box.path)
    return h.held, None if kept and not left else 'kept: %s, left in tmp: %s' % (kept, left)


played, wrong = every_hold(link_instead, ('renameat', 'openat', 'newfstatat', 'getdents64', 'unlinkat'))
ok(played > 20 and not wrong, 'a folder that is removed is a link meanwhile: %d interleavings, what it leads to is whole, and the link is where it was' % played)
for w in wrong:
    print('# ' + w)


def seen_meanwhile(call, when):
    """A page makes the index of a folder of 220 mails, and reads their heads; another client has seen those in new: they go to cur."""
    box = new_box()
    for i in range(220):
        box.put('%d.M%dP1.h' % (T + i, i), sub='new' if i % 2 else 'cur')
    h = Held(box, 'ListSearch', call, when, limit=300)
    if h.held:
        for name in box.ls(subs=('new',)):
            os.rename(os.path.join(box.path, name), os.path.join(box.path, 'cur', name[4:] + ':2,S'))
    first, then = [sorted(m.mid for m in r.mail_heads) for r in (h.go(), box.call('ListSearch', limit=300))]
    shutil.rmtree(box.path)
    want = sorted('%d.M%dP1.h' % (T + i, i) for i in range(220))
    return h.held, None if first == then == want else '%d and then %d' % (len(first), len(then))


played, wrong = 0, []
for when in range(5, 300, 20):
    held, fault = seen_meanwhile('openat', when)
    played += held
    if fault:
        wrong.append('openat %d: %s' % (when, fault))
ok(played > 8 and not wrong, 'mails go from new to cur while an index is made: %d interleavings, each is there once' % played)
for w in wrong:
    print('# ' + w)


# --- a folder that goes while it is looked into ---
def folder_goes(method, indexed, named, fields):
    """A folder is removed where a call is about to list a directory: left out of what was asked of all folders, no such folder where it was named."""
    def play(call, when):
        box = new_box()
        for f in ('', '.A', '.B'):
            box.put(X + f + ':2,', text='Subject: x\nMessage-ID: <1@x>\n\nx', folder=f)
        if indexed:
            box.call('FolderInfo', state=True, threads=True)
            box.put('%d.M2P1.h' % T, text='Subject: x\n\nx', folder='.B', sub='new')
            settle()
        else:
            box.options = ('-I',)
        asked = dict(fields, state=box.call('FolderInfo', names_only=True, state=True).state) if method == 'Changes' else fields
        h = Held(box, method, call, when, program=(os.path.join(bin_dir, 'maildir-op'), *box.options), **asked)
        if h.held:
            shutil.rmtree(os.path.join(box.path, '.B'))
        r = h.go()
        gone = 'no such folder "B"' if named else ''
        errors = [r.error.text] + [f.error.text for f in getattr(r, 'folders', ()) if hasattr(f, 'error')]
        wrong = None
        if h.code not in (0, 3) or not set(errors) <= {'', gone}:
            wrong = 'exit %d, %s' % (h.code, errors)
        elif method == 'FolderInfo' and any(f.mail_count != {'': 1, 'A': 1, 'B': 1 + indexed, 'T': 0}[f.name] for f in r.folders if not f.error.text):
            wrong = 'counted %s' % [(f.name, f.mail_count) for f in r.folders]
        shutil.rmtree(box.path)
        return h.held, wrong
    return play


BOTH = {'folders': ['A', 'B']}
for method, named, fields in (('FolderInfo', False, {'threads': True}), ('FolderInfo', True, BOTH), ('Stats', True, {'folder': 'B'}), ('ListSearch', True, {'folder': 'B'}),
                              ('Find', False, {'one_a_thread': True}), ('Find', True, BOTH), ('Threads', False, {}), ('Threads', True, BOTH), ('Changes', False, {})):
    played, wrong = 0, []
    for indexed in (False, True):
        held, faults = every_hold(folder_goes(method, indexed, named, fields), ('getdents64',))
        played += held
        wrong += faults
    ok(played > 3 and not wrong, '%s, whose folder is removed before it is listed: %d interleavings, %s' % (method, played, 'there is no such folder' if named else 'it is left out'))
    for w in wrong:
        print('# ' + w)

box = new_box()
box.put(X + ':2,', folder='.B')
h = Held(box, 'SetFlags', 'getdents64', 1, folder='B', add='F')
shutil.rmtree(os.path.join(box.path, '.B'))
eq((h.held, h.go().error.text, h.code), (True, 'no such folder "B"', 3), 'SetFlags of all mails of a folder that is removed before it is listed')


def target_goes(method, fields):
    """The folder that mails are to go to is removed: that is said, and not that there is no such mail, which is where it was."""
    def play(call, when):
        box = new_box()
        box.put(X + ':2,', text='hello', folder='.A')
        h = Held(box, method, call, when, **fields)
        if h.held:
            shutil.rmtree(os.path.join(box.path, '.B'))
        r = h.go()
        errors = {pb.Error.Code.Name(e.code) for e in [r.error] + [o.error for o in getattr(r, 'outcomes', ())] if e.text}
        left = texts(box, '.A')
        shutil.rmtree(box.path)
        good = h.code == 0 and not errors or h.code == 3 and errors == {'INVALID_FOLDER'} and list(left.values()) == ['hello']
        return h.held, None if good else 'exit %d, %s, in A: %s' % (h.code, errors, left)
    return play


CARRY = {'mids': [X], 'from_folder': 'A', 'to_folder': 'B'}
for method, fields in (('Move', CARRY), ('Move', dict(CARRY, add_keywords=['x'])), ('Copy', CARRY), ('Append', {'folder': 'B', 'octets': b'A: b\n\n', 'keywords': ['x']})):
    played, wrong = every_hold(target_goes(method, fields), ('openat', 'renameat2', 'linkat'))
    ok(played > 3 and not wrong, '%s%s to a folder that is removed meanwhile: %d interleavings, that folder is missed, not the mail' % (method, ' with keywords' if len(fields) > 3 or method == 'Append' else '', played))
    for w in wrong:
        print('# ' + w)


def below_goes(call, when):
    """Of a folder that is renamed one below it is removed meanwhile: the others are renamed."""
    box = new_box()
    for f in ('.P', '.P.x', '.P.y'):
        box.folder(f)
        box.put(X + f + ':2,', text=f, folder=f)
    h = Held(box, 'RenameFolder', call, when, name='P', new_name='N')
    before = sorted(os.listdir(box.path))
    if h.held:
        attempt(shutil.rmtree, os.path.join(box.path, '.P.x'))
    r = h.go()
    left = sorted(f for f in os.listdir(box.path) if f[1:2] in ('N', 'P'))
    moved = h.held and '.N.x' in before
    shutil.rmtree(box.path)
    want = ['.N'] + ['.N.x'] * (moved or not h.held) + ['.N.y']
    return h.held, None if h.code == 0 and left == want and r.folders == len(want) else 'exit %d, %s, %d' % (h.code, left, r.folders)


played, wrong = every_hold(below_goes, ('openat', 'newfstatat', 'renameat2', 'fsync'))
ok(played > 10 and not wrong, 'a folder is renamed, and one below it is removed meanwhile: %d interleavings, the rest is renamed' % played)
for w in wrong:
    print('# ' + w)


# --- a listing is one moment: both run ---
def beside(change, ask, want, name, least=20):
    """ask() again and again while change() is; how often it was not what is wanted."""
    stop = threading.Event()

    def changing():
        while not stop.is_set():
            change()
    t = threading.Thread(target=changing)
    t.start()
    wrong, asked, end = {}, 0, time.monotonic() + SECONDS
    while time.monotonic() < end or asked < least:
        got = ask()
        asked += 1
        if got != want:
            wrong[str(got)[:80]] = wrong.get(str(got)[:80], 0) + 1
    stop.set()
    t.join()
    ok(not wrong, '%s: %d asked' % (name, asked))
    if wrong:
        print('# wrong: %s' % wrong)


def many(n, sub='cur'):
    box = new_box()
    names = ['%d.M%dP1.h,S=5' % (T, i) for i in range(n)]
    for m in names:
        with open(os.path.join(box.path, sub, m + (':2,' if sub == 'cur' else '')), 'w') as f:
            f.write('a:b\n\n')
    return box, names


random.seed(1)
box, names = many(4000)
state = {m: 'cur/' + m + ':2,' for m in names}


def rename_one(m, to):
    os.rename(os.path.join(box.path, state[m]), os.path.join(box.path, to))
    state[m] = to


def flags_in_cur():
    m = random.choice(names)
    rename_one(m, 'cur/' + m + (':2,' if state[m].endswith('S') else ':2,S'))


def uids():
    m = random.choice(names)
    rename_one(m, 'cur/' + m + (':2,' if ',U=' in state[m] else ',U=%d:2,' % random.randrange(9999)))


def count():
    r = box.call('Stats')
    return r.mail_count, r.byte_size


beside(flags_in_cur, count, (4000, 20000), 'Stats while flags change in cur')
beside(uids, count, (4000, 20000), 'Stats while mbsync numbers the names')


def mbsync_new():
    m = random.choice(names[:200])
    if state[m].startswith('new/'):
        rename_one(m, 'cur/' + m + ',U=%d:2,' % random.randrange(9999))
    else:
        rename_one(m, 'new/' + m)


beside(mbsync_new, count, (4000, 20000), 'Stats while mails go from new to cur and back')


def other_base():
    m = random.choice(names[:200])
    if state[m].startswith('new/'):
        rename_one(m, 'cur/other%s:2,' % m)
    else:
        rename_one(m, 'new/' + m)


beside(other_base, count, (4000, 20000), 'Stats while mails get another base on their way')
for m in names:
    if ',U=' in state[m] or state[m].startswith('new/') or 'other' in state[m]:
        rename_one(m, 'cur/' + m + ':2,')

beside(lambda: box.call('SetFlags', add='F') and box.call('SetFlags', remove='F'), count, (4000, 20000), 'Stats beside SetFlags on all', 10)


def settle_names():
    for n in os.listdir(os.path.join(box.path, 'cur')):
        state[n.split(':')[0]] = 'cur/' + n


settle_names()


def set_all():
    r = box.call('SetFlags', add='P')
    return box.code, len(r.outcomes), sum(o.HasField('error') for o in r.outcomes)


def flap():
    m = random.choice(names)
    for n in (':2,', ':2,S', ':2,P', ':2,PS'):
        try:
            os.rename(os.path.join(box.path, 'cur', m + n), os.path.join(box.path, 'cur', m + (n[:-1] if n.endswith('S') else n + 'S')))
            return
        except FileNotFoundError:
            pass


beside(flap, set_all, (0, 4000, 0), 'SetFlags on all while flags change', 4)
settle_names()


def page_through():
    seen, bound = [], None
    while True:
        r = box.call('ListSearch', limit=500, bound=bound)
        seen += mids(r)
        if r.last:
            return len(seen), len(set(seen))
        bound = r.last_bound


beside(flags_in_cur, page_through, (4000, 4000), 'paging through mails of one date while flags change', 3)


def some():
    m = random.sample(names, 40)
    r = box.call('SetFlags', mids=m, add='F') if random.random() < .5 else box.call('SetFlags', mids=m, remove='F')
    return box.code, sum(o.HasField('error') for o in r.outcomes)


beside(flap, some, (0, 0), 'no false NO_SUCH_MAIL')
done()
