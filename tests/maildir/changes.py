import errno, threading
from op import *

T = 1700000000
OK_CODES = (0, None)
B = Box()


def outcome(r):
    return [(o.new_mid, pb.Error.Code.Name(o.error.code) if o.HasField('error') else None) for o in r.outcomes]


# --- folders ---
r = B.call('AddFolder', name='Sent')
eq((B.code, r.status), (0, pb.AddFolderResp.CREATED), 'AddFolder')
eq(sorted(os.listdir(os.path.join(B.path, '.Sent'))), ['cur', 'maildirfolder', 'new', 'tmp'], 'it is whole')
eq(os.listdir(os.path.join(B.path, 'tmp')), [], 'nothing is left in tmp')
eq(B.call('AddFolder', name='Sent').status, pb.AddFolderResp.SKIPPED, 'once more: SKIPPED')
for name, disk in (('Entwürfe', '.Entw&APw-rfe'), ('台北', '.&U,BTFw-'), ('A.B.C', '.A.B.C'), ('a & b', '.a &- b'), ('😀', '.&2D3eAA-')):
    eq(B.call('AddFolder', name=name).status, pb.AddFolderResp.CREATED, 'AddFolder %s' % ascii(name))
    ok(os.path.isdir(os.path.join(B.path, disk, 'cur')), 'on disk it is %s' % disk)
    eq(B.call('Stats', folder=name).mail_count, 0, 'and it is found')
B.folder('.Café')
B.folder('.&Jjo')
os.makedirs(os.path.join(B.path, '.nocur'))
os.symlink('.Sent', os.path.join(B.path, '.link'))
os.makedirs(os.path.join(B.path, '.newlink', 'cur'))
os.symlink('../.Sent/new', os.path.join(B.path, '.newlink', 'new'))
os.makedirs(os.path.join(B.path, '.curlink'))
os.symlink('../.Sent/cur', os.path.join(B.path, '.curlink', 'cur'))
B.folder('.a\x1bb')
B.folder('.latin\udce4')
open(os.path.join(B.path, '.file'), 'w').close()
r = B.call('Folders')
eq(list(r.folders), sorted(['Sent', 'Entwürfe', '台北', 'A.B.C', 'a & b', '😀', 'Café', '&Jjo'], key=lambda s: s.encode()), 'Folders: sorted by octets; UTF-8 on disk is read; links and halves are none')
eq(B.call('Stats', folder='Café').mail_count, 0, 'a folder with a UTF-8 name is found')
eq(B.call('AddFolder', name='Café').status, pb.AddFolderResp.SKIPPED, 'and not made again')
for n in ('link', 'newlink', 'curlink', 'nocur', 'file'):
    eq(B.error('Stats', 3, folder=n), (3, 'INVALID_FOLDER'), 'no folder: ' + n)
    eq(B.error('AddFolder', 3, name=n), (3, 'FOLDER_EXISTS'), 'and its name is taken: ' + n)
os.chmod(B.path, 0o750)
B.call('AddFolder', name='Modes')
eq([oct(os.stat(os.path.join(B.path, '.Modes', d)).st_mode & 0o777) for d in ('', 'cur', 'maildirfolder')], ['0o750', '0o750', '0o640'], 'a folder has the mailbox\'s mode')
# A mailbox that a group shares: directories give their group on to what is made in them, and new ones do, too.
G = Box('shared')
group = 47111 if os.geteuid() == 0 else os.getegid()
for d in ('', 'cur', 'new', 'tmp'):
    os.chown(os.path.join(G.path, d), -1, group)
    os.chmod(os.path.join(G.path, d), 0o2770)


def made(folder):
    sts = [os.stat(os.path.join(G.path, folder, d)) for d in ('', 'cur', 'new', 'tmp', 'maildirfolder')]
    return [oct(st.st_mode & 0o7777) for st in sts], {st.st_gid for st in sts}


G.call('AddFolder', name='Sent')
eq(made('.Sent'), (['0o2770'] * 4 + ['0o660'], {group}), 'a folder of a mailbox that is set-group-id is it, too')
G.call('Append', folder='Sent', octets=b'Subject: x\n\nx\n')
st = os.stat(os.path.join(G.path, '.Sent', G.ls('.Sent')[0]))
eq((oct(st.st_mode & 0o7777), st.st_gid), ('0o660', group), 'and its mails are the group\'s')
if shutil.which('strace'):
    # What RestrictSUIDSGID= of systemd does: each change of mode that names the bit is refused.
    subprocess.run(['strace', '-qq', '-o', '/dev/null', '-e', 'inject=fchmod:error=EPERM:when=1..5+2', os.path.join(bin_dir, 'maildir-op'), 'AddFolder'],
                   input=pb.AddFolderReq(name='Strict').SerializeToString(), cwd=G.path, stdout=subprocess.DEVNULL)
    eq(made('.Strict'), (['0o2770'] + ['0o770'] * 3 + ['0o660'], {group}), 'where that bit may not be set, a folder is made without')

