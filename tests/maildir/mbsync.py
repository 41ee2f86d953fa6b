"""porter on the near side, Dovecot on the far side, Debian's isync between them."""
from dovecot import *

os.chmod(work, 0o755)
near, far = OwnedBox('near'), OwnedBox('far')
for box in (near, far):
    for f in ('.Kept', '.Other'):
        box.folder(f)
    give(box.path)
server = Server(far.path, os.path.join(work, 'home'))
conf = mbsync_config(server, near.path, 'INBOX Kept Other')
give(server.home)


def sync():
    r = subprocess.run(AS + ['env', '-i', 'HOME=' + server.home, 'mbsync', '-c', conf, 'all'], capture_output=True, timeout=120)
    return r.returncode, ''.join(l for l in r.stderr.decode().splitlines(True) if ': Info: ' not in l)


def whole(box):
    """By text: how often, and where. Texts are one to nine, on both sides."""
    found = {}
    for f in ('', '.Kept', '.Other'):
        for n in box.ls(f):
            text = open(os.path.join(box.path, f, n), 'rb').read().decode()
            found.setdefault(text[text.index('\n\n') + 2:].strip() if '\n\n' in text else text.split('\r\n\r\n')[1].strip(), []).append(f)
    return found


for i in range(9):
    far.put('%d.M%dP1.far' % (1700000000 + i, i), text='Subject: m%d\nMessage-ID: <%d@far.example>\n\ntext %d\n' % (i, i, i), sub='new')
give(far.path)
eq(sync(), (0, ''), 'first sync')
ok(all(',U=' in n for n in near.ls()), 'mbsync has put its numbers into every name')
texts = ['text %d' % i for i in range(9)]
place = {t: '' for t in texts}
eq({t: f[0] for t, f in whole(near).items()}, place, 'nine mails near')


def mid_of(folder, text):
    for h in near.call('List', folder=folder, end=99).mail_heads:
        if h.header.subject == 'm' + text.split()[1]:
            return h.mid


def same(round_name):
    for box, name in ((near, 'near'), (far, 'far')):
        found = whole(box)
        eq((sorted(found), [t for t in found if len(found[t]) != 1], {t: f[0] for t, f in found.items()} == place), (texts, [], True), '%s: all nine whole and in their places, %s' % (round_name, name))


for n in range(3):
    moved = texts[3 * n % 9:][:2] + texts[(3 * n + 4) % 9:][:1]
    for t in moved:
        source = place[t]
        target = {'': 'Kept', '.Kept': 'Other', '.Other': ''}[source]
        before = mid_of(source[1:], t)
        r = near.call('Move', mids=[before], from_folder=source[1:], to_folder=target)
        eq((near.code, r.outcomes[0].new_mid), (0, before), 'move of %s, near: the mid stays' % t)
        place[t] = '.' + target if target else ''
    flagged = texts[(n + 7) % 9]
    near.call('SetFlags', folder=place[flagged][1:], mids=[mid_of(place[flagged][1:], flagged)], add='F')
    eq(sync(), (0, ''), 'sync %d after moves near: no word of mbsync' % n)
    same('sync %d' % n)
    client = server.client()
    t = texts[(3 * n + 7) % 9]
    client.select(place[t][1:] or 'INBOX')
    status, found = client.search(None, 'SUBJECT', 'm' + t.split()[1])
    eq((status, client.search(None, 'FLAGGED')[0]), ('OK', 'OK'), 'Dovecot serves the far side')
    target = {'': 'Kept', '.Kept': 'Other', '.Other': 'INBOX'}[place[t]]
    eq(client._simple_command('MOVE', found[0], target)[0], 'OK', 'move of %s, far' % t)
    client.logout()
    place[t] = '.' + target if target != 'INBOX' else ''
    eq(sync(), (0, ''), 'sync %d after a move far' % n)
    same('sync %d back' % n)
    bad = [x for x in near.ls() + near.ls('.Kept') + near.ls('.Other') if x.count(',U=') != 1]
    eq(bad, [], 'each near name has one number')
eq(server.complaints(), [], 'Dovecot had nothing to say')
done()
