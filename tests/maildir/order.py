"""After a call has answered, its effect is on the disk: the order of writes, syncs and renames of each changing method, as strace saw it.

  1. What was written to a file is synced before the file gets its place (link or rename), and before the answer.
  2. Each directory in which a name came or went is synced behind that, and before the answer. But in tmp, where nobody looks, names may be lost;
     an index is made anew, as is the sum in maildirsize, which only warns. Uploads are a cache by contract, and not synced.
  3. Nothing is changed behind the answer.

And whatever comes into a mailbox besides mails and folders is in porter(7), FILES.
"""
import re
from op import *

CALL = re.compile(r'^(?:\[pid +\d+\] )?(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+)')
FD = re.compile(r'^(\d+|AT_FDCWD)<(.*?)>$')
came = set()  # names that came into the mailbox or a folder, but for what is in new, cur and tmp
INDEX = ('porter.index', 'porter.search', 'maildirsize')


def split(args):
    out, depth, quoted, cur = [], 0, False, ''
    i = 0
    while i < len(args):
        c = args[i]
        if quoted and c == '\\':
            cur += args[i:i + 2]
            i += 2
            continue
        if c == '"':
            quoted = not quoted
        if not quoted and c in '{[(<':
            depth += 1
        if not quoted and c in '}])>':
            depth -= 1
        if c == ',' and not quoted and depth == 0:
            out.append(cur.strip())
            cur = ''
        else:
            cur += c
        i += 1
    return out + [cur.strip()]


def path_of(fd):
    m = FD.match(fd)
    return m[2] if m else None


def at(args, i):
    """The path that a directory and a name mean."""
    directory, name = path_of(args[i]), args[i + 1].strip('"')
    if args[i + 1].startswith('""') or not name:
        return directory
    return os.path.normpath(os.path.join(directory or '?', name))


def check(trace, box):
    """What breaks a rule, and how many changes there were."""
    faults, written, pending, changes, answered = [], set(), set(), 0, False

    def in_tmp(path):
        return '/tmp/' in path[len(box):]

    def name_changed(path, what):
        nonlocal changes
        directory, name = os.path.split(path)
        if os.path.basename(directory) == 'tmp' or name in INDEX or name.endswith('.lock'):
            return
        changes += 1
        if answered:
            faults.append('%s behind the answer: %s' % (what, path))
        pending.add(directory)

    for line in trace.split('\n'):
        m = CALL.match(line)
        if not m or m[3].startswith('-'):
            continue
        call, args = m[1], split(m[2])
        made = at(args, 0) if call == 'mkdirat' or call == 'openat' and 'O_CREAT' in args[2] else at(args, 2) if call in ('renameat', 'renameat2', 'linkat') else None
        if made and os.path.dirname(made).startswith(box) and not re.search('/(tmp|new|cur|porter[.]uploads)(/|$)', os.path.dirname(made)[len(box):]):
            came.add(os.path.basename(made))
        if call in ('write', 'writev') and args[0].startswith('1<'):
            if not answered:
                answered = True
                faults += ['answered before it was synced: ' + p for p in sorted(written | pending)]
        elif call in ('write', 'writev', 'pwrite64', 'sendfile', 'copy_file_range', 'splice', 'ftruncate'):
            p = path_of(args[2] if call in ('copy_file_range', 'splice') else args[0])
            if p and p.startswith(box) and os.path.basename(p) not in INDEX and not p.endswith('.lock'):
                written.add(p.replace(' (deleted)', ''))
                if answered:
                    faults.append('written behind the answer: ' + p)
        elif call in ('fsync', 'fdatasync'):
            p = path_of(args[0]).replace(' (deleted)', '')
            written.discard(p)
            pending.discard(p)
        elif call in ('renameat', 'renameat2', 'linkat'):
            old, new = at(args, 0), at(args, 2)
            if os.path.basename(new) in INDEX:
                written.discard(old)
                continue
            if old in written:
                faults.append('%s of what was not synced: %s' % (call, old))
            if call != 'linkat':
                name_changed(old, call)
            name_changed(new, call)
            # A directory that gets another name takes its debts along.
            pending = {new + p[len(old):] if p == old or p.startswith(old + '/') else p for p in pending}
        elif call == 'unlinkat':
            p = at(args, 0)
            written.discard(p)
            pending.discard(p)
            # What was in a directory that has gone, or lies in tmp to go, needs no sync.
            if not in_tmp(p):
                name_changed(p, call)
        elif call == 'mkdirat':
            p = at(args, 0)
            if not in_tmp(p):
                name_changed(p, call)
    faults += ['never synced: ' + p for p in sorted(written | pending) if not answered]
    return faults, changes


