"""Version 2's response and exit code beside version 3's, for every method and every error of maildir-op.

Two mailboxes with the same content; each request goes to one through extractor-v2 and to the other through frame-read and
frame-write. WORK, BIN, AUTHUSER, HOME_BIN, SYSUSER and BASE are in the environment; the current directory has users/authuser.
"""
import os
import pwd
import shutil
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'maildir'))
from op import *  # noqa: E402,F403

AUTHUSER, HOME_BIN, SYSUSER, BASE = (os.environ[n] for n in ('AUTHUSER_PATH', 'HOME_BIN', 'SYSUSER', 'BASE'))
account = pwd.getpwnam(SYSUSER)
T = 1700000000
B = Box('two')
B.folder('.Sent')
B.folder('.Full')
for i in range(9):
    B.put('%d.M%d.h:2,%s' % (T + i, i, 'S' if i % 2 else ''), 'From: a%d@example.org\nSubject: %d\n\nbody %d\n' % (i, i, i))
B.put('%d.M9.h' % (T + 9), 'Subject: two parts\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n'
      'Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgoAAQIK\n--b--\n', sub='new')
B.put('%d.M10.h' % (T + 10), b'Subject: large\n\n' + b'0123456789abcde\n' * 20000, sub='new')
B.put('%d.M0.h:2,' % T, 'Subject: of the same name\n\n', folder='.Full')
m = ['%d.M%d.h' % (T + i, i) for i in range(11)]
shutil.copytree(B.path, os.path.join(BASE, 'user'))
other = os.path.join(BASE, 'three')
shutil.copytree(B.path, other)
for top_, _, files in list(os.walk(BASE)):
    for n in [''] + files:
        os.chown(os.path.join(top_, n), account.pw_uid, account.pw_gid)
for pair in ('user', 'three'):  # the arrival of what has no number in its name is its file's time
    shutil.copystat(B.path, os.path.join(BASE, pair))


def two(method, data, password=b'secret', mailuser='user', base=BASE, sysuser=SYSUSER):
    """Through qmail-authuser and extractor-v2: the code and the response."""
    r, w = os.pipe()
    os.write(w, b'user\0' + password + b'\0\0')
    os.close(w)
    keep = os.dup(r)
    try:
        done = subprocess.run(['sh', '-c', 'exec "$@" 3<&%d' % keep, 'sh', AUTHUSER, HOME_BIN + '/extractor-v2', base, sysuser, mailuser, method],
                              input=data, capture_output=True, pass_fds=[keep], timeout=60)
    finally:
        os.close(r)
        os.close(keep)
    if done.stderr: print('# ' + done.stderr.decode(errors='replace').strip())
    return done.returncode, done.stdout


def three(method, data):
    """In a frame: the code and the response without its length."""
    frame = struct.pack('>I', len(method)) + method.encode() + struct.pack('>I', len(data)) + data
    done = subprocess.run(['setpriv', '--reuid', SYSUSER, '--regid', str(account.pw_gid), '--clear-groups', HOME_BIN + '/frame-read',
                           HOME_BIN + '/frame-write', HOME_BIN + '/maildir-op'], input=frame, capture_output=True, cwd=other, timeout=60)
    n = struct.unpack('>I', done.stdout[:4])[0] if len(done.stdout) >= 4 else -1
    return done.returncode, done.stdout[4:] if n == len(done.stdout) - 4 else ('no frame', done.stdout)


def without_ids(method, answer):
    """A folder's id is its directory's: each mailbox has its own."""
    if method != 'AddFolder' or answer[0]:
        return answer
    response = pb.AddFolderResp.FromString(answer[1])
    good = len(response.id) == 16
    response.id = ''
    return answer[0], response.SerializeToString(), good


def same(name, method, data, code, error=None):
    if not isinstance(data, bytes):
        data = data.SerializeToString()
    a, b = (without_ids(method, r) for r in (two(method, data), three(method, data)))
    failure = pb.Failure()
    try:
        failure.ParseFromString(a[1])
    except Exception as e:
        return eq(str(e), '', name)
    got = pb.Error.Code.Name(failure.error.code) if failure.HasField('error') else None
    eq((a == b, a[0], got), (True, code, error), '%s %s: exit %d %s' % (method, name, code, error or ''))
    if a != b:
        print('# two   %r\n# three %r' % (a, b))


def req(method, **fields):
    return getattr(pb, method + 'Req')(**fields)


