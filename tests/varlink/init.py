"""Init as a hostile web program writes it: every path, every user; links that change while it walks; a system out of order."""
import os
import sys
import threading

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, '..', 'maildir'))
sys.path.insert(0, os.path.join(here, '..'))
from op import *  # noqa: E402,F403
from varlink_client import MAIL, SERVICE, Refused, Varlink  # noqa: E402

READ, CALL, OP = (os.path.join(bin_dir, p) for p in ('varlink-read', 'varlink-call', 'maildir-op'))
STDERR = open(os.path.join(work, 'stderr'), 'ab')
os.environ.pop('AUTHUSER', None)
base = os.path.join(work, 'base')


def maildir(path, mails=1):
    for d in ('cur', 'new', 'tmp'):
        os.makedirs(os.path.join(path, d))
    for i in range(mails):
        with open(os.path.join(path, 'cur', '%d.m:2,S' % i), 'w') as f:
            f.write('Subject: x\n\nx\n')


maildir(base + '/ada', 1)
maildir(base + '/bob@ex.org', 2)
maildir(base + '/ex.org/bob', 3)
maildir(base + '/a b%u', 4)
maildir(base + '/.hidden', 5)
maildir(work + '/outside', 6)
maildir(base + '/ada/.Sent', 7)
os.makedirs(base + '/half/cur')
os.symlink(base + '/ada', base + '/link')
os.symlink('ada', base + '/near')
os.symlink(work + '/outside', base + '/out')
os.symlink(work, base + '/up')
os.makedirs(base + '/linked-inside/cur')
os.makedirs(base + '/linked-inside/tmp')
os.symlink(work + '/outside/new', base + '/linked-inside/new')
os.symlink(base, work + '/base-link')
open(base + '/file', 'w').close()
os.mkfifo(base + '/fifo')
here_dir = os.path.join(work, 'here')
os.mkdir(here_dir)


def door(*options, cwd=here_dir, who=None):
    env = os.environ if who is None else {**os.environ, 'AUTHUSER': who}
    return Varlink(argv=[READ, *options, CALL, OP], cwd=cwd, stderr=STDERR, env=env)


def init(c, path, user='vmail'):
    try:
        return c.call(MAIL + '.Init', {'unix_user': user, 'mailbox_path': path})
    except Refused as e:
        return e.name.rsplit('.', 1)[1], e.parameters


DENIED = ('PermissionDenied', {})


def mails(c):
    try:
        return c.call(MAIL + '.Stats', {'folder': ''})['mail_count']
    except Refused as e:
        return e.name.rsplit('.', 1)[1]


def lets_in(path, count, name=None, base=base, who=None):
    c = door('-b', base, '-u', 'vmail', who=who)
    eq((init(c, path), mails(c)), ({}, count), 'lets in: ' + (name or path.replace(work, '')))
    c.end()


# --- with -b ---
lets_in(base + '/ada', 1)
lets_in(base + '//ada///', 1)
lets_in('/' + base + '/ada', 1)
lets_in(base.replace('/', '//') + '/ada', 1)
lets_in(base + '/' * 5000 + 'ada', 1, 'thousands of slashes')
lets_in(base + '/bob@ex.org', 2)
lets_in(base + '/ex.org/bob', 3)
lets_in(base + '/ex.org//bob/', 3)
lets_in(base + '/a b%u', 4)
lets_in(base + '/ada', 1, 'a base with a slash at its end', base=base + '/')
lets_in(base + '/ada', 1, 'a base with many', base=base.replace('/', '///') + '//')
lets_in(work + '/base-link/ada', 1, 'links in base are the administrator\'s', base=work + '/base-link')
lets_in(base + '/ada', 1, 'the root for a base', base='/')

c = door('-b', base, '-u', 'vmail')
for path in ('', '.', '..', '/', 'ada', './ada', '../base/ada', base, base + '/', base + '/.', base + '/..', base + '/ada/..', base + '/ada/../ada', base + '/ada/.', base + '/./ada',
             base + '/../outside', base + '/../base/ada', base + '/none', base + '/half', base + '/link', base + '/near', base + '/out', base + '/up/outside', base + '/up/base/ada',
             base + '/linked-inside', base + '/file', base + '/file/x', base + '/fifo', base + '/.hidden', base + '/ada/.Sent', base + '/ada/cur', work + '/outside', work + '/base-link/ada',
             base + 'x/ada', base[:-1], base[:-1] + '/ada', base.upper() + '/ada', base + '/ada\n', base + '/\nada', base + '/a\x7fb', base + '/ada ', base + '/\x01', base + '/' + 'x' * 255,
             base + '/' + 'x' * 256, base + '/x' * 3000, '/proc/self/cwd', '/proc/self/root' + base + '/ada', 'file://' + base + '/ada',
             base + '/%u', base + '\\ada', base + '/ada\\', '~/ada', base + '/ada%00', base + '/é'):
    eq(init(c, path), DENIED, 'refused: %.60s' % path.replace(work, ''))
eq(mails(c), 'NotInitialized', 'and nothing was entered')
for user in ('', 'Vmail', 'vmail ', 'root', 'vmail\n', '0', str(os.getuid())):
    eq(init(c, base + '/ada', user), DENIED, 'another user is refused: %r' % user)
