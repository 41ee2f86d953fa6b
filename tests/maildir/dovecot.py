"""Dovecot's imap as a client of a Maildir, for an account that may not be root, and a program in its place."""
import imaplib
from op import *

ACCOUNT = 65534
AS = ['setpriv', '--reuid', str(ACCOUNT), '--regid', str(ACCOUNT), '--clear-groups'] if os.getuid() == 0 else []
CONF = '''mail_location = maildir:%s
base_dir = %s/run
first_valid_uid = 1
ssl = no
maildir_very_dirty_syncs = no
'''


class Server:
    def __init__(self, path, home):
        self.home, self.log, self.conf = home, home + '.log', home + '.conf'
        os.makedirs(home, exist_ok=True)
        open(self.log, 'w').close()
        with open(self.conf, 'w') as f:
            f.write(CONF % (path, home))
        for p in (home, self.log):
            give(p)

    def command(self):
        return ['env', '-i', 'USER=x', 'HOME=' + self.home, '/usr/lib/dovecot/imap', '-c', self.conf]

    def client(self):
        return imaplib.IMAP4_stream(' '.join(AS + self.command()) + ' 2>>' + self.log)

    def complaints(self):
        return [l for l in open(self.log) if 'Error' in l or 'Panic' in l or 'Fatal' in l]


def give(path):
    """To the account, with all that is in it."""
    if AS:
        for d, _, files in os.walk(path):
            os.chown(d, ACCOUNT, ACCOUNT)
            for f in files:
                os.chown(os.path.join(d, f), ACCOUNT, ACCOUNT, follow_symlinks=False)
        if os.path.isfile(path):
            os.chown(path, ACCOUNT, ACCOUNT)


def mbsync_config(server, near, patterns):
    """The file by which mbsync keeps the Maildir near and the server's alike, in those folders."""
    conf = os.path.join(work, 'mbsyncrc')
    with open(conf, 'w') as f:
        f.write('''IMAPAccount far
Tunnel "%s"

IMAPStore far
Account far

MaildirStore near
Inbox %s
SubFolders Maildir++

Channel all
Far :far:
Near :near:
Patterns %s
Create Both
Expunge Both
SyncState %s/state-
''' % (' '.join(server.command()), near, patterns, server.home))
    return conf


class OwnedBox(Box):
    """A Box of the account's, whose methods run as it."""

    def __init__(self, name):
        super().__init__(name)
        give(self.path)

    def raw(self, method, data, env=None):
        r = subprocess.run(AS + [os.path.join(bin_dir, 'maildir-op')] + os.environ.get('OPTIONS', '').split() + [method], input=data, cwd=self.path, capture_output=True, env=env, timeout=60)
        return r.returncode, r.stdout, r.stderr
