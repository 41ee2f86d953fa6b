"""The door as a client sees it: every method, errors, numbers as clients write them, and everything that is not as it should be."""
import base64
import json
import os
import signal
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, '..', 'maildir'))
sys.path.insert(0, os.path.join(here, '..'))
from op import *  # noqa: E402,F403
from varlink_client import MAIL, SERVICE, Refused, Varlink  # noqa: E402

READ, CALL, OP = (os.path.join(bin_dir, p) for p in ('varlink-read', 'varlink-call', 'maildir-op'))
STDERR = open(os.path.join(work, 'stderr'), 'ab')
T = 1550830000

# A reply that is read slowly, beside the rest: one that varlink-call has in its memory.
folders = os.path.join(work, 'many-folders')
with open(folders, 'wb') as f:
    f.write(pb.FoldersResp(folders=['f%07d' % i for i in range(200000)]).SerializeToString())
slow_argv = ['/usr/bin/python3', os.path.join(top, 'tests', 'slow_reader.py'), os.path.join(work, 'err.slow'),
             'sh', '-c', 'printf {} | exec "$0" -t 30 sh -c \'cat "$0"\' "$1" Folders', CALL, folders]
slow = subprocess.Popen(slow_argv, stdout=subprocess.PIPE, cwd=work)
# And one where varlink-call stands still, for longer than its patience with the reader.
few_folders = os.path.join(work, 'few-folders')
with open(few_folders, 'wb') as f:
    f.write(pb.FoldersResp(folders=['f%07d' % i for i in range(7000)]).SerializeToString())
with open(os.path.join(work, 'nothing'), 'w+') as f:
    f.write('{}')
    f.seek(0)
    stopped_argv = ['/usr/bin/python3', os.path.join(top, 'tests', 'stopped_writer.py'), os.path.join(work, 'err.stopped'), '13',
                    CALL, '-t', '12', 'sh', '-c', 'cat "$0"', few_folders, 'Folders']
    stopped = subprocess.Popen(stopped_argv, stdin=f, stdout=subprocess.PIPE, cwd=work)


def door(*options, cwd=None, one=False, prog=(CALL, OP), **more):
    return Varlink(argv=[READ, *options, *prog], cwd=cwd or B.path, one=one, stderr=STDERR, **more)


def opened(**more):
    c = door(**more)
    c.call(MAIL + '.Init', {'unix_user': 'whoever', 'mailbox_path': ''})
    return c


def refused(c, method, parameters, error, name, flags=None, want=None):
    """The error of a call, and the parameters of that."""
    try:
        got = c.call(method, parameters, **(flags or {}))
        ok(False, '%s: %r' % (name, got))
    except Refused as e:
        eq((e.name, e.parameters if want is not None else None), (error, want), name)


def invalid(c, method, parameters, parameter, name=None):
    refused(c, MAIL + '.' + method, parameters, SERVICE + '.InvalidParameter', name or '%s: %r' % (method, parameters), want={'parameter': parameter})


B = Box('mail')
B.folder('.Sent')
B.folder('.Entw&APw-rfe')
PLAIN = 'From: "Zoë \\"Q\\" Ä" <zoe@example.org>, bob@example.com\nTo: a@example.com\nReply-To: r@example.com\nSubject: =?utf-8?b?8J+YgA==?= Grüße \\back\\ \tTab\n' \
    'Comments: one\nComments: two\nKeywords: k\nDate: Fri, 22 Feb 2019 11:06:54 +0100\n\nHallo Welt äöü\n'
NESTED = '''From: m@example.org
Sender: s@example.org
Subject: parts
MIME-Version: 1.0
Content-Type: Multipart/Mixed; boundary=a

before
--a
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

caf=E9
--a
Content-Type: image/png; name="x.png"
Content-Disposition: attachment; filename="=?utf-8?q?=C3=A4.png?="
Content-Transfer-Encoding: base64

iVBORw0KGgoAAQIK
--a
Content-Type: message/rfc822

Subject: inner

inner text
--a--
after
'''
plain, nested, empty, sent = ['%d.M%dP1.h' % (T + 1000 * i, i) for i in range(4)]
B.put(plain + ':2,S', PLAIN)
B.put(nested, NESTED, sub='new')
B.put(empty + ':2,RS', '')
B.put(sent + ':2,S', 'Subject: sent\n\nsent\n', folder='.Sent')
before = B.everything()