for parameters, name in (({'mailbox_path': base + '/ada'}, 'unix_user'), ({'unix_user': 'vmail'}, 'mailbox_path'), ({'unix_user': 5, 'mailbox_path': base + '/ada'}, 'unix_user'),
                         ({'unix_user': None, 'mailbox_path': base + '/ada'}, 'unix_user'), ({'unix_user': 'vmail\0', 'mailbox_path': base + '/ada'}, 'unix_user'),
                         ({'unix_user': 'vmail', 'mailbox_path': base + '/ada\0'}, 'mailbox_path'), ({'unix_user': 'vmail', 'mailbox_path': [base + '/ada']}, 'mailbox_path')):
    try:
        c.call(MAIL + '.Init', parameters)
        ok(False, 'wrong types')
    except Refused as e:
        eq((e.name, e.parameters), (SERVICE + '.InvalidParameter', {'parameter': name}), 'wrong types: %r' % list(parameters.items())[0][0])
eq((init(c, base + '/ada'), mails(c)), ({}, 1), 'after all of these the right one is let in')
for path in (base + '/ada', base + '/bob@ex.org', '', '.'):
    eq((init(c, path), mails(c)), (DENIED, 1), 'and a second one is refused: ' + path.replace(work, ''))
c.end()

# --- who was authenticated has one mailbox, whatever the client says ---
lets_in(base + '/ada', 1, 'ada is in hers', who='ada')
lets_in(base + '/bob@ex.org', 2, 'bob@ex.org in his', who='bob@ex.org')
lets_in(base + '/ex.org/bob', 3, 'by domain, too', who='bob@ex.org')
for who, path in (('ada', '/bob@ex.org'), ('ada', '/ex.org/bob'), ('bob', '/ex.org/bob'), ('bob@ex.org', '/ada'), ('ex.org', '/ex.org/bob'), ('', '/ada'), ('@', '/ada'), ('bob@', '/ex.org/bob'),
                  ('a', '/ada'), ('adam', '/ada'), ('../base/ada', '/ada'), ('ADA', '/ada'), ('ob@ex.org', '/ex.org/bob'), ('b@ob@ex.org', '/ex.org/bob')):
    c = door('-b', base, '-u', 'vmail', who=who)
    eq((init(c, base + path), mails(c)), (DENIED, 'NotInitialized'), '%r is not let into %s' % (who, path))
    c.end()

# --- without -u the user is not looked at; without -b it is the directory that was entered ---
c = door('-b', base)
eq((init(c, base + '/ada', 'anybody'), mails(c)), ({}, 1), 'without -u')
c.end()
c = door('-b', base)
eq((c.call(MAIL + '.Init', {'mailbox_path': base + '/ada', 'unix_user': [5]}), mails(c)), ({}, 1), 'of any type')
c.end()
for path in ('', '.', './', base + '/ada', base + '/near', '../ada', work + '/base-link/ada'):
    c = door('-u', 'vmail', cwd=base + '/ada', who='ada')
    eq((init(c, path), mails(c)), ({}, 1), 'without -b: %s' % (path.replace(work, '') or 'empty'))
    c.end()
c = door('-u', 'vmail', cwd=base + '/ada', who='ada')
for path in ('..', '/', base, base + '/bob@ex.org', base + '/none', base + '/ada/cur', work + '/outside', base + '/file', base + '/fifo', 'x' * 5000, base + '/up/outside', '/proc/self/fd/0'):
    eq((init(c, path), mails(c)), (DENIED, 'NotInitialized'), 'without -b, refused: %.40s' % path.replace(work, ''))
eq((init(c, ''), mails(c)), ({}, 1), 'and then the right one')
c.end()

# --- trouble of the system is no refusal, and passes ---
c = Varlink(argv=['sh', '-c', 'ulimit -n 4; exec "$0" "$@"', READ, '-b', base, CALL, OP], cwd=here_dir, stderr=STDERR)
eq(init(c, base + '/ada'), ('Temporary', {}), 'no descriptors left')
c.end()

# --- a component that becomes a link while Init walks ---
race = os.path.join(base, 'race')
maildir(race + '/box', 1)
os.symlink(work + '/outside', base + '/swap')
stop = threading.Event()


def swap():
    """race/box is in turn a mailbox and a link out of base: by exchange, so that one of them is always there."""
    import ctypes
    libc = ctypes.CDLL(None)
    os.symlink(work + '/outside', race + '/other')
    while not stop.is_set():
        libc.renameat2(-100, (race + '/box').encode(), -100, (race + '/other').encode(), 2)


thread = threading.Thread(target=swap)
thread.start()
seen = set()
for i in range(60):
    c = door('-b', base)
    for k in range(50):
        got = init(c, race + '/box')
        seen.add('in' if got == {} else got[0])
        if got == {}:
            seen.add(mails(c))
            break
    c.end()
stop.set()
thread.join()
ok(seen <= {'in', 'PermissionDenied', 1} and 'in' in seen and 'PermissionDenied' in seen, 'a link that comes and goes leads nowhere: %r' % seen)
done()
