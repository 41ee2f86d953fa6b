"""Bounds of ListSearch that a client made itself of what it saw of a mail, and bounds of mails that have gone: by maildir-op and by varlink."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from op import *  # noqa: E402,F403

T = 1550830000
ORDERS = ('DATE', 'SIZE', 'SENDER', 'SUBJECT', 'ARRIVAL')
B = Box()
# Ties in every order, each key in many spellings.
SENDERS = ('"Zoë Äh" <zoe@example.org>', 'ZOË ÄH <z@example.org>', 'bob@example.org', 'Bob@Example.org', '', None)
SUBJECTS = ('s2', 'Re: s2', 'RE: [list] S2 (fwd)', 'Straße', 'Fwd: straße', '', None, 'Re: ' + 'lang ' * 80)
for i in range(24):
    sender, subject = SENDERS[i % 6], SUBJECTS[i % 8]
    head = ''.join('%s: %s\n' % (n, v) for n, v in (('From', sender), ('Subject', subject)) if v is not None)
    if i % 5:
        head += 'Date: Fri, 22 Feb 2019 11:0%d:0%d %s\n' % (i % 3, i % 4, ('+0100', '-0800')[i % 2])
    B.put('%d.M%dP1.h:2,S' % (T + i // 2, i), head + '\n' + 'x' * (i % 4))


def page(by, way, bound=None, direction='AFTER', limit=1, **more):
    return B.call('ListSearch', limit=limit, sort=dict(parameter=by, direction=way), bound=bound, direction=direction, **more)


def made(by, head):
    """Bounds as clients make them of a head."""
    h = head.header
    if by == 'SIZE':
        return [str(head.byte_size), '', 'x']
    if by == 'SENDER':
        first = h.written_from[0] if h.written_from else pb.MailAddr()
        return [first.name, first.address, first.name.upper(), '']
    if by == 'SUBJECT':
        return [h.subject, 'Re: ' + h.subject, h.subject.upper(), '']
    return [h.send_date, head.rec_date, '', 'yesterday']


# --- a mail that is there: its own place, whatever param says ---
for by in ORDERS:
    for way in ('ASC', 'DESC'):
        all_of = page(by, way, limit=100).mail_heads
        whole = [h.mid for h in all_of]
        bad = []
        for i, head in enumerate(all_of):
            for param in made(by, head) + ['\U0001f600', '-99999999999999999999']:
                r = page(by, way, dict(param=param, id=head.mid))
                if (mids(r), r.first, r.last) != (whole[i + 1:i + 2], False if i + 1 else True, i + 2 >= len(whole)):
                    bad.append((head.mid, param, mids(r), r.first, r.last))
                r = page(by, way, dict(param=param, id=head.mid), 'BEFORE')
                if mids(r) != whole[max(i - 1, 0):i]:
                    bad.append((head.mid, param, mids(r), 'before'))
        eq(bad, [], '%s, %s: every mail is a place, whatever is beside its mid' % (by, way))
        for pick in (0, 1):
            bound, got = None, []
            while True:
                r = page(by, way, bound, limit=5)
                got += mids(r)
                if r.last:
                    break
                bound = dict(param=made(by, r.mail_heads[-1])[pick], id=r.mail_heads[-1].mid)
            eq(got, whole, '%s, %s: the pages of a client that makes its own bounds' % (by, way))


# --- the same through varlink ---
def varlink(**parameters):
    r = subprocess.run([os.path.join(bin_dir, 'varlink-call'), os.path.join(bin_dir, 'maildir-op'), 'ListSearch'], cwd=B.path, input=json.dumps(parameters).encode(), capture_output=True)
    return json.loads(r.stdout[:-1])


for by in ('date', 'size', 'sender', 'subject'):
    bound, got = None, []
    while len(got) < 100:
        r = varlink(folder='', bound=bound, direction='after', limit=5, sort={'direction': 'desc', 'parameter': by})['parameters']
        got += [h['mid'] for h in r['mail_heads']]
        if r['last']:
            break
        last = r['mail_heads'][-1]
        sender = (last['header']['written_from'] or [{'name': None, 'address': ''}])[0]
        bound = {'id': last['mid'], 'param': {'date': last['header']['send_date'], 'size': str(last['byte_size']), 'sender': sender['address'], 'subject': last['header']['subject']}[by]}
    eq(got, mids(page(by.upper(), 'DESC', limit=100)), 'varlink: the pages by ' + by)
eq(varlink(folder='', bound={'param': '', 'id': 'gone'}, direction='after', limit=5, sort={'direction': 'desc', 'parameter': 'date'}),
   {'error': 'de.jmhoffmann.jwebmail.mail-storage.NoSuchMail', 'parameters': {'mid': 'gone'}}, 'varlink: neither a mail nor a place')

# --- a mail that has gone: the place of its key ---
for by in ORDERS:
    all_of = list(page(by, 'ASC', limit=100).mail_heads)
    whole = [h.mid for h in all_of]
    bad = []
    for i in range(len(all_of)):
        r = page(by, 'ASC', limit=i + 1)
        own, head = r.last_bound, all_of[i]
        path = [n for n in B.ls() if n.startswith('cur/' + head.mid)][0]
        away = os.path.join(work, 'away')
        os.rename(os.path.join(B.path, path), away)
        params = [own.param]
        if by in ('SIZE', 'SUBJECT'):
            params.append(made(by, head)[0])
        if by == 'SUBJECT' and head.header.subject:
            params.append('Re: [x] ' + head.header.subject + ' (fwd)')
        if by == 'SENDER':
            first = head.header.written_from[0] if head.header.written_from else pb.MailAddr()
            params.append(first.name or first.address)
        if by == 'DATE':
            params.append(head.header.send_date or head.rec_date)
        if by == 'ARRIVAL':
            params.append(head.rec_date)
        for param in params:
            after, before = page(by, 'ASC', dict(param=param, id=head.mid), limit=100), page(by, 'ASC', dict(param=param, id=head.mid), 'BEFORE', limit=100)
            if (mids(after), mids(before)) != (whole[i + 1:], whole[:i]):
                bad.append((head.mid, param, mids(after)[:1], mids(before)[-1:]))
        os.rename(away, os.path.join(B.path, path))
    eq(bad, [], '%s: the place of a mail that has gone, by what was seen of it' % by)

for by, params in (('SIZE', ('', 'x', '-1', '+1', ' 1', '1 ', '0x10', '1.0', '99999999999999999999', '1e3', '2019-02-22T11:06:54Z')),
                   ('DATE', ('', 'x', '+1', ' 1', '1.5', '99999999999999999999', '2019-02-30T00:00:00Z', '2019-02-22', '2019-02-22T11:06:54', '2019-02-22 11:06:54Z', 'Fri, 22 Feb 2019 11:06:54 +0100')),
                   ('ARRIVAL', ('', 'x', '2019-13-01T00:00:00Z'))):
    for param in params:
        for way in ('AFTER', 'BEFORE'):
            eq(B.error('ListSearch', 3, limit=5, sort=dict(parameter=by), direction=way, bound=dict(param=param, id='none')), (3, 'NO_SUCH_MAIL'), '%s: %r is no place' % (by, param))
for by in ('SENDER', 'SUBJECT'):
    r = page(by, 'ASC', dict(param='', id='0'), limit=100)
    eq(mids(r), mids(page(by, 'ASC', limit=100)), '%s: an empty param is the empty key' % by)
    r = page(by, 'ASC', dict(param='', id='~'), limit=100)
    whole = page(by, 'ASC', limit=100)
    eq(len(mids(r)), sum(bool(made(by, h)[0] or (by == 'SENDER' and made(by, h)[1])) for h in whole.mail_heads), 'behind all mails that have it')
for param, want in (('-62135596800', 24), ('9223372036854775807', 0), ('1969-12-31T23:59:59Z', 24), ('9999-12-31T23:59:59Z', 0)):
    eq(len(mids(page('DATE', 'ASC', dict(param=param, id='x'), limit=100))), want, 'DATE: behind %s' % param)
eq(mids(page('ARRIVAL', 'ASC', dict(param=str(T), id=''), limit=100)), mids(page('ARRIVAL', 'ASC', limit=100)), 'a param without an id lies before all mails of that key')
eq(B.error('ListSearch', 4, limit=5, sort=dict(parameter=99), bound=dict(param='1', id='1')), (4, 'BAD_REQUEST'), 'no such order')
eq(mids(page('DATE', 'ASC', dict(param='', id=''), limit=100)), mids(page('DATE', 'ASC', limit=100)), 'an empty bound is none')

# --- a search: a place need not match it ---
whole = mids(page('SIZE', 'ASC', limit=100))
hits = mids(page('SIZE', 'ASC', limit=100, search='straße'))
for i, mid in enumerate(whole):
    got = mids(page('SIZE', 'ASC', dict(param='', id=mid), limit=100, search='straße'))
    if got != [m for m in whole[i + 1:] if m in hits]:
        ok(False, 'search behind ' + mid)
        break
else:
    ok(True, 'with a search, any mail is a place')

# --- twins: the plain mid names none, so its place is param's; each full one has its own ---
B = Box('twins')
B.put('5.t:2,S', b'Subject: a\n\n1')
B.put('5.t', b'Subject: b\n\n22', sub='new')
B.put('6.u:2,S', b'Subject: c\n\n333')
whole = mids(page('SIZE', 'ASC', limit=9))
for i, mid in enumerate(whole):
    eq(mids(page('SIZE', 'ASC', dict(param='', id=mid), limit=9)), whole[i + 1:], 'a twin is a place')
eq(B.error('ListSearch', 3, sort=dict(parameter='SIZE'), bound=dict(param='', id='5.t')), (3, 'NO_SUCH_MAIL'), 'what both share is none')
done()