# --- org.varlink.service, before and after Init, on two pipes and on one socket ---
for one in (False, True):
    c = door(one=one)
    info = c.call(SERVICE + '.GetInfo')
    eq(sorted(info), ['interfaces', 'product', 'url', 'vendor', 'version'], 'GetInfo, %s' % ('one socket' if one else 'two pipes'))
    eq(info['interfaces'], [SERVICE, MAIL], 'its interfaces')
    version = [line[8:].strip() for line in open(os.path.join(top, 'package', 'info')) if line.startswith('version=')]
    eq([info['version']], version, 'its version')
    for name in (SERVICE, MAIL):
        eq(c.call(SERVICE + '.GetInterfaceDescription', {'interface': name}), {'description': open(os.path.join(top, 'src/proto', name + '.varlink')).read()},
           'the description of ' + name)
    refused(c, SERVICE + '.GetInterfaceDescription', {'interface': 'a.b'}, SERVICE + '.InterfaceNotFound', 'of another', want={'interface': 'a.b'})
    refused(c, SERVICE + '.GetInterfaceDescription', {}, SERVICE + '.InvalidParameter', 'of none', want={'parameter': 'interface'})
    refused(c, SERVICE + '.GetInterfaceDescription', {'interface': 5}, SERVICE + '.InvalidParameter', 'of a number', want={'parameter': 'interface'})
    refused(c, SERVICE + '.Get\u0000\U0001f600"', {}, SERVICE + '.MethodNotFound', 'no such method', want={'method': SERVICE + '.Get\u0000\U0001f600"'})
    refused(c, 'a.b.C', {}, SERVICE + '.InterfaceNotFound', 'no such interface', want={'interface': 'a.b'})
    refused(c, 'C', {}, SERVICE + '.MethodNotFound', 'no interface', want={'method': 'C'})
    refused(c, '', {}, SERVICE + '.MethodNotFound', 'no method', want={'method': ''})
    for method in ('Stats', 'Raw', 'Folders', 'Foo', 'AddFolder'):
        refused(c, MAIL + '.' + method, {'folder': '', 'name': 'x'}, MAIL + '.NotInitialized', method + ' before Init', want={})
    eq(c.call(MAIL + '.Init', {'unix_user': 'whoever', 'mailbox_path': '.', 'more': [1]}), {}, 'Init')
    eq(c.call(MAIL + '.Stats', {'folder': ''})['mail_count'], 3, 'and then mail')
    refused(c, MAIL + '.Init', {'unix_user': 'whoever', 'mailbox_path': '.'}, SERVICE + '.PermissionDenied', 'Init a second time', want={})
    eq(c.call(MAIL + '.Stats', {'folder': ''})['mail_count'], 3, 'changes nothing')
    eq(c.call(SERVICE + '.GetInfo'), info, 'GetInfo still')
    c.half_close()
    eq(c.reply(), None, 'end of file is answered by end of file')
    eq(c.end(), 0, 'exit code')

# --- the methods ---
c = opened()
eq(c.call(MAIL + '.Stats', {'folder': ''}), {'mail_count': 3, 'unread_count': 1, 'byte_size': len(PLAIN.encode()) + len(NESTED)}, 'Stats')
eq(c.call(MAIL + '.Folders'), {'folders': ['Entwürfe', 'Sent']}, 'Folders, without parameters')
eq(c.call(MAIL + '.Folders', None), {'folders': ['Entwürfe', 'Sent']}, 'with null')
eq(c.call(MAIL + '.Folders', {'x': {'y': [1, 2.5, None]}}), {'folders': ['Entwürfe', 'Sent']}, 'with what nobody knows')
TEXT = {'mime_type': {'main_type': 'text', 'sub_type': 'plain'}, 'content_dispo': 'none', 'file_name': None}
NOBODY = {'sender': None, 'reply_to': [], 'send_to': [], 'cc': [], 'bcc': [], 'comments': [], 'keywords': []}
HEAD = {**NOBODY, 'send_date': '2019-02-22T11:06:54+01:00', 'written_from': [{'name': 'Zoë "Q" Ä', 'address': 'zoe@example.org'}, {'name': None, 'address': 'bob@example.com'}],
        'reply_to': [{'name': None, 'address': 'r@example.com'}], 'send_to': [{'name': None, 'address': 'a@example.com'}], 'subject': '\U0001f600 Grüße \\back\\ \tTab',
        'comments': ['one', 'two'], 'keywords': ['k'], 'mime': TEXT}
by_date = {'direction': 'asc', 'parameter': 'date'}
heads = c.call(MAIL + '.List', {'folder': '', 'start': 0, 'end': 9, 'sort': by_date})['mail_heads']
eq(heads[0], {'byte_size': len(PLAIN.encode()), 'unread': False, 'rec_date': '2019-02-22T10:06:40Z', 'mid': plain, 'header': HEAD}, 'a head, member by member')
eq([(h['mid'], h['unread']) for h in heads], [(plain, False), (nested, True), (empty, False)], 'List')
eq(heads[2]['header'], {**NOBODY, 'send_date': '', 'written_from': [], 'subject': '', 'mime': TEXT}, 'the head of a mail that says nothing')
eq(heads[1]['header']['sender'], {'name': None, 'address': 's@example.org'}, 'a sender')
eq(c.call(MAIL + '.Show', {'folder': '', 'mid': plain}), {'mail': {'head': HEAD, 'body': {'discrete': 'Hallo Welt äöü\n', 'multipart': None, 'mail': None}}}, 'Show')
shown = c.call(MAIL + '.Show', {'folder': '', 'mid': nested})['mail']['body']
eq((shown['discrete'], shown['mail'], shown['multipart']['preamble'].strip(), shown['multipart']['epilogue'].strip()), (None, None, 'before', 'after'), 'a multipart')
parts = shown['multipart']['parts']
eq(parts[0]['body'], {'discrete': 'café', 'multipart': None, 'mail': None}, 'its text')
eq(parts[1], {'mime_header': {'mime_type': {'main_type': 'image', 'sub_type': 'png'}, 'content_dispo': 'attachment', 'file_name': 'ä.png'},
              'body': {'discrete': '', 'multipart': None, 'mail': None}}, 'what is no text')
