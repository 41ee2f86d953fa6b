from op import *

T = 1700000000
B = Box()
B.put('%d.M1P1.h,S=200:2,S' % T, 'From: "Zoë Ä" <zoe@example.org>\nTo: a@example.com\nSubject: Re: [list] banana\nDate: Tue, 14 Nov 2023 22:13:20 +0100\nMessage-ID: <1@example.org>\n\nhello apple\n')
B.put('%d.M2P1.h:2,RS' % (T + 100), 'From: bob@example.org\nSubject: Apple\nDate: Mon, 13 Nov 2023 10:00:00 +0000\nReferences: <1@example.org> <2@example.org>\nIn-Reply-To: <1@example.org>\n\nxx\n')
B.put('%d.M3P1.h' % (T + 200), 'From: Carl <carl@example.org>\nSubject: =?utf-8?q?Stra=C3=9Fe_=C3=84?=\n\n%s\n' % ('y' * 300), sub='new')
B.put('%d.M4P1.h:2,FT' % (T + 300), 'From: carl@example.org\nSubject: fwd: apple\nDate: Wed, 15 Nov 2023 00:00:00 -0800\n\nzz\n')
a, b, c, d = ['%d.M%dP1.h' % (T + 100 * i, i + 1) for i in range(4)]
a += ',S=200'
before = B.everything()

r = B.call('Capabilities')
eq(B.code, 0, 'Capabilities')
eq(list(r.methods)[:12], 'Capabilities Folders Stats List Search ListSearch Show Raw Move Remove AddFolder SetFlags'.split(), 'the first twelve methods')
eq(sorted(r.methods), sorted(n[:-3] for n in pb.DESCRIPTOR.message_types_by_name if n.endswith('Req') and n != 'KeepOpenReq'), 'each request of maildir.proto is a method, but the one that frame-read answers')
eq(r.max_octets, 64 << 20, 'max_octets')
eq((r.max_request, r.max_mails), (1 << 20, 1000), 'max_request, max_mails')
B.options = ['-I']
eq((r.index, B.call('Capabilities').index), (True, False), 'index: not with -I')
B.options = []
ok(r.version and r.max_response >= 1 << 30, 'version, max_response')

r = B.call('Stats')
size = sum(os.stat(os.path.join(B.path, n)).st_size for n in B.ls())
eq((r.mail_count, r.unread_count), (4, 2), 'Stats: new, and cur without S, are unread')
eq(r.byte_size, size - os.stat(os.path.join(B.path, 'cur', a + ':2,S')).st_size + 200, 'Stats: ,S= counts where the file is not opened')


def order(parameter, direction='ASC', **more):
    return mids(B.call('List', end=100, sort=dict(parameter=parameter, direction=direction), **more))


eq(order('DATE'), [b, a, c, d], 'by the Date field, else by arrival')
eq(order('DATE', 'DESC'), [d, c, a, b], 'by date, down')
eq(order('ARRIVAL'), [a, b, c, d], 'by arrival')
eq(order('ARRIVAL', 'DESC'), [d, c, b, a], 'by arrival, down')
eq(order('SUBJECT'), [b, d, a, c], 'by base subject: Apple, (fwd:) apple, (Re: [list]) banana, Straße')
L = Box('languages')
for i, s in enumerate(['Apple', 'AW: banana', 'banana', 'WG: [x] apple', 'Re: cherry', 'SV: VS: banana', '=?utf-8?b?5Zue5aSN77ya?=Apple']):
    L.put('%d.M%dP1.h:2,' % (T + i, i), 'Subject: %s\n\n' % s)
for options in [], ['-I']:
    L.options = options
    r = L.call('List', end=100, sort=dict(parameter='SUBJECT'))
    eq([int(m.split('.')[0]) - T for m in mids(r)], [0, 3, 6, 1, 2, 5, 4], 'by base subject where others answered in their languages%s' % (', -I' if options else ''))
eq(order('SENDER'), [b, c, d, a], 'by sender: bob@, Carl, carl@, Zoë')
eq(order('SIZE')[-1], c, 'by size')
eq(mids(B.call('List', start=1, end=3, sort=dict(parameter='ARRIVAL'))), [b, c], 'start <= i < end')
eq(mids(B.call('List', start=3, end=4000000000, sort=dict(parameter='ARRIVAL'))), [d], 'end beyond the last')
eq(mids(B.call('List', start=9, end=9)), [], 'start = end beyond the last')

