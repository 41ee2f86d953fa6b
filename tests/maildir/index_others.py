"""A folder that has an index, changed by mbsync, mutt, mblaze and Python's mailbox in turn: after each, a count, a page and a search are those of a
call that keeps no index."""
import mailbox
import pty
import select
import time
from dovecot import *

MAILS = 300
os.chmod(work, 0o755)
near, far = OwnedBox('near'), OwnedBox('far')
for b in (near, far):
    b.folder('.Kept')
for i in range(MAILS):
    far.put('%d.M%dP1.far' % (1700000000 + i, i), text='From: a%d@example.org\nSubject: m%d\nMessage-ID: <%d@far.example>\n\ntext %d\n' % (i % 7, i, i, i), sub='new')
for b in (near, far):
    give(b.path)
server = Server(far.path, os.path.join(work, 'home'))
conf = mbsync_config(server, near.path, 'INBOX Kept')
give(server.home)
INDEX = near.path + '/porter.index'


def instance():
    """Which image the index is: another would mean that someone had taken the old one away."""
    with open(INDEX, 'rb') as f:
        return f.read(32)[16:24]


def answers(options):
    os.environ['OPTIONS'] = options
    page = (pb.ListSearchReq(limit=400, sort=pb.Sort(direction=pb.Sort.DESC)), pb.ListSearchReq(limit=50, search='text 7'))
    return [near.raw('Stats', b'')] + [near.raw('ListSearch', r.SerializeToString()) for r in page]


def same(who):
    got = answers('')
    eq(got, answers('-I'), '%s: the same answers with the index and without' % who)
    eq(([code for code, _, _ in got], instance()), ([0, 0, 0], first), '%s: the index is still there' % who)


def as_account(*command, **more):
    return subprocess.run(AS + ['env', '-i', 'HOME=' + server.home, 'TERM=xterm', 'PATH=/usr/bin:/bin'] + list(command), capture_output=True, timeout=120, **more)


def sync():
    r = as_account('mbsync', '-c', conf, 'all')
    return r.returncode, ''.join(l for l in r.stderr.decode().splitlines(True) if ': Info: ' not in l)


def count(folder=''):
    return len(near.ls(folder)), len(far.ls(folder))


eq(sync(), (0, ''), 'mbsync brings the mails')
answers('')
first = instance()
same('mbsync')

# --- mbsync: flags, moves and mails that went on the far side, and what porter did on this ---
client = server.client()
client.select('INBOX')
client.store('1:20', '+FLAGS', '\\Seen')
client.store('30:34', '+FLAGS', '\\Deleted')
client.expunge()
client._simple_command('MOVE', '100:109', 'Kept')
client.logout()
eq(sync(), (0, ''), 'mbsync after changes far')
eq(count() + count('.Kept'), (MAILS - 15, MAILS - 15, 10, 10), 'they are here')
same('mbsync, changes far')
os.environ['OPTIONS'] = ''
mids = [h.mid for h in near.call('ListSearch', limit=5, sort=pb.Sort(direction=pb.Sort.DESC)).mail_heads]
near.call('SetFlags', mids=mids, add='FS')
near.call('Remove', mids=mids[:2])
eq(sync(), (0, ''), 'mbsync after changes here')
eq(count(), (MAILS - 17, MAILS - 17), 'they are there')
same('mbsync, changes here')


def mutt(keys):
    """mutt on a terminal of its own, which is read until it ends."""
    rc = os.path.join(work, 'muttrc')
    with open(rc, 'w') as f:
        f.write('set mbox_type=Maildir\nset folder="%s"\nset quit=yes delete=yes move=no confirmappend=no wait_key=no mark_old=no maildir_trash=no\n'
                'set header_cache="" sort=mailbox-order read_inc=0\npush "%s"\n' % (near.path, keys))
    os.chmod(rc, 0o644)
    pid, fd = pty.fork()
    if not pid:
        command = AS + ['env', '-i', 'HOME=' + server.home, 'TERM=xterm', 'PATH=/usr/bin:/bin', 'mutt', '-n', '-F', rc, '-f', near.path]
        os.execvp(command[0], command)
    end = time.monotonic() + 60
    while time.monotonic() < end and select.select([fd], [], [], end - time.monotonic())[0]:
        try:
            if not os.read(fd, 65536):
                break
        except OSError:  # it has gone
            break
    else:
        os.kill(pid, 9)
    os.close(fd)
    return os.waitpid(pid, 0)[1]


# --- mutt: flags, deletion, and mails saved to another folder ---
eq(mutt('<tag-pattern>~s m20[0-4]$<enter><tag-prefix><flag-message><delete-pattern>~s m21[0-2]$<enter><sync-mailbox><quit>'), 0, 'mutt flags and deletes')
eq((len(near.ls()), sum('F' in n.rsplit(',', 1)[1] for n in near.ls() if ':2,' in n)), (MAILS - 20, 8), 'it has done so')
same('mutt')
eq(mutt('<untag-pattern>.<enter><tag-pattern>~s m22[0-3]$<enter><tag-prefix><save-message>=.Kept<enter><sync-mailbox><quit>'), 0, 'mutt saves to another folder')
eq((len(near.ls()), len(near.ls('.Kept'))), (MAILS - 24, 14), 'it has done so')
same('mutt, saving')

# --- mblaze: new mails come in, flags, to another folder and back ---
r = as_account('sh', '-c', 'mlist "$1" | wc -l; mlist "$1" | mpick "/:from a3"', 'sh', near.path)
eq((r.returncode, r.stdout.split()[:1]), (0, [b'%d' % (MAILS - 24)]), 'mlist sees the mails alone')
listed = as_account('mlist', near.path).stdout.split()[:7]
eq(as_account('mflag', '-T', *[n.decode() for n in listed]).returncode, 0, 'mflag: trashed')
same('mblaze')
listed = as_account('mlist', near.path).stdout.decode().split()[20:27]
refiled = as_account('mrefile', '-v', *listed, near.path + '/.Kept').stdout.decode().split()
eq((len(refiled), count()[0], count('.Kept')[0]), (7, MAILS - 31, 21), 'mrefile: to another folder')
same('mrefile')
eq((len(as_account('mrefile', '-v', *refiled, near.path).stdout.split()), count()[0]), (7, MAILS - 24), 'and back')
same('mrefile, back')

# --- Python's mailbox: delivery, flags, removal ---
box = mailbox.Maildir(near.path, create=False)
eq(len(box), MAILS - 24, "Python's mailbox sees the mails alone")
keys = sorted(box.keys())
for k in keys[:3]:
    m = box[k]
    m.add_flag('R')
    box[k] = m
box.remove(keys[5])
box.add(b'From: late@example.org\nSubject: late\n\ntext 7777\n')
give(near.path)
same("Python's mailbox")
eq(sync(), (0, ''), 'mbsync once more')
same('mbsync at the end')
eq(server.complaints(), [], 'Dovecot had nothing to say')
eq(sorted(n for n in os.listdir(far.path) if n.startswith('porter')), [], 'no index has gone far')
done()