same('of this', 'Capabilities', req('Capabilities'), 0)
same('of this', 'Folders', req('Folders'), 0)
same('inbox', 'Stats', req('Stats'), 0)
same('Sent', 'Stats', req('Stats', folder='Sent'), 0)
same('all', 'List', req('List', end=100, preview=True), 0)
same('none', 'List', req('List'), 0)
same('found', 'Search', req('Search', pattern='body 3'), 0)
same('page', 'ListSearch', req('ListSearch', limit=4, sort=dict(direction='DESC')), 0)
for bodies in ('TEXT', 'ALL', 'NONE'):
    same(bodies, 'Show', req('Show', mid=m[9], bodies=bodies), 0)
same('large', 'Show', req('Show', mid=m[10]), 0)
same('whole', 'Raw', req('Raw', mid=m[10]), 0)
same('a part', 'Raw', req('Raw', mid=m[9], path='2'), 0)
same('a range', 'Raw', req('Raw', mid=m[10], offset=7, length=100000), 0)
same('new', 'AddFolder', req('AddFolder', name='Neu & gut'), 0)
same('existing', 'AddFolder', req('AddFolder', name='Sent'), 0)
same('flags', 'SetFlags', req('SetFlags', mids=m[:3], add='FS', remove='R'), 0)
same('two, one unknown', 'Move', req('Move', mids=[m[1], 'none'], to_folder='Sent'), 0)
same('back', 'Move', req('Move', mids=[m[1]], from_folder='Sent'), 0)
same('two', 'Remove', req('Remove', mids=[m[2], m[4]]), 0)

for method, field in (('Stats', 'folder'), ('List', 'folder'), ('Search', 'folder'), ('ListSearch', 'folder'), ('Show', 'folder'), ('Raw', 'folder'),
                      ('Move', 'from_folder'), ('Move', 'to_folder'), ('Remove', 'folder'), ('SetFlags', 'folder')):
    mids = dict(mid=m[0]) if method in ('Show', 'Raw') else dict(mids=[m[0]]) if method in ('Move', 'Remove', 'SetFlags') else {}
    same('of an unknown ' + field, method, req(method, **{field: 'Nope'}, **mids), 3, 'INVALID_FOLDER')
    same('of a ' + field + ' outside', method, req(method, **{field: '../x'}, **mids), 3, 'INVALID_FOLDER')
same('of a name that none can have', 'AddFolder', req('AddFolder', name='a/b'), 3, 'INVALID_FOLDER')
for method in ('Show', 'Raw'):
    same('of an unknown mail', method, req(method, mid='none'), 3, 'NO_SUCH_MAIL')
for method in ('Move', 'Remove', 'SetFlags'):
    more = dict(to_folder='Sent') if method == 'Move' else dict(add='S') if method == 'SetFlags' else {}
    same('of an unknown mail', method, req(method, mids=['none'], **more), 3, 'NO_SUCH_MAIL')
same('of an unknown part', 'Raw', req('Raw', mid=m[9], path='7'), 3, 'NO_SUCH_PART')
same('start beyond end', 'List', req('List', start=2, end=1), 4, 'BAD_REQUEST')
same('an unknown order', 'List', b'\x22\x02\x10\x63', 4, 'BAD_REQUEST')
for method in 'Capabilities Folders Stats List Search ListSearch Show Raw Move Remove AddFolder SetFlags'.split():
    same('garbage', method, b'\xff\xff', 4, 'BAD_REQUEST')
same('too many fields', 'Move', b'\x0a\x00' * 10001, 4, 'BAD_REQUEST')
same('NUL in a string', 'Stats', b'\x0a\x01\x00', 4, 'BAD_REQUEST')
same('unknown', 'Delete', b'', 6, 'UNSUPPORTED')
same('in other case', 'list', b'', 6, 'UNSUPPORTED')

# What qmail-authuser and the chain answer by their code alone.
eq(two('Stats', b'', password=b'wrong'), (1, b''), 'a wrong password: exit 1')
eq(two('Stats', b'', mailuser='nobody'), (5, b''), 'no such mailbox: exit 5')
eq(two('Stats', b'', mailuser='..'), (5, b''), 'a mailbox outside: exit 5')
eq(two('Stats', b'', mailuser='three/new'), (5, b''), 'a mailbox that is a path: exit 5')
eq(two('Stats', b'', sysuser='root'), (5, b''), 'root as account: exit 5')
eq(two('Stats', b'', sysuser='no-such-account'), (5, b''), 'no such account: exit 5')
done()
