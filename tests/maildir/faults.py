"""Each changing system call of each changing method fails once, or is the last: is what the answer says true?"""
import re, shutil, tempfile
from op import *

T = 1700000000
a, b = ['%d.M%dP1.h' % (T + i, i) for i in range(2)]
memory = tempfile.mkdtemp(prefix='porter-test.', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else work)
atexit.register(shutil.rmtree, memory, True)
CALLS = ('renameat2', 'renameat', 'linkat', 'unlinkat', 'fsync', 'newfstatat', 'fstat', 'statx', 'openat', 'fchmod', 'close', 'copy_file_range', 'sendfile', 'getdents64', 'write')
ERRORS = ('EIO', 'ENOSPC', 'EACCES', 'ENOMEM') if os.environ.get('FAULTS') == 'all' else ('EIO', 'ENOSPC')
KINDS = ERRORS if SANITIZED else ERRORS + ('kill',)  # of who is killed the sanitizers say nothing
made = 0


def before_main():
    """How many of each a program makes before its own first, which is to tell how it is used: those of a dynamic linker, and of the sanitizers."""
    said = subprocess.run(['strace', '-qq', '-e', 'trace=writev,' + ','.join(CALLS), os.path.join(bin_dir, 'maildir-op')], input=b'', capture_output=True).stderr.decode()
    names = [l.split('(')[0] for l in said[:said.index('writev(2')].split('\n')]
    return {call: names.count(call) for call in CALLS}


START = before_main()


def make(setting):
    """Two mails in the inbox, whose texts are one and two, and whatever the setting says."""
    global made
    made += 1
    box = Box(os.path.join(memory, 'box%d' % made))
    box.folder('.T')
    box.put(a + ':2,', text='one')
    box.put(b + ':2,S', text='two')
    if setting == 'twins':
        box.put(a + ':2,S', text='twin')
        box.put(a + ':2,', text='there', folder='.T')
    if setting == 'links':
        os.link(os.path.join(box.path, 'cur', a + ':2,'), os.path.join(box.path, 'new', a))
        os.link(os.path.join(box.path, 'cur', b + ':2,S'), os.path.join(box.path, '.T/cur', b + ':2,S'))
    if setting == 'quota':
        open(os.path.join(box.path, 'maildirsize'), 'w').write('1000S\n6 2\n')
    return box


def where(box):
    """text: set of (folder, base, flags); tmp: what is in the tmps."""
    found, tmp = {}, []
    for f in ('', '.T'):
        for n in box.ls(f):
            name = n.split('/')[1]
            base, _, flags = name.partition(':2,')
            found.setdefault(open(os.path.join(box.path, f, n)).read(), set()).add((f, base, flags))
        tmp += os.listdir(os.path.join(box.path, f, 'tmp'))
    return found, tmp


def inode(box, name):
    return os.stat(os.path.join(box.path, 'cur', name)).st_ino


def check_copies(names, before, after, response, killed, code):
    """What is copied stays as it is; the copy is where the answer says, and not where it says that there is none."""
    for i, text in enumerate(names):
        now, was = after.get(text, set()), before[text]
        outcome = response.outcomes[i] if i < len(response.outcomes) and code != 111 else None
        more = now - was
        if not was <= now or len(more) > 1 or any(f != '.T' for f, _, _ in more):
            return '%s was %s, is %s' % (text, was, now)
        if outcome is None:  # nothing was said
            continue
        if outcome.HasField('error') and more:
            return '%s: said %s, is %s' % (text, outcome.error.text, now)
        if not outcome.HasField('error') and not any((f, m) == ('.T', outcome.new_mid) for f, m, _ in now):
            return '%s: said to be %s, is %s' % (text, outcome.new_mid, now)
    return None