h = B.call('List', end=1, sort=dict(parameter='ARRIVAL'), preview=True).mail_heads[0]
eq((h.unread, h.flags, h.rec_date, h.has_attachment), (False, 'S', '2023-11-14T22:13:20Z', False), 'head: unread, flags, rec_date')
eq((h.header.subject, h.header.send_date, h.header.message_id), ('Re: [list] banana', '2023-11-14T22:13:20+01:00', '1@example.org'), 'head: subject, date with its offset, message id')
eq([(x.name, x.address) for x in h.header.written_from], [('Zoë Ä', 'zoe@example.org')], 'head: from, raw UTF-8')
eq((h.header.mime.main_type, h.header.mime.sub_type, h.header.mime.path, h.header.mime.size), ('text', 'plain', '1', 0), 'head: mime, size 0 in lists')
eq(h.preview.strip(), 'hello apple', 'head: preview')
eq(h.byte_size, 200, 'head: byte_size is what the name says')
h = B.call('List', start=1, end=2, sort=dict(parameter='ARRIVAL')).mail_heads[0]
eq((h.preview, list(h.header.references), list(h.header.in_reply_to)), ('', ['1@example.org', '2@example.org'], ['1@example.org']), 'no preview unless asked; references')

eq(sorted(mids(B.call('Search', pattern='APPLE'))), sorted([a, b, d]), 'Search: subject and text, any case')
eq(mids(B.call('Search', pattern='straße ä')), [c], 'Search: beyond ASCII')
eq(mids(B.call('Search', pattern='zoë')), [a], 'Search: addresses')
eq(mids(B.call('Search', pattern='nowhere')), [], 'Search: nothing')

# paging
S = dict(parameter='ARRIVAL')
r = B.call('ListSearch', limit=2, sort=S)
eq((mids(r), r.first, r.last), ([a, b], True, False), 'ListSearch: the first page')
e = '%d.M9P1.h' % (T - 100)
B.put(e + ':2,')
r2 = B.call('ListSearch', limit=2, sort=S, bound=r.last_bound)
eq((mids(r2), r2.first, r2.last), ([c, d], False, True), 'the next page, though mail arrived before it')
r3 = B.call('ListSearch', limit=2, sort=S, bound=r2.first_bound, direction='BEFORE')
eq((mids(r3), r3.first, r3.last), ([a, b], False, False), 'back: not the first any more')
r3 = B.call('ListSearch', limit=2, sort=S, bound=r3.first_bound, direction='BEFORE')
eq((mids(r3), r3.first, r3.last), ([e], True, False), 'back to the first')
r3 = B.call('ListSearch', limit=2, sort=S, direction='BEFORE')
eq((mids(r3), r3.first, r3.last), ([c, d], False, True), 'BEFORE without a bound: the last page, in the order of the sort')
os.unlink(os.path.join(B.path, 'cur', e + ':2,'))
r3 = B.call('ListSearch', limit=2, sort=S, bound=dict(param=str(T - 100), id=e))
eq(mids(r3), [a, b], 'a bound whose mail has gone is a place still')
eq((r.last_bound.param, r.last_bound.id), (str(T + 100), b), 'a bound names key and mid')
r = B.call('ListSearch', limit=0, sort=S)
eq((B.code, mids(r), r.first, r.last), (0, [a, b, c, d], True, True), 'limit 0 is 50')
r = B.call('ListSearch', limit=2**32 - 1, sort=dict(parameter='SUBJECT', direction='DESC'))
eq((mids(r), r.first, r.last, r.first_bound.param), ([c, a, d, b], True, True, 'straße ä'), 'limit 2^32-1; text bounds are folded')
r = B.call('ListSearch', limit=9, search='apple', sort=S)
eq((mids(r), r.first, r.last, r.total, r.cut), ([a, b, d], True, True, 0, False), 'ListSearch: search, of which no total is told')
r = B.call('ListSearch', limit=1, sort=S)
eq((r.total, r.cut), (4, False), 'ListSearch: how many there are; a page that is as long as was asked is not cut')
r = B.call('List', start=1, end=2)
eq((r.total, r.cut), (4, False), 'List likewise')
for by in 'DATE SIZE SENDER SUBJECT ARRIVAL'.split():
    for way in 'ASC DESC'.split():
        whole, got, bound = mids(B.call('List', end=9, sort=dict(parameter=by, direction=way))), [], None
        for _ in whole:
            r = B.call('ListSearch', limit=1, sort=dict(parameter=by, direction=way), bound=bound)
            got += mids(r)
            bound = r.last_bound
        eq((got, r.last, len(whole)), (whole, True, 4), 'one by one is as in one go: %s %s' % (by, way))