eq((parts[2]['body']['mail']['head']['subject'], parts[2]['body']['mail']['body']['discrete'], parts[2]['body']['discrete']), ('inner', 'inner text', None), 'a mail in it')
raw = c.call(MAIL + '.Raw', {'folder': '', 'mid': plain})
eq((raw['header'], base64.b64decode(raw['body'], validate=True).decode()), (TEXT, PLAIN), 'Raw')
raw = c.call(MAIL + '.Raw', {'folder': '', 'mid': nested, 'path': None})
eq(base64.b64decode(raw['body'], validate=True).decode(), NESTED, 'path null')
raw = c.call(MAIL + '.Raw', {'folder': '', 'mid': nested, 'path': '2'})
eq((raw['header']['file_name'], base64.b64decode(raw['body'], validate=True)), ('ä.png', b'\x89PNG\r\n\x1a\n\0\1\2\n'), 'Raw of a part')
eq(c.call(MAIL + '.Raw', {'folder': '', 'mid': empty}), {'header': TEXT, 'body': ''}, 'Raw of nothing')
eq([h['mid'] for h in c.call(MAIL + '.Search', {'folder': '', 'pattern': 'WELT ÄÖ'})['found']], [plain], 'Search')
page = c.call(MAIL + '.ListSearch', {'folder': '', 'direction': 'after', 'limit': 2, 'sort': by_date})
eq(([h['mid'] for h in page['mail_heads']], page['first'], page['last'], len(page)), ([plain, nested], True, False, 3), 'ListSearch: a page')
page = c.call(MAIL + '.ListSearch', {'folder': '', 'direction': 'before', 'limit': 2, 'sort': by_date, 'search': None, 'bound': None})
eq(([h['mid'] for h in page['mail_heads']], page['first'], page['last']), ([nested, empty], False, True), 'the last one; what is optional is null')
page = c.call(MAIL + '.ListSearch', {'folder': '', 'direction': 'after', 'limit': 2, 'sort': {'direction': 'desc', 'parameter': 'size'}, 'search': 'welt'})
eq([h['mid'] for h in page['mail_heads']], [plain], 'with a search')
eq(B.everything(), before, 'reading changes nothing')

# numbers as clients write them
for limit, want in ((2, 2), ('2', 2), (2.0, 2), (2e0, 2), (99999999999, 3), ('9223372036854775807', 3), (1001, 3)):
    page = c.call(MAIL + '.ListSearch', {'folder': '', 'direction': 'after', 'limit': limit, 'sort': by_date})
    eq(len(page['mail_heads']), want, 'limit %r' % limit)
for limit in (-1, '-1', 1.5, '1.5', '', ' 1', '1 ', '0x1', '+1', '1e0', None, True, [1], {}, 1e300, '9223372036854775808', -9223372036854775808, '1\0'):
    invalid(c, 'ListSearch', {'folder': '', 'direction': 'after', 'limit': limit, 'sort': by_date}, 'limit', 'limit %r' % (limit,))
for number in ('99999999999999999999', '1e999', '-1e999', '-99999999999999999999', '1' * 5000, '1.5e400'):
    c.raw(('{"method":"%s.ListSearch","parameters":{"folder":"","direction":"after","limit":%s,"sort":{"direction":"asc","parameter":"date"}}}\0' % (MAIL, number)).encode())
    reply = c.reply()
    eq((reply.get('error'), reply['parameters']), (SERVICE + '.InvalidParameter', {'parameter': 'limit'}), 'a number beyond all bounds: %.20s' % number)
    c.raw(('{"method":"%s.Stats","parameters":{"folder":"","unknown":[%s],"quote":"\\"%s"}, "other":%s}\0' % (MAIL, number, number, number)).encode())
    eq(c.reply().get('error'), None, 'is passed over where nobody asks for it')
    c.raw(('{"method":"%s.Stats","parameters":{"folder":%s}}\0' % (MAIL, number)).encode())
    eq(c.reply()['parameters'], {'parameter': 'folder'}, 'and is no text')

# parameters that are not as they should be
for method, good in (('Stats', {'folder': ''}), ('Show', {'folder': '', 'mid': plain}), ('Raw', {'folder': '', 'mid': plain}), ('Search', {'folder': '', 'pattern': 'x'}),
                     ('Move', {'mid': plain, 'from_folder': '', 'to_folder': ''}), ('Remove', {'folder': '', 'mid': 'none'}), ('AddFolder', {'name': 'x'}),
                     ('List', {'folder': '', 'start': 0, 'end': 1, 'sort': by_date}),
                     ('ListSearch', {'folder': '', 'direction': 'after', 'limit': 1, 'sort': by_date})):
    for name in good:
        invalid(c, method, {k: v for k, v in good.items() if k != name}, name, '%s without %s' % (method, name))
        for value in (None, True, [], ['']) + (('',) if name == 'sort' else ({}, {'a': 1})) + ((5, 'a\0b') if isinstance(good[name], str) else ()):
            invalid(c, method, {**good, name: value}, name, '%s with %s %r' % (method, name, value))
    for value in ([], 'x', 5, True):
        refused(c, MAIL + '.' + method, value, SERVICE + '.InvalidParameter', '%s with parameters %r' % (method, value), want={'parameter': 'parameters'})