def check(method, setting, box, names, before, response, killed, code, inject, twice):
    after, tmp = where(box)
    if tmp and not killed and not inject.startswith('unlinkat'):  # what cannot be unlinked is swept in 36 hours
        return 'left in tmp: %s' % tmp
    if set(after) - set(before):
        return 'half there: %s' % (set(after) - set(before))
    for text in before:
        if text not in names and after.get(text) != before[text]:
            return '%s was not named, and is %s' % (text, after.get(text))
    if method == 'Copy':
        return check_copies(names, before, after, response, killed, code)
    for i, text in enumerate(names):
        now, was = after.get(text, set()), before[text]
        outcome = response.outcomes[i] if response is not None and i < len(response.outcomes) and code != 111 else None
        if outcome is None:  # nothing was said: it is whole, or what was asked was done
            if not now and method != 'Remove':
                return '%s is lost' % text
        elif outcome.HasField('error'):
            if not now or method == 'Remove' and now != was and setting != 'links' or method != 'Remove' and not any(f == '' for f, _, _ in now):
                return '%s: said %s, is %s' % (text, outcome.error.text, now)
        elif method == 'Remove':
            if any(f == '' for f, _, _ in now):
                return '%s was said to be removed, is %s' % (text, now)
        else:
            folder = '.T' if method == 'Move' else ''
            base = outcome.new_mid.split('/')[0]
            if not any((f, m) == (folder, base) for f, m, _ in now):
                return '%s: said to be %s, is %s' % (text, outcome.new_mid, now)
            if method == 'SetFlags' and not any('F' in fl for _, _, fl in now):
                return '%s has no flag' % text
        # Of one mail that lies in two folders, or has two names, a fault may leave a name more.
        most = 3 if setting == 'links' else 1
        if len({(f, m) for f, m, _ in now}) > most and not (killed and twice):
            return '%s is doubled: %s' % (text, now)
    return None


def play(method, setting, extra, inject, killed):
    """What was wrong, and whether the fault came to pass."""
    box = make(setting)
    names = ['one', 'two']
    mids = [a if setting != 'twins' else '%s/%d' % (a, inode(box, a + ':2,')), b]
    before, _ = where(box)
    fields = {'Move': {'mids': mids, 'to_folder': 'T'}, 'Copy': {'mids': mids, 'to_folder': 'T'}, 'Remove': {'mids': mids}, 'SetFlags': {'mids': mids, 'add': 'F', 'remove': 'S'}}[method]
    log = os.path.join(memory, 'log')
    r = subprocess.run(['strace', '-qq', '-o', log, '-e', 'trace=' + ','.join(CALLS)] + [x for i in extra + [inject] for x in ('-e', 'inject=' + i)]
                       + [os.path.join(bin_dir, 'maildir-op'), method], input=getattr(pb, method + 'Req')(**fields).SerializeToString(), cwd=box.path, capture_output=True, timeout=60)
    response = getattr(pb, method + 'Resp')()
    if r.returncode in (0, 3):
        response.ParseFromString(r.stdout)
    traced = open(log).read()
    happened = 'SIGKILL' in traced if killed else traced.count('INJECTED') > sum(len(re.findall('^%s[(]' % i.split(':')[0], traced, re.M)) for i in extra)
    fault = None
    if not killed and r.returncode not in (0, 3, 5, 111):
        fault = 'exit %d' % r.returncode
    fault = fault or check(method, setting, box, names, before, response, killed, r.returncode, inject, bool(extra))
    shutil.rmtree(box.path)
    return happened, fault


EINVAL, EXDEV = ['renameat2:error=EINVAL'], ['renameat2:error=EXDEV']
NO_LINK = ['linkat:error=EXDEV']  # as between file systems: the copy is of octets
EXTRA = {'Move': (EINVAL, EXDEV), 'Copy': (NO_LINK,), 'Remove': (), 'SetFlags': (EINVAL,)}
for method in ('Move', 'Copy', 'Remove', 'SetFlags'):
    for setting, extra in [(s, []) for s in ('plain', 'twins', 'links', 'quota')] + [('plain', e) for e in EXTRA[method]] + [('quota', NO_LINK)] * (method == 'Copy'):
        for kind in KINDS:
            played, wrong = 0, []
            for call in CALLS:
                if extra and call == extra[0].split(':')[0]:
                    continue
                for when in range(START[call] + 1, START[call] + 40):
                    inject = '%s:%s:when=%d' % (call, 'signal=SIGKILL' if kind == 'kill' else 'error=' + kind, when)
                    happened, fault = play(method, setting, extra, inject, kind == 'kill')
                    played += happened
                    if fault:
                        wrong.append(inject + ': ' + fault)
                    if not happened:
                        break
            ok(played > 5 and not wrong, '%s, %s%s: %s at each of %d calls' % (method, setting, ' (%s)' % extra[0] if extra else '', kind, played))
            for w in wrong:
                print('# ' + w)
done()