# errors
eq(B.error('List', 4, start=3, end=2), (4, 'BAD_REQUEST'), 'start > end')
eq(B.error('List', 4, end=2, sort=dict(parameter=9)), (4, 'BAD_REQUEST'), 'no such order')
eq(B.error('ListSearch', 4, limit=1, bound=dict(param='x', id='y')), (3, 'NO_SUCH_MAIL'), 'a bound that is no date, of no mail')
for m in ('Stats', 'List', 'Search', 'ListSearch', 'Show', 'Raw', 'Remove', 'SetFlags'):
    eq(B.error(m, 3, folder='Nope'), (3, 'INVALID_FOLDER'), m + ': no such folder')
    eq(B.error(m, 3, folder='INBOX'), (3, 'INVALID_FOLDER'), m + ': INBOX')
for bad in ('../x', '..', '.', '.Sent', 'a..b', 'a.', 'a/b', '/etc', '~x', 'inbox', 'InBox', 'a\nb', 'a\x7f', 'a\u0085b', 'x' * 255, 'ä' * 100):
    eq(B.error('Stats', 3, folder=bad), (3, 'INVALID_FOLDER'), 'folder ' + ascii(bad)[:40])
    eq(B.error('AddFolder', 3, name=bad), (3, 'INVALID_FOLDER'), 'AddFolder ' + ascii(bad)[:40])
    eq(B.error('Move', 3, mids=[a], to_folder=bad), (3, 'INVALID_FOLDER'), 'Move to ' + ascii(bad)[:40])
eq(B.error('AddFolder', 3, name=''), (3, 'INVALID_FOLDER'), 'AddFolder of the inbox')
for m in ('Show', 'Raw'):
    for mid in ('', 'nope', '../cur/x', a + '/1', a + '/', '/', a + ':2,S', '%', a.replace('h', '%68'), 'x' * 5000):
        eq(B.error(m, 3, mid=mid), (3, 'NO_SUCH_MAIL'), '%s: mid %.30s' % (m, mid))
for path in ('0', '2', '1.1', '01', '1.', '.1', 'x', '1' * 50, '99999999999999999999'):
    eq(B.error('Raw', 3, mid=a, path=path), (3, 'NO_SUCH_PART'), 'Raw: path ' + path[:30])
for m in ('Nope', '', 'capabilities', 'Capabilities '):
    code, out, err = B.raw(m, b'')
    f = pb.Failure.FromString(out)
    eq((code, f.error.code), (6, pb.Error.UNSUPPORTED), 'method %r' % m)
for data in (b'\xff', b'\x0a', b'\x0a\x05ab', b'\x0b', b'\x08\x01', b'\x0a\x02\xff\xfe', b'\x0a\x03a\0b', b'\x0a\x01' * 3, b'\x00\x00', b'\x0f\x00', b'\x0a' + b'\xff' * 10, b'\x80' * 12):
    code, out, err = B.raw('Stats', data)
    eq((code, pb.Failure.FromString(out).error.code), (4, pb.Error.BAD_REQUEST), 'no protobuf: %r' % data[:12])
code, out, err = B.raw('Stats', b'\xa2\x06\x01x' * 1000)
eq(code, 0, 'unknown fields are passed over')
code, out, err = B.raw('Stats', b'\xa2\x06\x01x' * 10001)
eq((code, pb.Failure.FromString(out).error.text), (4, 'too many fields'), 'more than 10,000 are not')
code, out, err = B.raw('Stats', b'\x0a\x00' + b'\xa2\x06' + b'\x80\x80\x40' + b'x' * (1 << 20))
eq((code, pb.Failure.FromString(out).error.code), (4, pb.Error.BAD_REQUEST), 'a request over 1 MiB')
text = pb.Failure.FromString(B.raw('Stats', pb.StatsReq(folder='a\x1b[31m\u009b' + 'x' * 900).SerializeToString())[1]).error.text
ok('\x1b' not in text and len(text.encode()) < 300, 'an error\'s text is harmless and short')
eq(B.everything(), before, 'nothing of all this changed anything')