# --- flags ---
a, b, c = ['%d.M%dP1.h' % (T + i, i) for i in range(3)]
B.put(a + ':2,Sb', folder='')
B.put(b, sub='new')
B.put(c + ';2,XR,more')
r = B.call('SetFlags', mids=[a, b, c, 'nope'], add='FS', remove='R')
eq((B.code, outcome(r)), (0, [(a, None), (b, None), (c, None), ('', 'NO_SUCH_MAIL')]), 'SetFlags: an outcome each')
eq(B.ls(), sorted(['cur/' + a + ':2,FSb', 'cur/' + b + ':2,FS', 'cur/' + c + ';2,FSX,more']), 'keywords, unknown flags, separator and what follows the second comma are kept; new goes to cur')
before = B.everything()
B.call('SetFlags', mids=[a], add='F', remove='D')
eq(B.everything(), before, 'a flag that is set already renames nothing')
r = B.call('SetFlags', add='T')
eq((B.code, sorted(o.mid for o in r.outcomes)), (0, [a, b, c]), 'without mids: every mail')
ok(all('T' in n for n in B.ls()), 'all have it')
eq(B.error('SetFlags', 4, mids=[a], add='x'), (4, 'BAD_REQUEST'), 'no such flag')
eq(B.error('SetFlags', 4, mids=[a], remove='S,'), (4, 'BAD_REQUEST'), 'no such flag to remove')
eq(B.error('SetFlags', 3, mids=['nope']), (3, 'NO_SUCH_MAIL'), 'nothing could be done')
B.call('SetFlags', remove='TF')
eq(B.ls(), sorted(['cur/' + a + ':2,Sb', 'cur/' + b + ':2,S', 'cur/' + c + ';2,SX,more']), 'taken away again')

# --- moving ---
r = B.call('Move', mids=[a, 'nope', b], to_folder='Sent')
eq((B.code, outcome(r)), (0, [(a, None), ('', 'NO_SUCH_MAIL'), (b, None)]), 'Move: an outcome each')
eq((B.ls('.Sent'), B.ls()), (sorted(['cur/' + a + ':2,S', 'cur/' + b + ':2,S']), ['cur/' + c + ';2,SX,more']), 'flags are kept, keywords are not')
B.put(a, sub='new', text='another')
r = B.call('Move', mids=[a], to_folder='Sent')
new = r.outcomes[0].new_mid
ok(new and new != a, 'a base that is taken there gets a fresh one')
eq((B.call('Raw', folder='Sent', mid=new).body, B.call('Stats', folder='Sent').unread_count), (b'another', 1), 'the mail moved, unread as it was')
before = B.everything()
eq(outcome(B.call('Move', mids=[c])), [(c, None)], 'to the same folder')
eq(B.error('Move', 3, mids=['x', 'y'], to_folder='Sent'), (3, 'NO_SUCH_MAIL'), 'nothing could be moved')
eq(B.error('Move', 3, mids=[c], to_folder='Nope'), (3, 'INVALID_FOLDER'), 'no such target')
eq(B.error('Move', 3, mids=[c], from_folder='Nope'), (3, 'INVALID_FOLDER'), 'no such source')
eq(B.everything(), before, 'nothing changed')
B.call('Move', mids=[a], from_folder='Sent', to_folder='A.B.C')
B.call('Move', mids=[a], from_folder='A.B.C')
ok('cur/' + a + ':2,S' in B.ls(), 'from folder to folder, and back to the inbox')

# --- removing ---
r = B.call('Remove', mids=[a, a, c])
eq((B.code, outcome(r)), (0, [('', None)] * 3), 'Remove: an outcome each, one that is named twice is removed once')
eq(B.ls(), [], 'they are gone')
eq(B.error('Remove', 3, mids=[a]), (3, 'NO_SUCH_MAIL'), 'nothing could be removed')

# --- two files with one base ---
B.put(a + ':2,S', text='one')
B.put(a + ':2,RS', text='two')
os.link(os.path.join(B.path, 'cur', a + ':2,S'), os.path.join(B.path, 'new', a))
inodes = {t: os.stat(os.path.join(B.path, 'cur', a + f)).st_ino for t, f in (('one', ':2,S'), ('two', ':2,RS'))}
twins = {t: '%s/%d' % (a, i) for t, i in inodes.items()}
r = B.call('List', end=9)
eq(sorted(mids(r)), sorted(twins.values()), 'two mails with one base: each has base/INODE; a second name of one inode is the same mail')
eq([B.call('Raw', mid=twins[t]).body.decode() for t in ('one', 'two')], ['one', 'two'], 'each is found by its mid')
for method in ('Raw', 'Remove', 'SetFlags', 'Move'):
    names = {'Raw': {'mid': a}, 'Remove': {'mids': [a]}, 'SetFlags': {'mids': [a], 'add': 'F'}, 'Move': {'mids': [a], 'to_folder': 'Sent'}}[method]
    eq(B.error(method, 3, **names), (3, 'NO_SUCH_MAIL'), 'the plain mid is neither: %s' % method)