def strace(box, method, **fields):
    log = os.path.join(work, 'trace')
    r = subprocess.run(['strace', '-y', '-s', '300', '-o', log, '-e',
                        'trace=write,writev,pwrite64,sendfile,copy_file_range,splice,ftruncate,fsync,fdatasync,renameat,renameat2,linkat,unlinkat,mkdirat,openat',
                        'maildir-op', method], cwd=box.path, input=getattr(pb, method + 'Req')(**fields).SerializeToString(), capture_output=True)
    return r, *check(open(log).read(), box.path)


def traced(box, method, **fields):
    r, faults, changes = strace(box, method, **fields)
    ok(r.returncode == 0 and changes > 0 and not faults, '%s: %d changes of names, each synced before the answer' % (method + ' ' + ' '.join(sorted(fields)), changes))
    if r.returncode or not changes or faults:
        print('# exit %d %r' % (r.returncode, r.stderr), *['# ' + f for f in faults], sep='\n', flush=True)
    return r.stdout


if not shutil.which('strace'):
    print('1..0 # SKIP order: needs strace')
    sys.exit()

# The checker itself: it must see what is wrong.
t = '/m'
bad = {
    'a mail that is not synced': 'write(3</m/tmp/a>, "x", 1) = 1\nrenameat(4</m/tmp>, "a", 5</m/cur>, "a") = 0\nfsync(5</m/cur>) = 0\nwrite(1<pipe:[1]>, "x", 1) = 1',
    'a directory that is not': 'write(3</m/tmp/a>, "x", 1) = 1\nfsync(3</m/tmp/a>) = 0\nrenameat(4</m/tmp>, "a", 5</m/cur>, "a") = 0\nwrite(1<pipe:[1]>, "x", 1) = 1',
    'an answer in front': 'unlinkat(5</m/cur>, "a", 0) = 0\nwrite(1<pipe:[1]>, "x", 1) = 1\nfsync(5</m/cur>) = 0',
    'a change behind it': 'write(1<pipe:[1]>, "x", 1) = 1\nunlinkat(5</m/cur>, "a", 0) = 0\nfsync(5</m/cur>) = 0'}
for name, trace in bad.items():
    ok(check(trace, t)[0], 'the check sees ' + name)
ok(not check('write(3</m/tmp/a>, "x", 1) = 1\nfsync(3</m/tmp/a>) = 0\nrenameat(4</m/tmp>, "a", 5</m/cur>, "a") = 0\nfsync(5</m/cur>) = 0\nwrite(1<pipe:[1]>, "x", 1) = 1', t)[0],
   'and what is right')

B = Box()
B.folder('.Sent')
B.folder('.Trash')
names = []
for i in range(12):
    B.put('170000000%02d.M%dP1.h' % (i, i), sub='new' if i % 3 == 0 else 'cur')
    names.append('170000000%02d.M%dP1.h' % (i, i))
traced(B, 'Append', octets=b'Subject: x\n\nx\n')
traced(B, 'Append', octets=b'Subject: x\n\n' + b'y' * 3000000, flags='S', folder='Sent')
traced(B, 'Append', octets=b'Subject: x\n\nx\n', keywords=['Work'])
traced(B, 'SetFlags', mids=names[:4], add='S')
traced(B, 'SetFlags', mids=names[:2], add_keywords=['Later'])
traced(B, 'SetFlags', add='F')
traced(B, 'Move', mids=names[:3], to_folder='Sent')
traced(B, 'Copy', mids=names[3:5], to_folder='Sent')
traced(B, 'Remove', mids=names[5:7])
traced(B, 'AddFolder', name='New')
traced(B, 'RenameFolder', name='New', new_name='Newer')
traced(B, 'Move', mids=names[7:8], to_folder='Newer')
traced(B, 'RemoveFolder', name='Newer', force=True)
traced(B, 'Move', mids=names[8:9], to_folder='Trash')
traced(B, 'EmptyFolder', folder='Trash')
open(os.path.join(B.path, 'maildirsize'), 'w').write('1000000S\n100 1\n')
traced(B, 'Remove', mids=names[9:10])

# --- what else comes: caches and the like ---
for i in range(300):
    B.put('16000%05d.M%dP2.h:2,S' % (i, i))
for method, fields in (('Upload', dict(octets=b'x')), ('FolderInfo', dict(state=True)), ('Threads', {}), ('ListSearch', dict(search='body'))):
    eq(strace(B, method, **fields)[0].returncode, 0, method)
for d, _, files in os.walk(B.path):
    if os.path.basename(d) not in ('new', 'cur', 'tmp', 'porter.uploads'):
        came.update(files)
listed, inside = set(), False
for line in open(os.path.join(top, 'doc', 'porter.7')):
    inside = line.startswith('.Sh FILES') or inside and not line.startswith('.Sh')
    if inside and line.startswith('.It Pa '):
        listed |= {w.rstrip('/') for w in line[7:].split() if w != ','}
eq(sorted(n for n in came if not re.match('[.][A-Z]', n)), sorted(listed - {'tmp', 'porter.roles'}), 'besides folders and mails there came what porter(7) lists, which lists nothing that did not')
done()