base = {'folder': '', 'direction': 'after', 'limit': 1, 'sort': by_date}
invalid(c, 'ListSearch', {**base, 'direction': 'AFTER'}, 'direction')
invalid(c, 'ListSearch', {**base, 'direction': 0}, 'direction')
invalid(c, 'ListSearch', {**base, 'sort': {'direction': 'asc'}}, 'sort.parameter')
invalid(c, 'ListSearch', {**base, 'sort': {'direction': 'up', 'parameter': 'date'}}, 'sort.direction')
invalid(c, 'ListSearch', {**base, 'sort': {'direction': 'asc', 'parameter': 'arrival'}}, 'sort.parameter')
invalid(c, 'ListSearch', {**base, 'search': 5}, 'search')
invalid(c, 'ListSearch', {**base, 'bound': 5}, 'bound')
invalid(c, 'ListSearch', {**base, 'bound': {'id': ''}}, 'bound.param')
invalid(c, 'ListSearch', {**base, 'bound': {'id': 5, 'param': ''}}, 'bound.id')
invalid(c, 'List', {'folder': '', 'start': 2, 'end': 1, 'sort': by_date}, 'start')
invalid(c, 'Raw', {'folder': '', 'mid': plain, 'path': 5}, 'path')
eq(B.everything(), before, 'and nothing has changed')

# --- errors ---
refused(c, MAIL + '.Stats', {'folder': 'none'}, MAIL + '.InvalidFolder', 'no such folder', want={'folder': 'none'})
refused(c, MAIL + '.Stats', {'folder': 'INBOX'}, MAIL + '.InvalidFolder', 'INBOX', want={'folder': 'INBOX'})
refused(c, MAIL + '.Stats', {'folder': '../mail'}, MAIL + '.InvalidFolder', 'a folder that leads out', want={'folder': '../mail'})
refused(c, MAIL + '.Show', {'folder': '', 'mid': 'none'}, MAIL + '.NoSuchMail', 'no such mail', want={'mid': 'none'})
refused(c, MAIL + '.Raw', {'folder': '', 'mid': 'ü"\n'}, MAIL + '.NoSuchMail', 'no such mail, in Raw', want={'mid': 'ü"\n'})
refused(c, MAIL + '.Raw', {'folder': '', 'mid': plain, 'path': '1.2'}, MAIL + '.NoSuchPart', 'no such part', want={'path': '1.2'})
refused(c, MAIL + '.Move', {'mid': 'none', 'from_folder': '', 'to_folder': 'Sent'}, MAIL + '.NoSuchMail', 'Move of none', want={'mid': 'none'})
refused(c, MAIL + '.Move', {'mid': plain, 'from_folder': 'a', 'to_folder': 'Sent'}, MAIL + '.InvalidFolder', 'Move from nowhere', want={'folder': 'a'})
refused(c, MAIL + '.Move', {'mid': plain, 'from_folder': '', 'to_folder': 'b"\\'}, MAIL + '.InvalidFolder', 'Move to nowhere', want={'folder': 'b"\\'})
refused(c, MAIL + '.Remove', {'folder': '', 'mid': 'none'}, MAIL + '.NoSuchMail', 'Remove of none', want={'mid': 'none'})
refused(c, MAIL + '.AddFolder', {'name': 'a/b'}, MAIL + '.InvalidFolder', 'a name no folder can have', want={'folder': 'a/b'})
open(os.path.join(B.path, '.file'), 'w').close()
refused(c, MAIL + '.AddFolder', {'name': 'file'}, MAIL + '.FolderExists', 'a name that is taken', want={'folder': 'file'})
os.unlink(os.path.join(B.path, '.file'))
refused(c, MAIL + '.Foo', {}, SERVICE + '.MethodNotFound', 'no such method', want={'method': MAIL + '.Foo'})
refused(c, MAIL + '.SetFlags', {'folder': ''}, SERVICE + '.MethodNotFound', "a method of maildir-op's that is none of the interface", want={'method': MAIL + '.SetFlags'})
for method in ('', 'x' * 65, '/op', '-', 'a b', '-n', 'a\0b', 'Stats\n', '5'):
    refused(c, MAIL + '.' + method, {}, SERVICE + '.MethodNotFound', 'a method that is no name: %r' % method[:10], want={'method': MAIL + '.' + method})
refused(c, MAIL + '.x' + 'x' * 63, {}, SERVICE + '.MethodNotFound', 'a long one', want={'method': MAIL + '.x' + 'x' * 63})

# --- upgrade, more, oneway ---
for method in (MAIL + '.Stats', SERVICE + '.GetInfo'):
    refused(c, method, {'folder': ''}, SERVICE + '.MethodNotImplemented', method + ' with upgrade', {'upgrade': True}, {'method': method})
eq(c.call(SERVICE + '.GetInfo', upgrade=False, oneway=None, more=None)['product'], 'porter', 'flags that are not set')
c.send(MAIL + '.Stats', {'folder': ''}, more=True)
eq(sorted(c.reply()), ['parameters'], 'more: one reply, and nothing continues')
for flag in ('oneway', 'more', 'upgrade'):
    refused(c, SERVICE + '.GetInfo', {}, SERVICE + '.InvalidParameter', 'a %s that is none' % flag, {flag: 'yes'}, {'parameter': flag})