# reading one
for mid in (a, b, c, d):
    r = B.call('Show', mid=mid, bodies='NONE')
    h = [h for h in B.call('List', end=9).mail_heads if h.mid == mid][0]
    eq((r.byte_size, r.rec_date, r.flags, r.unread), (h.byte_size, h.rec_date, h.flags, h.unread), 'Show tells of the file what a list tells: %s' % mid)
r = B.call('Show', mid=a)
eq((r.mail.head.subject, r.mail.body.discrete, r.mail.head.mime.size, r.mail.head.mime.path), ('Re: [list] banana', b'hello apple\n', 12, '1'), 'Show')
r = B.call('Raw', mid=a)
whole = open(os.path.join(B.path, 'cur', a + ':2,S'), 'rb').read()
eq((r.body, r.header.size, r.header.path), (whole, len(whole), ''), 'Raw: the file')
eq(B.call('Raw', mid=a, path='1').body, b'hello apple\n', 'Raw: a part')
eq(B.call('Raw', mid=a, offset=3, length=5).body, whole[3:8], 'Raw: offset and length')
r = B.call('Raw', mid=a, path='1', offset=6)
eq((r.body, r.header.size), (b'apple\n', 12), 'Raw: to the end')
eq((B.call('Raw', mid=a, offset=10**12).body, B.code), (b'', 0), 'Raw: an offset beyond the end')
eq(B.everything(), before, 'reading changes nothing')

# a tree
import base64
att = bytes(range(256)) * 5000
B.put('%d.M7P1.h:2,S' % (T + 900), b'From: x@example.org\nSubject: tree\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\npre\n--B\n\n\n--B\nContent-Type: text/html; charset=iso-8859-1\n\n<p>\xe4</p>\r\n--B\nContent-Type: application/x-y; name="a/b.bin"\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n' + base64.encodebytes(att) + b'\n--B\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: multipart/alternative; boundary=C\n\n--C\n\none\n--C\n\ntwo\n--C--\n--B--\npost\n')
t = '%d.M7P1.h' % (T + 900)
r = B.call('Show', mid=t)
m = r.mail.body.multipart
eq((m.preamble.strip(), m.epilogue.strip(), len(m.parts), r.mail.head.mime.path), ('pre', 'post', 4, ''), 'Show: a multipart')
eq((m.parts[0].body.WhichOneof('body'), m.parts[0].body.discrete, m.parts[0].mime_header.path), ('discrete', b'', '1'), 'an empty text has discrete set to ""')
eq(m.parts[1].body.discrete.rstrip(b'\n'), '<p>ä</p>'.encode(), 'text is UTF-8')
eq((m.parts[2].body.WhichOneof('body'), m.parts[2].mime_header.size, m.parts[2].mime_header.file_name, m.parts[2].mime_header.safe_name), (None, len(att), 'a/b.bin', 'a_b.bin'), 'TEXT leaves attachments out, and says their size')
inner = m.parts[3].body.mail
eq((inner.head.subject, [p.mime_header.path for p in inner.body.multipart.parts], inner.body.multipart.parts[1].body.discrete), ('inner', ['4.1', '4.2'], b'two'), 'an attached message is open')
r = B.call('Show', mid=t, bodies='ALL')
eq((r.mail.body.multipart.parts[2].body.discrete == att, r.mail.body.multipart.parts[1].body.discrete.rstrip(b'\n')), (True, '<p>ä</p>'.encode()), 'ALL gives attachments')
r = B.call('Show', mid=t, bodies='NONE')
eq([p.body.WhichOneof('body') for p in r.mail.body.multipart.parts], [None, None, None, 'mail'], 'NONE gives the tree alone')
eq(B.call('Raw', mid=t, path='3').body == att, True, 'Raw: an attachment')
eq(B.call('Raw', mid=t, path='3', offset=1000000, length=100000).body == att[1000000:1100000], True, 'Raw: a piece of it')
eq(B.call('Raw', mid=t, path='4.2').body, b'two', 'Raw: inside a message')
ok(B.call('Raw', mid=t, path='4').body.startswith(b'Subject: inner'), 'Raw: the message')
eq(B.error('Show', 4, mid=t, bodies=7), (4, 'BAD_REQUEST'), 'no such bodies')
done()
