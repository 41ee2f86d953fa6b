"""drive.py CALLS SEED PROGRAM DISK OFFSET MAILBOX: in the guest. Makes the calls, one behind the other, and after each answer writes its number to
the disk, behind the file system, without a sync: a failure behind that record is one behind the answer."""
import mmap, os, subprocess, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildir_pb2 as pb
from calls import Script, octets

calls, seed, program, disk, offset, box = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]), sys.argv[6]
mids = {}  # (mail, folder): what the answers called it
page = mmap.mmap(-1, 4096)
record = os.open(disk, os.O_WRONLY | os.O_DIRECT)


def acknowledged(n):
    page[:512] = (b'answered %d\n' % n).ljust(512)
    os.pwrite(record, memoryview(page)[:512], offset)


def ask(method, **fields):
    """The response; a call that fails here fails the test."""
    r = subprocess.run([program, method], input=getattr(pb, method + 'Req')(**fields).SerializeToString(), cwd=box, capture_output=True)
    response = getattr(pb, method + 'Resp')()
    if r.returncode == 0:
        response.ParseFromString(r.stdout)
    outcomes = list(getattr(response, 'outcomes', []))
    if r.returncode or any(o.HasField('error') for o in outcomes):
        sys.exit('wrong: %s %.300r: %d %r %r' % (method, fields, r.returncode, r.stderr, outcomes))
    return response


def stored(c, **fields):
    r = ask('Append', folder=c['folder'], flags=c['flags'], keywords=c['keywords'], **fields)
    mids[c['mail'], c['folder']] = r.mid


def named(c):
    return [mids[i, c['folder']] for i in c['mails']]


def carried(c, outcomes):
    for i, o in zip(c['mails'], outcomes):
        mids[i, c['to']] = o.new_mid or o.mid


def renamed(c):
    ask('RenameFolder', name=c['folder'], new_name=c['to'])
    for i, f in list(mids):
        if f == c['folder'] or f.startswith(c['folder'] + '.'):
            mids[i, c['to'] + f[len(c['folder']):]] = mids.pop((i, f))


def look(c):
    ask('FolderInfo', state=True)
    ask('Search', folder=c['folder'], pattern='xid')


MAKE = {
    'append': lambda c: stored(c, octets=octets(c['mail'])),
    'upload': lambda c: stored(c, pieces=[dict(upload=ask('Upload', octets=octets(c['mail'])).upload)]),
    'replace': lambda c: stored(c, octets=octets(c['mail']), replaces=dict(folder=c['old_folder'], mid=mids[c['old'], c['old_folder']])),
    'move': lambda c: carried(c, ask('Move', mids=named(c), from_folder=c['folder'], to_folder=c['to'], add=c['add']).outcomes),
    'copy': lambda c: carried(c, ask('Copy', mids=named(c), from_folder=c['folder'], to_folder=c['to']).outcomes),
    'flags': lambda c: ask('SetFlags', folder=c['folder'], mids=named(c), add=c['add'], remove=c['away']),
    'keywords': lambda c: ask('SetFlags', folder=c['folder'], mids=named(c), add_keywords=c['keywords']),
    'remove': lambda c: ask('Remove', folder=c['folder'], mids=named(c)),
    'add_folder': lambda c: ask('AddFolder', name=c['folder']),
    'rename_folder': renamed,
    'remove_folder': lambda c: ask('RemoveFolder', name=c['folder'], force=True, below=True),
    'empty_folder': lambda c: ask('EmptyFolder', folder=c['folder']),
    'look': look,
}
script = Script(seed)
for n in range(1, calls + 1):
    c = script.next()
    MAKE[c['what']](c)
    acknowledged(n)
print('made %d calls' % calls, flush=True)