r = B.call('SetFlags', mids=[twins['two']], add='F')
eq(outcome(r), [(twins['two'], None)], 'a twin keeps its mid')
os.unlink(os.path.join(B.path, 'new', a))
for n in B.ls():
    os.unlink(os.path.join(B.path, n))

# --- what is no mail ---
os.mkfifo(os.path.join(B.path, 'cur', 'fifo:2,'))
os.mkdir(os.path.join(B.path, 'cur', 'dir:2,'))
os.symlink('/etc/passwd', os.path.join(B.path, 'cur', 'link:2,'))
os.symlink('nowhere', os.path.join(B.path, 'new', 'dangling'))
s = socket.socket(socket.AF_UNIX)
s.bind(os.path.join(B.path, 'cur', 'socket:2,'))
B.put('.hidden')
B.put(b'odd \xff%'.decode(errors='surrogateescape') + ':2,S', text='Subject: odd\n\n')
r = B.call('List', end=9)
eq((B.code, mids(r)), (0, ['odd%20%FF%25']), 'a FIFO, a directory, links, a socket and dot files are no mail; a mid is printable')
for m in ('fifo', 'dir', 'link', 'dangling', 'socket', '.hidden'):
    eq(B.error('Raw', 3, mid=m), (3, 'NO_SUCH_MAIL'), 'no mail: ' + m)
    eq(B.error('Remove', 3, mids=[m]), (3, 'NO_SUCH_MAIL'), 'not to be removed: ' + m)
eq(B.call('Raw', mid='odd%20%FF%25').body, b'Subject: odd\n\n', 'an odd name is found by its mid')
eq(B.call('Stats').mail_count, 1, 'Stats agrees')

# --- quota ---
Q = Box('quota')
Q.folder('.Trash')
Q.folder('.Other')
Q.put(a + ',S=18:2,S')
Q.put(b + ',S=18:2,S')
size_file = os.path.join(Q.path, 'maildirsize')
open(size_file, 'w').write('1000S,3C\n36 2\n')
Q.call('Move', mids=[a + ',S=18'], to_folder='Trash')
eq(open(size_file).read(), '1000S,3C\n36 2\n-18 -1\n', 'maildirsize: a move to Trash')
Q.call('Move', mids=[a + ',S=18'], from_folder='Trash', to_folder='Other')
eq(open(size_file).read(), '1000S,3C\n36 2\n-18 -1\n18 1\n', 'maildirsize: a move from Trash')
Q.call('Move', mids=[a + ',S=18'], from_folder='Other')
Q.call('Remove', mids=[b + ',S=18'])
eq(open(size_file).read(), '1000S,3C\n36 2\n-18 -1\n18 1\n-18 -1\n', 'maildirsize: a removal; not a move between others')
Q.put(c + ',S=18:2,S', folder='.Trash')
open(size_file, 'w').write('20S\n19 1\n')
eq(Q.error('Move', 3, mids=[c + ',S=18'], from_folder='Trash'), (3, 'OVER_QUOTA'), 'over quota: the mail stays')
eq(Q.ls('.Trash'), ['cur/' + c + ',S=18:2,S'], 'where it was')
eq(open(size_file).read(), '20S\n18 1\n', 'it was counted anew before it was refused')
open(size_file, 'w').write('100000S\n' + '0 0\n' * 1500)
Q.call('Remove', mids=[a + ',S=18'])
eq(open(size_file).read(), '100000S\n0 0\n', 'over 5120 octets it is counted anew')
os.unlink(size_file)
Q.call('Remove', folder='Trash', mids=[c + ',S=18'])
ok(not os.path.exists(size_file), 'it is never made')

# --- another client renames under our hands ---
R = Box('race')
names = ['%d.M%dP9.h' % (T + i, i) for i in range(200)]
for n in names:
    R.put(n + ':2,')
stop = threading.Event()


def flap():
    while not stop.is_set():
        for n in names:
            for x, y in ((':2,', ':2,S'), (':2,S', ':2,')):
                try:
                    os.rename(os.path.join(R.path, 'cur', n + x), os.path.join(R.path, 'cur', n + y))
                except OSError:
                    pass
                if stop.is_set():
                    return
                time.sleep(0.0005)


th = threading.Thread(target=flap)
th.start()
lists = [len(set(mids(R.call('List', end=1000)))) for _ in range(20)]
flags = [R.call('SetFlags', mids=[n], add='F').outcomes[0].HasField('error') for n in names[:50]]
moved = 0
stop.set()
th.join()
eq(lists, [200] * 20, 'while another client changes flags, every list has every mail once')
eq(sum(flags), 0, 'and every change of ours is made')
eq(len({n.split(':')[0] for n in R.ls()}), 200, 'no mail is lost')
eq(sum('F' in n for n in R.ls()), 50, 'flags of both are there')
done()