for method, parameters in ((MAIL + '.Stats', {'folder': ''}), (MAIL + '.Stats', {'folder': 5}), (MAIL + '.Stats', {'folder': 'none'}), (MAIL + '.Foo', {}), ('x', {}), ('x.y', {}),
                           (SERVICE + '.GetInfo', {}), (MAIL + '.Init', {}), (MAIL + '.Raw', {'folder': '', 'mid': plain}), (MAIL + '.Stats', 'x')):
    c.send(method, parameters, oneway=True)
c.send(MAIL + '.Stats', {'folder': ''}, oneway=True, upgrade=True)
c.send(MAIL + '.AddFolder', {'name': 'made'}, oneway=True)
eq(c.call(MAIL + '.Folders')['folders'], ['Entwürfe', 'Sent', 'made'], 'oneway never answers, errors neither; and is done before the next call')

# --- changes ---
eq(c.call(MAIL + '.AddFolder', {'name': 'made'}), {'status': 'skiped'}, 'AddFolder of what is there')
eq(c.call(MAIL + '.AddFolder', {'name': 'Größe'}), {'status': 'created'}, 'AddFolder')
eq(c.call(MAIL + '.Move', {'mid': nested, 'from_folder': '', 'to_folder': 'Größe'}), {}, 'Move')
eq(c.call(MAIL + '.Stats', {'folder': 'Größe'})['mail_count'], 1, 'it is there')
eq(c.call(MAIL + '.Remove', {'folder': 'Größe', 'mid': nested}), {}, 'Remove')
eq(c.call(MAIL + '.Stats', {'folder': 'Größe'})['mail_count'], 0, 'it has gone')

# --- pipelined: order is kept, what is read ahead is not lost, nor given to programs ---
for i in range(200):
    c.send(*((MAIL + '.Foo', {}) if i % 3 else (MAIL + '.Stats', {'folder': 'f%d' % i})))
eq([c.reply()['parameters'] for i in range(200)], [{'method': MAIL + '.Foo'} if i % 3 else {'folder': 'f%d' % i} for i in range(200)], '200 calls at once')
c.half_close()
eq((c.rest(), c.end()), (b'', 0), 'and the end')

# a byte at a time
c = opened()
for octet in ('{"method":"%s.GetInfo"}\0' % SERVICE).encode():
    c.raw(bytes([octet]))
eq(c.reply()['parameters']['product'], 'porter', 'octet by octet')
eq(c.end(), 0, 'hung up')


# --- what is no call ends the connection unanswered; replies before it come ---
def ends(data, name, code=4):
    c = door(one=True)
    c.send(SERVICE + '.GetInfo')
    c.raw(data)
    c.socket.shutdown(socket.SHUT_WR)
    good = c.reply()
    try:
        rest = c.rest()
    except ConnectionResetError:
        rest = 'reset'
    eq((good is not None, rest, c.end()), (True, b'', code), name)


def deep(n):
    """A call whose levels are n: the object, its parameters, and arrays."""
    return b'{"method":"org.varlink.service.GetInfo","parameters":{"x":' + b'[' * (n - 2) + b']' * (n - 2) + b'}}'


def padded(n):
    return b'{"method":"org.varlink.service.GetInfo","x":"' + b'y' * (n - 47) + b'"}'


def many(n):
    """n names and values in all: the object, two names, a text, the array, and what is in that."""
    return b'{"method":"org.varlink.service.GetInfo","x":[' + b','.join([b'1'] * (n - 5)) + b']}'


eq(len(padded(1048576)), 1048576, 'a message as long as may be')
for data, name in ((b'\0', 'nothing'), (b'{}\0', 'no method'), (b'[]\0', 'an array'), (b'"x"\0', 'a string'), (b'5\0', 'a number'), (b'null\0', 'null'),
                   (b'{"method":5}\0', 'a method that is a number'), (b'{"method":null}\0', 'null for a method'), (b'{"method":["a.b"]}\0', 'an array for a method'),
                   (b'{"method":"a.b"\0', 'half JSON'), (b'{"method":"a.b"}', 'no NUL'), (b'{', 'a beginning'),
                   (b'{"method":"a.b"}}\0', 'something behind it'), (b'{"method":"a.b"}{"method":"a.b"}\0', 'two in one'),
                   (b"{'method':'a.b'}\0", 'quotes that are none'), (b'{"method":"a.b",}\0', 'a comma too many'), (b'{"method":"a.b","x":01}\0', 'a number that is none'),
                   (b'{"method":"a.b","x":1e999,"y":01}\0', 'the same behind one that is too large'), (b'{"method":"a.b","x":-}\0', 'a sign alone'),
                   (b'{"method":"a.b","x":NaN}\0', 'no number'), (b'{"method":"a.b","x":tru}\0', 'half a word'),
                   (b'{"method":"a.\xff"}\0', 'no UTF-8'), (b'{"method":"a.b","x":"\xed\xa0\x80"}\0', 'half a surrogate'), (b'{"method":"a.b","x":"\\ud800"}\0', 'half of one, escaped'),
                   (b'{"method":"a.b","x":"\xc0\x80"}\0', 'overlong UTF-8'), (b'\xef\xbb\xbf{"method":"a.b"}\0', 'a mark in front'),
                   (b'{"method":"a.b","x":"\n"}\0', 'a control character'), (b'{"method":"a.b","method":"a.c"}\0', 'a name twice'),
                   (b'{"method":"a.b","parameters":{"x":1,"x":1}}\0', 'a name twice in parameters'), (b'{"method":"a.b","\\u0000":1}\0', 'NUL in a name'),
                   (deep(17) + b'\0', '17 levels'), (deep(100000) + b'\0', '100,000 levels'), (b'[' * 1000000, 'a million, open'),
                   (padded(1048577) + b'\0', 'an octet too long'), (padded(1048577), 'the same without an end'), (b'x' * 3000000, 'three million octets'),
                   (many(10001) + b'\0', '10,001 names and values')):
    ends(data, 'ends the connection: ' + name)
