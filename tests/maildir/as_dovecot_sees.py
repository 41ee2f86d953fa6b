"""What Dovecot makes of what methods do, one after the other: at once is storm.py's."""
import re
from dovecot import *

T = 1700000000
os.chmod(work, 0o755)
box = OwnedBox('seen')
for f in ('A', 'A.b', 'Other'):
    box.folder('.' + f)
give(box.path)
imap = Server(box.path, os.path.join(work, 'imap'))


def folders(c):
    return sorted(re.search(rb'"([^"]*)"$|(\S+)$', l).group(0).strip(b'"').decode() for l in c.list()[1] if l)


def view(c, f):
    """UIDVALIDITY, and of each mail its UID, flags and arrival."""
    validity = c.status('"%s"' % f, '(UIDVALIDITY)')[1][0].split(b'(')[1]
    c.select('"%s"' % f)
    answer = c.uid('FETCH', '1:*', '(FLAGS INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT)])')[1]
    out = {}
    for a in answer:
        if isinstance(a, tuple):
            flags = sorted(x for x in re.search(rb'FLAGS \(([^)]*)\)', a[0]).group(1).decode().split() if x != '\\Recent')
            out[a[1].decode().split(':')[1].strip()] = (int(re.search(rb'UID (\d+)', a[0]).group(1)), flags, time.mktime(imaplib.Internaldate2tuple(a[0])))
    return validity, out


# --- what is stored ---
for n, (date, seconds) in enumerate((('1970-01-02T00:00:00Z', 86400), ('2017-02-28T12:00:00+05:30', 1488263400), ('2040-01-01T00:00:00Z', 2208988800))):
    box.call('Append', folder='A', flags='SF', keywords=['Work'], date=date, octets=b'Subject: %d\n\nx\n' % n)
c = imap.client()
seen = view(c, 'A')
eq([(seen[1][str(n)][1], seen[1][str(n)][2]) for n in range(3)], [(['Work', '\\Flagged', '\\Seen'], s) for s in (86400, 1488263400, 2208988800)], 'flags, keywords and dates of Append')
c.uid('STORE', str(seen[1]['1'][0]), '+FLAGS', '(Later)')
box.call('SetFlags', folder='A', mids=[h.mid for h in box.call('List', folder='A', end=9).mail_heads], add_keywords=['fresh', 'later'], remove_keywords=['work'])
c.noop()
eq([sorted(view(c, 'A')[1][str(n)][1]) for n in range(3)], [['Later', '\\Flagged', '\\Seen', 'fresh']] * 3, 'keywords of both, a session that is open')
c.uid('STORE', str(seen[1]['1'][0]), '+FLAGS', '($Forwarded)')
box.call('SetFlags', folder='A', mids=[box.call('List', folder='A', end=1, sort=dict(parameter='ARRIVAL')).mail_heads[0].mid], add_keywords=['$forwarded'])
eq([('$Forwarded' in view(c, 'A')[1][str(n)][1]) for n in range(3)], [True, True, False], '$Forwarded is P, and its letter once a folder has one')

# --- renaming, with a session that has it open and one that has not ---
other = imap.client()
other.select('INBOX')
before = view(c, 'A')
below = view(other, 'A.b')
other.select('INBOX')
listed = imap.client()
shown = folders(listed)
box.call('RenameFolder', name='A', new_name='New')
# Dovecot keeps a list of its own (dovecot.list.index), which a session that has read it trusts until another writes there.
print('# a session that has listed before tells %s' % ('the new name' if folders(listed) != shown else 'the old name until a new one has listed'))
eq(folders(imap.client()), ['INBOX', 'New', 'New.b', 'Other'], 'the list of a new session')
eq((shown, folders(listed), folders(other)), (['A', 'A.b', 'INBOX', 'Other'],) + (['INBOX', 'New', 'New.b', 'Other'],) * 2, 'from then on that of sessions that were there before: the new name, not the old one')
eq((view(other, 'New'), view(other, 'New.b')), (before, below), 'RenameFolder: UIDVALIDITY, UIDs, flags, keywords and dates stay')
try:
    c.noop()
    c.uid('FETCH', '1:*', '(FLAGS)')
    print('# the session that had it open goes on')
    c.logout()
except imaplib.IMAP4.error:
    print('# the session that had it open is ended, as by a RENAME of its own')
d = imap.client()
eq(view(d, 'New'), before, 'and for a new session')
d.rename('New', 'Theirs')
eq(([f.name for f in box.call('FolderInfo', names_only=True).folders], view(d, 'Theirs')), (['', 'Other', 'Theirs', 'Theirs.b'], before), "Dovecot's own RENAME does the same")

# --- carrying ---
move, copy = [h.mid for h in box.call('List', folder='Theirs', end=2, sort=dict(parameter='ARRIVAL')).mail_heads]
box.call('Move', mids=[move], from_folder='Theirs', to_folder='Other')
box.call('Copy', mids=[copy], from_folder='Theirs', to_folder='Other')
there = view(d, 'Other')[1]
eq({s: x[1:] for s, x in there.items()}, {s: before[1][s][1:] for s in ('0', '1')}, 'Move and Copy: flags, keywords and dates come along')
left = view(d, 'Theirs')
eq((left[0], left[1]), (before[0], {s: before[1][s] for s in ('1', '2')}), 'the others keep their UIDs')

# --- removing ---
other.select('INBOX')
d.select('Other')
r = box.call('RemoveFolder', name='Theirs', force=True, below=True)
eq((box.code, r.folders, r.mails, folders(imap.client())), (0, 2, 2, ['INBOX', 'Other']), 'RemoveFolder')
eq(other.select('Theirs')[0], 'NO', 'it is not there any more')
box.call('AddFolder', name='Theirs')
fresh = view(other, 'Theirs')
ok(fresh[1] == {} and fresh[0] != before[0], 'a new one of that name has a UIDVALIDITY of its own')
complaints = [l for l in imap.complaints() if '/.A' not in l and 'Mailbox A' not in l]
eq(complaints, [], 'Dovecot had nothing to say, but of the folder that was renamed under it')
done()
