"""What senders, owners and clients make to hurt: no call fails for it that is not of that very mail, and none takes much more memory than the mail."""
import fcntl, time
from op import *

a, b, c = ['1700000000.M%dP1.h' % i for i in range(3)]


def fits(box, method, name, most=100000, **fields):
    """The call is answered, with that much memory at most (the address sanitizer has its own)."""
    code, kb = measure(box, method, getattr(pb, method + 'Req')(**fields).SerializeToString())
    ok(code == 0 and (kb < most or 'asan' in bin_dir), '%s: exit %d, %d KB' % (name, code, kb))


def socket_at(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(os.path.relpath(path))


# --- a million addresses ---
A = Box('addresses')
A.put(a + ':2,S', (b'To: ' + b'a,' * 500000 + b'\n') * 16 + b'Subject: =?utf-8?q?many?=\n\nx\n')
A.put(b + ':2,S', 'Subject: few\n\nx\n')
for method, fields in (('List', {'end': 9}), ('Find', {'limit': 9}), ('Find', {'filter': {'to': 'b'}}), ('Search', {'pattern': 'q.y'}), ('Threads', {'heads': True}),
                       ('Show', {'mid': a}), ('Fetch', {'mails': [{'mid': a}], 'heads': True, 'tree': True})):
    fits(A, method, '%s beside a mail to eight million' % method, **fields)
os.remove(os.path.join(A.path, 'cur', a + ':2,S'))
A.put(a + ':2,S', b'Content-Type: multipart/mixed; boundary=B\n\n' + (b'--B\nContent-Type: message/rfc822\n\nTo: ' + b'a,' * 30000 + b'\nSubject: =?utf-8?q?z?=\n\n') * 200 + b'--B--\n')
fits(A, 'Search', 'Search through messages to six million', pattern='q.y')

# --- gigabytes that are not there ---
H = Box('holes')
H.put(a + ':2,S', 'Subject: many\n')
H.put(b + ':2,S', 'Subject: text\n\nx\n')
H.put(c + ':2,S', 'Subject: few\n\nx\n')
for m in (a, b):
    with open(os.path.join(H.path, 'cur', m + ':2,S'), 'r+b') as f:
        f.truncate(1 << 30)
        holes = os.lseek(f.fileno(), 0, os.SEEK_HOLE) < 1 << 30
if holes:
    for method, fields in (('List', {'end': 9, 'preview': True}), ('Find', {'limit': 9, 'filter': {'text': 'few'}}), ('Search', {'pattern': 'few'}), ('Threads', {'heads': True}),
                           ('Fetch', {'mails': [{'mid': b}], 'heads': True, 'tree': True, 'texts': 'TEXT'})):
        fits(H, method, '%s beside mails of a GB that is not there' % method, **fields)
    eq([(h.mid, h.byte_size, h.header.subject) for h in sorted(H.call('List', end=9).mail_heads, key=lambda h: h.mid)],
       [(a, 1 << 30, 'many'), (b, 1 << 30, 'text'), (c, 16, 'few')], 'and they are listed')
    eq(mids(H.call('Search', pattern='few')), [c], 'and searched')
else:
    skip('mails of gigabytes that are not there', 'this file system has no holes')

# --- hundreds of phrases ---
P = Box('phrases')
P.put(a + ':2,S', b'Subject: x\nContent-Type: multipart/mixed; boundary=B\n\n' + b'--B\n\nx\n' * 9900 + b'--B--\n')
fits(P, 'Find', 'Find with a hundred phrases that are read for', filter={'join': 'ANY', 'filters': [{'text': 'x', 'subject': 'z'}] * 100})
P.put(b + ':2,S', (b'X: ' + b'=?utf-8?q?=f0=9d=94=b8?= ' * 30000 + b'\n') * 20)
fits(P, 'Find', 'Find with many fields', filter={'join': 'ANY', 'filters': [{'header': 'x', 'header_value': 'q'}] * 20})

# --- pieces of one mail ---
S = Box('pieces')
S.put(a + ':2,S', b'Subject: x\nContent-Type: multipart/mixed; boundary=B\n\n' + b'--B\n\nx\n' * 9900 + b'--B--\n')
fits(S, 'Append', 'Append of a thousand parts of a mail', pieces=[{'octets': b'Subject: x\n\n'}] + [{'mail': {'mid': a}, 'path': '7'}] * 999)
fits(S, 'Append', 'and of two mails in turn', pieces=[{'octets': b'Subject: x\n\n'}] + [{'mail': {'mid': a}, 'path': '7'}, {'mail': {'mid': S.ls()[-1].split('/')[1]}, 'path': '1'}] * 200)
eq(S.call('Append', pieces=[{'octets': b'Subject: x\n\n'}, {'mail': {'mid': a}, 'path': '7'}, {'mail': {'mid': b}, 'path': '7'}]).error.code, pb.Error.NO_SUCH_MAIL, 'a mail that is not there, behind one that is')

# --- more than an answer holds, or a call can hold ---
F = Box('fetch')
F.put(a + ':2,S', (b'X: ' + b'x' * 1000000 + b'\n') * 40 + b'Subject: long\n\n')
F.put(b + ':2,S', b'Content-Type: multipart/mixed; boundary=B\n\n' + (b'--B\n' + b'X:\n' * 200 + b'\n') * 9990)
F.put(c + ':2,S', 'Subject: short\n\n')
asks = [{'name': 'X', 'all': True, 'parts': True}] * 100


def fetched(*mids):
    r = F.call('Fetch', mails=[{'mid': m} for m in mids], fields=asks, tree=True)
    return F.code, [pb.Error.Code.Name(m.error.code) if m.HasField('error') else 'there' for m in r.mails]


eq(fetched(a, c), (0, ['TOO_LARGE', 'there']), 'Fetch: a field that is asked for until it is four gigabytes, and a mail behind it')
if 'asan' not in bin_dir:
    eq(fetched(b, c), (0, ['TOO_LARGE', 'there']), 'what takes more memory than there is, and a mail behind it')
    for n in 2960, 2967, 2975, 3000:  # where memory ends, and how much is left then
        F.put(b + ':2,S', b'Content-Type: multipart/mixed; boundary=B\n\n' + (b'--B\nContent-Type: message/rfc822\n\nTo: ' + b'a,' * n + b'\n\n') * 4900)
        eq(F.error('Show', 3, mid=b), (3, 'TOO_LARGE'), 'Show likewise, of %d addresses each' % n)

# --- uploads that others lock, or date, or put there ---
U = Box('uploads')
up = U.call('Upload').upload
place = os.path.join(U.path, 'porter.uploads')
held = os.open(place, os.O_RDONLY)
fcntl.flock(held, fcntl.LOCK_EX)
begun = time.monotonic()
code, out, err = U.raw('Upload', b'')
ok(code == 111 and b'unable to keep the upload' in err and b'unable to unable' not in err and time.monotonic() - begun < 50, 'Upload does not wait for ever for a lock: exit %d' % code)
os.close(held)
for i in range(130):
    path = os.path.join(place, '%032x' % i)
    open(path, 'w').close()
    os.utime(path, (i % 2 and 1 << 33, i % 2 and 1 << 33))
os.mkdir(os.path.join(place, 'f' * 32))
U.call('Upload')
eq((U.code, len(os.listdir(place))), (0, 3), 'uploads of other centuries make way')
for i, make in enumerate((os.mkdir, os.mkfifo, socket_at)):
    name = '%032x' % i
    make(os.path.join(place, name))
    eq(U.error('Append', 3, pieces=[{'octets': b'a: b\n\n'}, {'upload': name}]), (3, 'NO_SUCH_UPLOAD'), 'an upload that is none: ' + make.__name__)
    eq(U.error('Raw', 3, upload=name), (3, 'NO_SUCH_UPLOAD'), 'and by Raw')

# --- what has the name of a file of keywords, roles, subscriptions, and is none ---
K = Box('keywords')
K.folder('.A')
K.put(a + ':2,Sa', 'Subject: x\n\nword\n')
K.put(b + ':2,S', 'Subject: y\n\nword\n')


for place in '', '.A':
    path = os.path.join(K.path, place, 'dovecot-keywords')
    for make in os.mkfifo, os.mkdir, socket_at:
        make(path)
        how = 'dovecot-keywords of %r that is none (%s): ' % (place, make.__name__)
        eq((sorted(mids(K.call('Find', filter={'text': 'word'}))), K.code), ([a, b], 0), how + 'Find over all folders')
        ok(b'names of keywords' in K.err, how + 'the log says so')
        r = K.call('Show', mid=a)
        eq((K.code, len(K.call('FolderInfo', threads=True).folders), K.code), (0, 2, 0), how + 'Show and FolderInfo')
        eq(list(r.keywords), ['unknown-0'], how + 'a letter has no name')
        eq(K.error('SetFlags', 3, folder='A' if place else '', mids=[b], add='F', remove_keywords=['k']), (3, 'NO_SUCH_MAIL' if place else 'UNKNOWN'), how + 'nothing is changed by a name')
        eq(K.error('Append', 3, folder='A' if place else '', keywords=['k'], octets=b'a: b\n\n'), (3, 'UNKNOWN'), how + 'nor stored')
        if not place:
            eq((K.error('Move', 3, mids=[a], to_folder='A'), K.ls()), ((3, 'UNKNOWN'), ['cur/' + a + ':2,Sa', 'cur/' + b + ':2,FS' if make is not os.mkfifo else 'cur/' + b + ':2,S']), how + 'a mail moves with its keyword or not at all')
        eq((K.call('Move', mids=[b], to_folder='A').HasField('error'), K.call('Move', mids=[b], from_folder='A').HasField('error'), K.code), (False, False, 0), how + 'one without moves')
        eq(K.call('SetFlags', mids=[b], add='F').HasField('error'), False, how + 'and gets flags')
        (os.rmdir if make is os.mkdir else os.unlink)(path)
for name in 'porter.roles', 'subscriptions', 'maildirsize', 'porter.index', 'porter.search', 'porter.states', 'porter.threads':
    for make in os.mkfifo, os.mkdir, socket_at:
        path = os.path.join(K.path, name)
        if os.path.lexists(path):
            os.unlink(path)
        make(path)
        for method, fields in (('FolderInfo', {'state': True, 'threads': True}), ('Find', {'filter': {'text': 'word'}, 'thread': True}), ('Append', {'octets': b'a: b\n\n'}), ('Changes', {'state': '1.1.1'})):
            r = K.call(method, **fields)
            eq((K.code, r.HasField('error')), (0, False), '%s, %s: %s' % (name, make.__name__, method))
        if os.path.lexists(path):
            (os.rmdir if os.path.isdir(path) else os.unlink)(path)

# --- maildirsize ---
Q = Box('quota')
Q.folder('.Old')
limit = 922337203685477580
for name, text, used in (('sums beyond all numbers', '%dS\n' % limit + '9223372036854775807 1\n' * 2000, 2 ** 63 - 1), ('below all numbers', '%dS\n' % limit + '-9223372036854775807 -1\n' * 2000, 0), ('a limit below nothing', '-5S\n1 1\n', 1)):
    with open(os.path.join(Q.path, 'maildirsize'), 'w') as f:
        f.write(text)
    r = Q.call('Quota')
    eq((Q.code, r.used_octets, r.limit_octets), (0, used, 0 if '-5S' in text else limit), 'maildirsize: ' + name)
    Q.call('Append', octets=b'a: b\n\n')
    eq(Q.code, 0, 'and a mail is stored, as there is room')
for i in range(3):
    Q.put('%d.h,S=%d:2,S' % (i, 1 << 62), folder='.Old')
Q.call('RemoveFolder', name='Old', force=True)
eq((Q.code, Q.call('Quota').used_octets), (0, 0), 'a folder is removed whose mails say that they are larger than all')
os.unlink(os.path.join(Q.path, 'maildirsize'))
for make in (os.mkdir, os.mkfifo):
    make(os.path.join(Q.path, 'maildirsize'))
    eq((Q.call('Append', octets=b'a: b\n\n').HasField('error'), Q.code, Q.call('Quota').known), (False, 0, False), 'what is no file is no maildirsize: ' + make.__name__)
    (os.rmdir if make is os.mkdir else os.unlink)(os.path.join(Q.path, 'maildirsize'))
done()