for data, name in ((deep(16), '16 levels'), (padded(1048576), '1,048,576 octets'), (many(10000), '10,000 names and values'), (b' \t\r\n{ "method" : "org.varlink.service.GetInfo" } \n', 'blanks'),
                   (b'{"met\\u0068od":"org.varlink.\\u0073ervice.GetInfo"}', 'escapes'), (b'{"method":"org.varlink.service.GetInfo","x":"\\u0000","":{}}', 'NUL in a text'),
                   (b'{"method":"org.varlink.service.GetInfo","x":"[[[[[[[[[[[[[[[[[[[[[\\"[[[[[[[[[[[[[[[[[[[[\\\\"}', 'brackets in a text')):
    c = door()
    c.raw(data + b'\0' + data + b'\0')
    eq([c.reply() is not None, c.reply() is not None], [True, True], 'is taken, twice: ' + name)
    c.half_close()
    eq((c.rest(), c.end()), (b'', 0), 'to the end')

# --- silence, and clients that do not read ---
start = time.monotonic()
c = door('-t', '1', one=True)
eq((c.rest(), c.end(), time.monotonic() - start < 20), (b'', 4, True), 'silence ends the connection')
c = door('-t', '1', one=True)
c.raw(b'{"method":')
eq((c.rest(), c.end()), (b'', 4), 'so does half a call')
c = door('-t', '5', one=True)
c.raw(b'{"method":"')
time.sleep(3)
c.raw(b'x')
start = time.monotonic()
eq((c.rest(), c.end(), time.monotonic() - start < 4.5), (b'', 4, True), 'an octet now and then does not give more time')

large = 42 * 1000 * 1000
with open(os.path.join(B.path, 'cur', '9.large:2,S'), 'wb') as f:
    f.write(b'Subject: large\n\n' + os.urandom(large - 16))
c = opened(one=True, prog=(CALL, '-t', '1', OP))
c.send(MAIL + '.Raw', {'folder': '', 'mid': '9.large'})
eq(c.process.wait(60), 110, 'who does not read Raw loses the connection')
c.socket.close()
c = opened(one=True)
c.send(MAIL + '.Raw', {'folder': '', 'mid': '9.large'})
c.socket.recv(1000)
c.socket.close()
eq(c.process.wait(60), 110, 'who hangs up within it, too')
c = opened(one=True)
for i in range(3):
    c.send(MAIL + '.Raw', {'folder': '', 'mid': '9.large'})
bodies = [base64.b64decode(c.reply()['parameters']['body'], validate=True) for i in range(3)]
with open(os.path.join(B.path, 'cur', '9.large:2,S'), 'rb') as f:
    content = f.read()
ok(bodies == [content] * 3, '42 MB, three times at once')
c.half_close()
eq((c.rest(), c.end()), (b'', 0), 'and the end')


# The response of maildir-op is played by a script, which can see how much its parent took while it was sent.
stub = os.path.join(work, 'cat-raw')
response = os.path.join(work, 'raw-response')
with open(stub, 'w') as f:
    f.write('#!/bin/sh\ncat "%s"\ngrep VmHWM /proc/$PPID/status >&2\n' % response)
os.chmod(stub, 0o755)


def peak(mid):
    """The most memory in KB that varlink-call had, and what it sent."""
    with open(response, 'wb') as f:
        f.write(B.raw('Raw', pb.RawReq(mid=mid).SerializeToString())[1])
    r = subprocess.run(['sh', '-c', 'ulimit -v 12000; exec "$0" "$@"', CALL, stub, 'Raw'], input=b'{"folder":"","mid":"x"}', cwd=B.path, capture_output=True)
    return int(r.stderr.split()[1]), len(r.stdout)


if SANITIZED:
    skip('memory of varlink-call', 'the sanitizers take their own')
else:
    small, most = peak(plain), peak('9.large')
    print('# varlink-call: %d KB for a small mail, %d KB for 42 MB' % (small[0], most[0]))
    ok(most[1] > large * 4 / 3 and most[0] < small[0] + 1000, '42 MB are not held: at most 1 MB more than for a small mail')
