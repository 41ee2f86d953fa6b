"""maildir-v1 on a mailbox of its own: every mode, key for key, and what senseless arguments get."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'maildir'))
from op import *  # noqa: E402,F403

T = 1550830000
B = Box()
B.folder('.Sent')
B.folder('.Entw&APw-rfe')           # Entwürfe
B.folder('.&ZeVnLIqe-')             # 日本語

PLAIN = 'From: "Zoë \\"Q\\" Ä" <zoe@example.org>, bob@example.com\nTo: "\\\\back" <a@example.com>\nCc: c@example.com\n' \
    'Subject: =?utf-8?b?8J+YgA==?= Grüße "quoted" \\back\\ \tTab\nDate: Fri, 22 Feb 2019 11:06:54 +0100\n\nHallo Welt äöü\n'
NESTED = '''From: m@example.org
Subject: parts
Date: Sat, 23 Feb 2019 23:30:00 -0800
MIME-Version: 1.0
Content-Type: Multipart/Mixed; boundary=a

preamble
--a
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

caf=E9
--b
Content-Type: TEXT/HTML; charset=utf-8
Content-Transfer-Encoding: base64

PGI+8J+YgDwvYj4K
--b--
--a
Content-Type: image/png; name="x.png"
Content-Disposition: attachment; filename="=?utf-8?q?=C3=A4.png?="
Content-ID: <id@x>
Content-Transfer-Encoding: base64

iVBORw0KGgoAAQIK
--a
Content-Type: message/rfc822

Subject: inner

inner text
--a--
'''
plain, nested, dateless, empty, sent = ['%d.M%dP1.h' % (T + 1000 * i, i) for i in range(5)]
B.put(plain + ':2,S', PLAIN)
B.put(nested, NESTED, sub='new')
B.put(dateless + ':2,', 'Subject: no date\nContent-Type: text/html; charset=utf-8\n\n<p>x</p>\n')
B.put(empty + ':2,RS', '')
B.put(sent + ':2,S', 'From: x@example.org\nSubject: sent\nDate: Fri, 1 Mar 2019 00:00:00 +0000\n\nsent text\n', folder='.Sent')
before = B.everything()


def run(*args, env=None):
    r = subprocess.run([bin_dir + '/maildir-v1', bin_dir + '/maildir-op', *args], cwd=B.path, capture_output=True, env=env, timeout=60)
    return r.returncode, r.stdout, r.stderr


def v1(*args):
    """The JSON of an answer that must be one line of ASCII without control characters."""
    code, out, err = run(*args)
    line = all(0x20 <= c < 0x7f for c in out[:-1]) and out.endswith(b'\n')
    if (code, err, line) != (0, b'', True):
        return (code, err, out)
    return json.loads(out, object_pairs_hook=lambda p: dict(p) if len(dict(p)) == len(p) else p)


def addr(name, address):
    return {'name': name, 'address': address, 'email': address}


def both(head):
    """What is in a head stands beside it, too, once more with the date under its older name."""
    return {'head': head, **head, 'date_received': head['date']}


plain_head = {'subject': '\U0001f600 Grüße "quoted" \\back\\ \tTab',
              'from': [addr('Zoë "Q" Ä', 'zoe@example.org'), addr('', 'bob@example.com')],
              'to': [addr('\\back', 'a@example.com')], 'cc': [addr('', 'c@example.com')], 'bcc': [],
              'date': '2019-02-22T10:06:54Z', 'content_type': 'text/plain'}
nested_head = {'subject': 'parts', 'from': [addr('', 'm@example.org')], 'to': [], 'cc': [], 'bcc': [],
               'date': '2019-02-24T07:30:00Z', 'content_type': 'multipart/mixed'}
sizes = {m: os.stat(os.path.join(B.path, s + n)).st_size for m, s, n in
         ((plain, 'cur/', plain + ':2,S'), (nested, 'new/', nested), (dateless, 'cur/', dateless + ':2,'), (empty, 'cur/', empty + ':2,RS'))}

# --- count, folders ---
eq(v1('count', ''), {'count': 4, 'size': sum(sizes.values()), 'new': 2}, 'count')
eq(v1('count'), v1('count', ''), 'count without its empty argument')
eq(v1('count', 'Sent')['count'], 1, 'count of a folder')
eq(sorted(v1('folders')), sorted(['Sent', 'Entwürfe', '日本語']), 'folders, without the inbox')
eq(v1('count', 'Entwürfe'), {'count': 0, 'size': 0, 'new': 0}, 'an empty folder')
eq(v1('count', '日本語')['count'], 0, 'a folder in another alphabet')

# --- list ---
heads = v1('list', '0', '9', 'date', '')
eq([h['mid'] for h in heads], [plain, dateless, empty, nested], 'date: oldest first, END beyond the last')
eq(heads[0], {'mid': plain, 'size': sizes[plain], 'new': False, 'is_multipart': False, **both(plain_head)}, 'a head, key for key')
fields = ['subject', 'from', 'to', 'cc', 'bcc', 'date', 'content_type']
eq(list(heads[0]) + list(heads[0]['head']), ['mid', 'size', 'new', 'is_multipart', 'head'] + fields + ['date_received'] + fields, 'in this order')
eq(heads[3], {'mid': nested, 'size': sizes[nested], 'new': True, 'is_multipart': True, **both(nested_head)}, 'a new multipart')
eq(heads[1]['head']['date'], '2019-02-22T10:40:00Z', 'a mail without a date has its delivery\'s')
eq(heads[1]['head']['content_type'], 'text/html', 'without parameters, in lower case')
eq(heads[2], {'mid': empty, 'size': 0, 'new': False, 'is_multipart': False, **both({'subject': '', 'from': [], 'to': [], 'cc': [], 'bcc': [],
              'date': '2019-02-22T10:56:40Z', 'content_type': 'text/plain'})}, 'an empty mail')
for word in ('', 'date'):
    eq([h['mid'] for h in v1('list', '0', '9', word, '')], [plain, dateless, empty, nested], 'order "%s"' % word)
for word in ('!', '!date'):
    eq([h['mid'] for h in v1('list', '0', '9', word, '')], [nested, empty, dateless, plain], 'order "%s"' % word)
eq([h['mid'] for h in v1('list', '0', '9', 'size', '')], sorted(sizes, key=lambda m: sizes[m]), 'order "size"')
eq([h['mid'] for h in v1('list', '0', '9', '!size', '')], sorted(sizes, key=lambda m: -sizes[m]), 'order "!size"')
eq([h['mid'] for h in v1('list', '0', '9', 'subject', '')][:3], [empty, dateless, nested], 'order "subject"')
eq([h['mid'] for h in v1('list', '0', '9', 'sender', '')][2:], [nested, plain], 'order "sender"')
eq([h['mid'] for h in v1('list', '1', '2', 'date', '')], [dateless, empty], 'END is inclusive')
eq([h['mid'] for h in v1('list', '1', '1', 'date', '')], [dateless], 'START is END')
eq(v1('list', '7', '9', 'date', ''), [], 'START beyond the last')
eq(v1('list', '4294967295', '4294967295', 'date', ''), [], 'START at the end of 32 bits')
eq(len(v1('list', '0', '9999999999999999999', 'date', '')), 4, 'END beyond 64 bits')
eq(len(v1('list', '0', '9' * 40, 'date', '')), 4, 'END beyond any width')
eq(v1('list', '9' * 39, '9' * 40, 'date', ''), [], 'START and END beyond any width')
eq([h['mid'] for h in v1('list', '0' * 30 + '1', '0' * 30 + '2', 'date', '')], [dateless, empty], 'zeros in front')
eq(len(v1('list', '0', '9')), 4, 'list without its empty arguments')
eq(v1('list', '0', '9', '', 'Sent')[0]['mid'], sent, 'list of a folder')

# --- read-mail ---
eq(v1('read-mail', plain), {'size': sizes[plain], **both(plain_head), 'body': 'Hallo Welt äöü\n'}, 'read-mail')
eq(list(v1('read-mail', plain)), ['size', 'head'] + fields + ['date_received', 'body'], 'in this order')


def part(kind, body):
    return {'type': kind, 'val': body, 'head': {'content_type': kind}, 'body': body}


inner = [part('text/plain', 'café'), part('text/html', '<b>\U0001f600</b>\n')]
eq(v1('read-mail', nested), {'size': sizes[nested], **both(nested_head), 'body': [
    part('multipart/alternative', inner), part('image/png', ''), part('message/rfc822', '')]}, 'read-mail of a multipart')
eq(v1('read-mail', dateless), {'size': sizes[dateless], **both({'subject': 'no date', 'from': [], 'to': [], 'cc': [], 'bcc': [],
   'date': '2019-02-22T10:40:00Z', 'content_type': 'text/html'}), 'body': '<p>x</p>\n'}, 'read-mail without a date')
eq(v1('read-mail', empty)['body'], '', 'read-mail of an empty mail')
eq(v1('read-mail', sent)['body'], 'sent text\n', 'a mail that lies in a folder')

for name, content, body in (
        ('no boundary parameter', 'Content-Type: multipart/mixed\n\nGr\u00fc\u00dfe\n', [part('text/plain', 'Gr\u00fc\u00dfe\n')]),
        ('no boundary line', 'Content-Type: multipart/alternative; boundary=q\n\ntext\n', [part('text/plain', 'text\n')]),
        ('nothing at all', 'Content-Type: multipart/mixed; boundary=q\n\n', []),
        ('inside another', 'Content-Type: multipart/mixed; boundary=q\n\nno\n--q\nContent-Type: multipart/mixed\n\ninner\n--q--\n',
         [part('multipart/mixed', [part('text/plain', 'inner')])])):
    partless = str(T) + '.M9P1.h'
    B.put(partless + ':2,', content)
    eq(v1('read-mail', partless)['body'], body, 'a multipart without parts, %s: its text is shown' % name)
    os.unlink(B.path + '/cur/' + partless + ':2,')

# The date of the delivery: of mails that are as large, and of one whose name lies about it.
alike = ['%d.M%dP7.h' % (T + 60 * i, i) for i in range(30)]
liar = '%d.M9P8.h,S=9' % (T + 3600)
for name in alike + [liar]:
    B.put(name + ':2,S', 'Subject: alike\n\nx\n', folder='.Sent')
for name, date in ((alike[0], '10:06:40'), (alike[29], '10:35:40'), (liar, '11:06:40')):
    eq(v1('read-mail', name)['head']['date'], '2019-02-22T' + date + 'Z', 'the delivery of ' + name)
for name in alike + [liar]:
    os.unlink(B.path + '/.Sent/cur/' + name + ':2,S')

# --- how often maildir-op runs ---
counting = os.path.join(work, 'counting')
with open(counting, 'w') as f:
    f.write('#!/bin/sh\necho "$1" >> "$COUNTED"\nexec %s/maildir-op "$1"\n' % bin_dir)
os.chmod(counting, 0o755)


def runs(*args):
    """What maildir-op is asked, in order."""
    counted = os.path.join(work, 'counted')
    open(counted, 'w').close()
    subprocess.run([bin_dir + '/maildir-v1', counting, *args], cwd=B.path, capture_output=True, env=dict(os.environ, COUNTED=counted))
    with open(counted) as f:
        return f.read().split()


third = B.folder('.Zz')
B.put('7.third:2,', 'Subject: x\n\n', folder='.Zz')
eq(v1('folders').index('Zz'), 2, 'a mail in the third folder')
eq(runs('read-mail', plain), ['Show'], 'read-mail of a mail in the inbox is one run')
eq(runs('read-mail', '7.third'), ['Show', 'Folders', 'Show', 'Show', 'Show'], 'elsewhere one a folder that is tried, and one for their names')
eq(runs('raw', '7.third'), ['Raw', 'Folders', 'Raw', 'Raw', 'Raw'], 'raw likewise')
eq(runs('list', '0', '49', '', ''), ['List'], 'a list that reaches beyond the folder is one run')
shutil.rmtree(third)

# --- search ---
eq([h['mid'] for h in v1('search', 'GRÜẞE "QUOTED" \\BACK', '')], [plain], 'search: any case, quotes, backslashes')
eq([h['mid'] for h in v1('search', 'café', '')], [nested], 'search in decoded text')
eq([h['mid'] for h in v1('search', '', '')], [nested, empty, dateless, plain], 'search: newest first')
eq(v1('search', 'nowhere', ''), [], 'nothing found')
eq([h['mid'] for h in v1('search', 'sent text', 'Sent')], [sent], 'search in a folder')
eq(v1('search', 'Hallo', '')[0]['head'], plain_head, 'heads as in lists')


# --- raw ---
def raw(*args):
    code, out, err = run(*args)
    if code or err:
        return code, out, err
    line, _, octets = out.partition(b'\n')
    if not all(0x20 <= c < 0x7f for c in line):
        return 'not ASCII', line
    return json.loads(line), octets


eq(raw('raw', plain)[1], PLAIN.encode(), 'raw: the octets of the file')
eq(raw('raw', plain, '')[1], PLAIN.encode(), 'raw with an empty path')
eq(raw('raw', nested, '2'), ({'content_type': 'image/png', 'charset': '', 'content_disposition': 'attachment', 'file_name': 'ä.png',
                             'content_id': 'id@x', 'size': 12, 'path': '2'}, b'\x89PNG\r\n\x1a\n\0\1\2\n'), 'raw: a part, decoded')
eq(raw('raw', nested, '1.1')[1], b'caf\xe9', 'raw: text as it was sent')
eq(raw('raw', nested)[0]['content_type'], 'multipart/mixed', 'raw: the type of the whole')
eq(raw('raw', sent)[1].split(b'\n')[1], b'Subject: sent', 'raw of a mail in a folder')
eq(raw('raw', empty)[1], b'', 'raw of nothing')

ok(B.everything() == before, 'nothing was changed so far')


# --- errors ---
def error(code, *args):
    got, out, err = run(*args)
    if got == 3:
        answer = json.loads(out)
        return ok(code == 3 and out.count(b'\n') == 1 and not err and list(answer) == ['error', 'mode'] and answer['error']
                  and answer['mode'] == args[0], '%r: error, exit 3' % (args,))
    good = got == code and not out and err.startswith(b'maildir-v1: ') and err.count(b'\n') == 1
    return ok(good, '%r: exit %d with a line' % (args, code)) or print('#', got, out, err)


error(3, 'read-mail', 'none')
error(3, 'read-mail', '')
error(3, 'read-mail', '../cur/' + plain)
error(3, 'read-mail', b'\xff')
error(3, 'move', b'a\xc3', 'Sent')
error(3, 'raw', b'\xed\xa0\x80')
error(3, 'raw', 'none')
error(3, 'raw', nested, '9')
error(3, 'raw', nested, '../1')
error(3, 'move', 'none', 'Sent')
error(3, 'quit')
error(3, '')
error(3, 'LIST', '0', '1', '', '')
error(4, 'list', '5', '4', '', '')
error(4, 'list', '-1', '4', '', '')
error(4, 'list', 'a', '4', '', '')
error(4, 'list', '0', '', '', '')
error(4, 'list', '0', '4x', '', '')
error(4, 'list', '0', '4', 'mid', '')
error(4, 'list', '0', '4', '!!date', '')
error(4, 'list', '0', '4', 'DATE', '')
error(4, 'list', '0', '4', '', 'Nope')
error(4, 'list', '0', '4', '', '', 'x')
error(4, 'list', '0')
error(4, 'count', '../x')
error(4, 'count', 'INBOX')
error(4, 'count', 'a\x1b[0m')
error(4, 'search', 'x', 'Nope')
error(4, 'search', b'\xff', '')
error(4, 'count', b'\xc3')
error(4, 'move', plain, 'Nope')
error(4, 'read-mail')
error(4, 'read-mail', plain, 'x')
error(4, 'folders', 'x')
code, out, err = run(b'\xff"\\\x07')
eq((code, json.loads(out)), (3, {'error': 'no such mode', 'mode': '\ufffd"\\\x07'}), 'a mode that is no text')
code, out, err = run('count', 'a\x1b[0m')
ok(err.isascii() and err[:-1].decode().isprintable(), 'what is told of a folder is made harmless')
eq(subprocess.run([bin_dir + '/maildir-v1'], capture_output=True).returncode, 100, 'no arguments')
eq(subprocess.run([bin_dir + '/maildir-v1', bin_dir + '/maildir-op'], capture_output=True).returncode, 100, 'no mode')
eq(subprocess.run([bin_dir + '/maildir-v1', '/nonexistent', 'count'], capture_output=True).returncode, 127, 'no maildir-op')
eq(subprocess.run([bin_dir + '/maildir-v1', '/', 'count'], capture_output=True).returncode, 126, 'maildir-op cannot be run')
eq(subprocess.run([bin_dir + '/maildir-v1', 'maildir-op', 'count'], capture_output=True, cwd='/').returncode, 5, 'no Maildir here')
eq(subprocess.run(['sh', '-c', 'exec "$1/maildir-v1" "$1/maildir-op" count > /dev/full', 'sh', bin_dir], capture_output=True, cwd=B.path).returncode,
   111, 'a full disk')
for name, script, want in (('killed', 'kill -9 $$', 111), ('no answer', 'exit 3', 111), ('no protobuf', 'printf "\\377"; exit 0', 111),
                           ('half an error', 'printf z; exit 3', 111), ('another code', 'exit 110', 110)):
    stub = os.path.join(work, 'op')
    with open(stub, 'w') as f:
        f.write('#!/bin/sh\n%s\n' % script)
    os.chmod(stub, 0o755)
    r = subprocess.run([bin_dir + '/maildir-v1', stub, 'count'], capture_output=True)
    eq((r.returncode, r.stdout), (want, b''), 'maildir-op gives ' + name)

code, out, err = run('read-mail', 'none')
eq(json.loads(out), {'error': 'no such message', 'mode': 'read-mail'}, 'the words that make JWebmail say that there is none')

# --- twins: two files with one base, in cur and in new ---
B.put('8.twin:2,S', 'Subject: one twin\n\n')
B.put('8.twin', 'Subject: other twin\n\n', sub='new')
B.put('%d.M9P1.50%%:2,' % T, 'Subject: percent\n\n')
twins = {h['subject']: h['mid'] for h in v1('list', '0', '9', '', '')}
inodes = {n: os.stat(os.path.join(B.path, s, f)).st_ino for n, s, f in (('one twin', 'cur', '8.twin:2,S'), ('other twin', 'new', '8.twin'))}
eq({n: twins[n] for n in inodes}, {n: '8.twin%%-%d' % i for n, i in inodes.items()}, 'a twin has no / in its mid')
eq({n: v1('read-mail', twins[n])['subject'] for n in inodes}, {n: n for n in inodes}, 'and is found by it')
eq([h['mid'] for h in v1('search', 'other twin', '')], [twins['other twin']], 'search has it likewise')
eq(raw('raw', twins['one twin'])[1], b'Subject: one twin\n\n', 'raw')
error(3, 'read-mail', '8.twin')
eq(twins['percent'], '%d.M9P1.50%%25' % T, 'a % of its own')
eq(v1('read-mail', twins['percent'])['subject'], 'percent', 'stays what it is')
before = B.ls('.Sent')
moved = {n: v1('move', twins[n], 'Sent')['mid'] for n in inodes}
eq({n: v1('read-mail', moved[n])['subject'] for n in inodes}, {n: n for n in inodes}, 'moved, each is found by its new name: %r' % moved)
ok('/' not in ''.join(moved.values()), 'which has none either')
for name in set(B.ls('.Sent')) - set(before):
    os.unlink(os.path.join(B.path, '.Sent', name))
os.unlink(os.path.join(B.path, 'cur', '%d.M9P1.50%%:2,' % T))

# --- move ---
eq(v1('move', plain, 'Sent'), {'mid': plain}, 'move to a folder')
ok(os.path.exists(os.path.join(B.path, '.Sent/cur', plain + ':2,S')), 'it is there, with its flags')
eq(v1('move', plain), {'mid': plain}, 'move back to the inbox, from the folder where it lies')
ok(os.path.exists(os.path.join(B.path, 'cur', plain + ':2,S')), 'it is there')
eq(v1('move', sent, '日本語'), {'mid': sent}, 'move from a folder to a folder in another alphabet')
eq(v1('count', '日本語')['count'], 1, 'it is there')

# --- more than one page of List, deep and large mails ---
B = Box('many')
for i in range(2345):
    B.put('%d.M%d.h:2,S' % (T + i, i), 'Subject: %d\n\n' % i)
got = v1('list', '0', '5000', '', '')
eq([h['head']['subject'] for h in got], [str(i) for i in range(2345)], 'a list longer than one response of maildir-op')
eq(runs('list', '0', '5000', '', ''), ['List'] * 3, 'in as many runs as it has pages')
eq(runs('list', '0', '999', '', ''), ['List'], 'a page of the very length is one')
eq([h['head']['subject'] for h in v1('list', '990', '2010', '!', '')], [str(2344 - i) for i in range(990, 2011)], 'across two pages, down')
eq(v1('read-mail', '%d.M0.h' % T)['head']['date'], '2019-02-22T10:06:40Z', 'the date of a mail without one')

deep = 'Subject: deep\nContent-Type: multipart/mixed; boundary=b0\n\n'
for i in range(1, 28):
    deep += '--b%d\nContent-Type: text/plain\n\ntext %d\n--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n' % (i - 1, i, i - 1, i)
deep += '--b27\n\ninnermost\n'
B.put('1.deep:2,S', deep)
got = v1('read-mail', '1.deep')


def texts(node):
    return [t for p in node for t in (texts(p['body']) if isinstance(p['body'], list) else [p['body']])]


eq([t.strip() for t in texts(got['body'])], ['text %d' % i for i in range(1, 28)] + ['innermost'], 'no text of a deep mail is lost')
ok(len(json.dumps(got)) < 100 * len(deep), 'its answer is a multiple of its size')
B.put('2.large:2,S', 'Subject: large\n\n' + 'é\U0001f600"\\ line\n' * 200000)
eq(v1('read-mail', '2.large')['body'], 'é\U0001f600"\\ line\n' * 200000, 'a large text')
B.put('3.raw:2,S', b'Subject: raw\n\n' + bytes(range(256)) * 40000)
eq(raw('raw', '3.raw')[1], b'Subject: raw\n\n' + bytes(range(256)) * 40000, 'raw of ten megabytes of any octets')
done()