os.unlink(os.path.join(B.path, 'cur', '9.large:2,S'))
B.put('9.text:2,S', b'Subject: text\n\n' + (b'x' * 75 + b'\n') * 900000)
c = opened()
refused(c, MAIL + '.Show', {'folder': '', 'mid': '9.text'}, MAIL + '.TooLarge', 'a text of 68 MB is beyond what one answer may have', want={})
eq(len(c.call(MAIL + '.Raw', {'folder': '', 'mid': '9.text'})['body']), (15 + 76 * 900000) // 3 * 4, 'Raw gives it')
eq(c.end(), 0, 'and the connection goes on')
os.unlink(os.path.join(B.path, 'cur', '9.text:2,S'))
B.put('8.name:2,S', b'Content-Type: a/b; name="' + b'x' * 1000000 + b'"\n\nbody')
c = opened()
got = c.call(MAIL + '.Raw', {'folder': '', 'mid': '8.name', 'path': '1'})
eq((len(got['header']['file_name']), got['body']), (1000000, 'Ym9keQ=='), 'Raw of a part whose name has a million octets')
c.end()
for n in (0, 1, 2, 3, 4, 8191, 65535, 65536, 65537, 131072, 200001):
    body = os.urandom(n)
    B.put('8.size:2,S', b'Content-Type: a/b\n\n' + body)
    c = opened()
    eq(base64.b64decode(c.call(MAIL + '.Raw', {'folder': '', 'mid': '8.size', 'path': '1'})['body'], validate=True) == body, True, '%d octets' % n)
    c.end()


# --- programs that do not do what they should ---
def with_prog(script, method='Stats', parameters={'folder': '', 'mid': 'x'}):
    """The replies to a call that runs a script, and to one behind it; and the exit code."""
    c = opened(one=True, prog=('sh', '-c', script))
    c.send(MAIL + '.' + method, parameters)
    c.send(SERVICE + '.GetInfo')
    c.socket.shutdown(socket.SHUT_WR)
    replies = []
    while True:
        r = c.reply()
        if r is None:
            break
        replies.append(r.get('error', 'good').replace(MAIL, 'M').replace(SERVICE, 'S'))
    return replies, c.end()


eq(with_prog('exit 111'), (['M.Temporary', 'good'], 0), 'a program that ends with 111')
c = opened(one=True, prog=('sh', '-c', 'printf \'{"parameters":{\'; kill -9 $$'))
c.send(MAIL + '.Stats', {'folder': ''})
c.send(SERVICE + '.GetInfo')
c.socket.shutdown(socket.SHUT_WR)
eq((c.rest(), c.end()), (b'{"parameters":{', 110), 'one that is killed: nothing is sent behind what it may have sent')
eq(with_prog('kill -9 $$'), ([], 110), 'or may not')
eq(with_prog('exit 5'), (['M.Unknown', 'good'], 0), 'with 5')
eq(with_prog('exit 100'), (['M.Unknown', 'good'], 0), 'with 100')
eq(with_prog('exit 110'), ([], 110), 'with 110: the reply broke off')
eq(with_prog('printf \'{"parameters":{}}\\0\'; exit 3'), (['good', 'good'], 0), 'one that answers itself')
c = opened(prog=('/nowhere/prog',))
refused(c, MAIL + '.Stats', {'folder': ''}, MAIL + '.Unknown', 'a program that is not there', want={'text': 'the request could not be carried out'})
eq(c.end(), 0, 'does not end the connection')
op = 'exec varlink-call %s "$0"'
answers = os.path.join(work, 'answers')


def with_op(script, method='Stats'):
    with open(answers, 'w') as f:
        f.write('#!/bin/sh\n' + script + '\n')
    os.chmod(answers, 0o755)
    return with_prog(op % answers, method)


for method in ('Stats', 'Raw'):
    eq(with_op('exit 111', method), (['M.Temporary', 'good'], 0), method + ': maildir-op ends with 111')
    eq(with_op('exit 110', method), (['M.Unknown', 'good'], 0), 'with 110, which does not mean that a reply broke off')
    eq(with_op('exit 5', method), (['M.Unknown', 'good'], 0), 'with 5')
    eq(with_op('printf abcdef; exit 111', method), (['M.Temporary', 'good'], 0), 'after some octets')
    eq(with_op('kill -9 $$', method), (['M.Temporary', 'good'], 0), 'is killed')
    eq(with_op('printf garbage', method), (['M.Temporary', 'good'], 0), 'writes no message')
    eq(with_op('printf garbage; exit 3', method), (['M.Temporary', 'good'], 0), 'writes none, with 3')
    eq(with_op('exit 3', method), (['M.Unknown', 'good'], 0), 'says no without a word')
    eq(with_op('exit 4', method), (['S.InvalidParameter', 'good'], 0), 'with 4')
    eq(with_op('exit 6', method), (['S.MethodNotImplemented', 'good'], 0), 'with 6')
    eq(with_op("printf 'z\\2\\b\\10'; exit 3", method), (['M.OverQuota', 'good'], 0), 'over quota')
    eq(with_op("printf 'z\\2\\b\\12'; exit 3", method), (['M.Temporary', 'good'], 0), 'temporary, with 3')
    eq(with_op("printf 'z\\6\\b\\77\\22\\2\\377x'; exit 3", method), (['M.Unknown', 'good'], 0), 'an error that is new, its text no UTF-8')
c = opened(prog=('sh', '-c', op % answers))
with open(answers, 'w') as f:
    f.write("#!/bin/sh\nprintf 'z\\2\\b\\4'; exit 3\n")
refused(c, MAIL + '.ListSearch', base, MAIL + '.NoSuchMail', 'no such mail, where none was named', want={'mid': ''})
c.end()
eq(with_op("printf '\\22\\3abc'", 'Raw'), (['good', 'good'], 0), 'Raw without a header')
eq(with_op("printf '\\n\\0\\22\\3abc'", 'Raw'), (['good', 'good'], 0), 'Raw, whole')
for script, name in (("printf '\\n\\0\\22\\3ab'", 'a body that is cut'), ("printf '\\n\\0\\22\\3abc'; exit 111", 'that fails behind its body'),
                     ("printf '\\n\\0\\22\\3abcd'", 'with too much'), ("printf '\\n\\0\\22\\3abc'; kill -9 $$", 'that is killed')):
    try:
        got = with_op(script, 'Raw')
    except EOFError:
        got = 'broke off'
    ok(got in ('broke off', ([], 110)), 'Raw: %s breaks off' % name)

# --- varlink-call alone ---
def call(method, parameters, prog=OP):
    data = parameters if isinstance(parameters, bytes) else json.dumps(parameters).encode()
    r = subprocess.run([CALL, prog, method], input=data, cwd=B.path, capture_output=True)
    return r.returncode, json.loads(r.stdout[:-1]) if r.stdout else None


eq(call('Stats', {'folder': 'Sent'}), (0, {'parameters': {'mail_count': 1, 'unread_count': 0, 'byte_size': 20}}), 'varlink-call: 0')
eq(call('Stats', {'folder': 'x'})[0], 3, '3: an error')
eq(call('Stats', {'folder': 5})[0], 4, '4: a parameter')
for bad in (b'', b'{', b'[]', b'{"folder":""}{}', b'{"folder":"\xff"}', b'{"folder":"","folder":""}', b'{"folder":"\0"}', b' ' * 2200000):
    eq(call('Stats', bad), (4, {'error': SERVICE + '.InvalidParameter', 'parameters': {'parameter': 'parameters'}}), '4: %r' % bad[:20])
eq(call('Foo', {})[0], 6, '6: no such method')
eq(call('Stats', {'folder': ''}, '/nowhere')[0], 127, '127: no such program')
eq(call('Raw', {'folder': '', 'mid': plain}, '/nowhere'), (127, None), 'and nothing is sent')
eq(call('Raw', {'folder': '', 'mid': plain}, '/dev/null')[0], 126, '126: one that cannot be run')
r = subprocess.run('"%s" "%s" Stats > /dev/full' % (CALL, OP), input=b'{"folder":""}', cwd=B.path, shell=True, stderr=STDERR)
eq(r.returncode, 110, '110: the reply could not be sent')
for argv in ([READ], [READ, '-b', 'relative', 'x'], [READ, '-t', '0', 'x'], [READ, '-t', 'x', 'x'], [READ, '-x', 'x'], [CALL], [CALL, 'x'], [CALL, '-t', '0', 'x', 'y'], [CALL, '-x', 'x', 'y']):
    eq(subprocess.run(argv, stdin=subprocess.DEVNULL, stderr=STDERR).returncode, 100, 'usage: ' + ' '.join([os.path.basename(argv[0])] + argv[1:]))

# The program's time is not the reader's.
pausing = os.path.join(work, 'pausing')
with open(pausing, 'w') as f:
    f.write("#!/bin/sh\nprintf '\\n\\0\\22\\240\\234\\1'; head -c 10000 /dev/zero; sleep 5; head -c 10000 /dev/zero\n")
os.chmod(pausing, 0o755)
r = subprocess.run([CALL, '-t', '4', pausing, 'Raw'], input=b'{"folder":"","mid":"x"}', cwd=B.path, stdout=subprocess.PIPE, stderr=STDERR)
eq((r.returncode, len(r.stdout) > 20000 * 4 / 3), (0, True), 'Raw of a program that pauses for longer than the reader may')

# --- PORTER_STATUS ---
r, w = os.pipe()
c = door(prog=('sh', '-c', 'printf \'{"parameters":{"x":"%s"}}\\0\' "${PORTER_STATUS:-hidden}"'), pass_fds=[w], env={**os.environ, 'PORTER_STATUS': str(w)})
os.close(w)
eq(os.read(r, 10), b'\0', 'one octet says that it began')
c.call(MAIL + '.Init', {'mailbox_path': ''})
eq(c.call(MAIL + '.X'), {'x': 'hidden'}, 'and programs do not see it')
c.end()

eq(slow.communicate()[0], b'110\n', 'who takes 3000 octets a second is left alone after the patience, whatever the pieces took')
ok('timed out' in open(os.path.join(work, 'err.slow')).read(), 'and is said to be late')
whole = subprocess.run([CALL, 'sh', '-c', 'cat "$0"', few_folders, 'Folders'], input=b'{}', stdout=subprocess.PIPE).stdout
eq(stopped.communicate()[0].decode(), '0 %d\n' % len(whole), "its own standstill is not the reader's")
done()
