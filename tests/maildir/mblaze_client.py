"""mblaze's programs as a client of a Maildir, for the account that dovecot.py runs things as; and mails that wander, of which several clients
move each."""
import collections, re
from dovecot import *

INSTALLED = os.access('/usr/bin/mrefile', os.X_OK)


def run(*command, **more):
    return subprocess.run(AS + list(command), capture_output=True, timeout=60, **more)


def base_of(path):
    return re.sub(r',U=\d+', '', os.path.basename(path).split(':2,')[0])  # that is mbsync's


def flags_of(path):
    return os.path.basename(path).partition(':2,')[2]


class Mblaze:
    """What these programs did is seen by what -v prints: their exit code is 0 where a name had gone, too."""

    def __init__(self, box, folders):
        self.box, self.folders = box, folders

    def disk(self, f):
        return os.path.join(self.box.path, '.' + f) if f else self.box.path

    def paths(self, f):
        for place in ('new', 'cur'):
            directory = os.path.join(self.disk(f), place)
            for n in os.listdir(directory):
                yield os.path.join(directory, n)

    def find(self, f, base):
        """The path of a mail in a folder, or None."""
        return next((p for p in self.paths(f) if base_of(p) == base), None)

    def deliver(self, f, text, seen):
        """mdeliver: the base that it gave, or None."""
        r = run('mdeliver', '-v', *['-c'] * seen, self.disk(f), input=text.encode())
        return base_of(r.stdout.decode().rstrip('\n')) if r.returncode == 0 else None

    def flag(self, path, letter, on):
        """mflag: whether the mail was at that path, and has the flag now, or has it no more."""
        if (letter in flags_of(path)) == on:
            return os.path.exists(path)
        r = run('mflag', '-v', '-' + (letter if on else letter.lower()), input=path.encode() + b'\n')
        return not r.stderr and (letter in flags_of(r.stdout.decode().rstrip('\n'))) == on

    def refile(self, path, f, keep=False):
        """mrefile: the base that it gave, or None where it did nothing; and the file that it made where it copied what it should have moved."""
        try:
            before = os.stat(path).st_ino
        except FileNotFoundError:
            return None, None
        new = run('mrefile', '-v', *['-k'] * keep, path, self.disk(f)).stdout.decode().rstrip('\n')
        if not new or keep:
            return (base_of(new) if new else None), None
        made = self.inode(base_of(new))
        return base_of(new), made if made not in (before, None) else None

    def inode(self, base):
        """Of a mail that others may be moving on, under that base; None where it is nowhere."""
        for _ in range(1000):
            for path in filter(None, (self.find(f, base) for f in self.folders)):
                try:
                    return os.stat(path).st_ino
                except FileNotFoundError:
                    pass
        return None

    def remove(self, path):
        try:
            os.unlink(path)
            return True
        except FileNotFoundError:
            return False


class Wandering:
    """Mails that several clients move at once, each known by its file: renames keep that."""

    def __init__(self, mblaze):
        self.mblaze = mblaze
        self.said = {}                        # id: a flag: what the client whose flag it is said last
        self.files = {}                       # inode: id
        self.copies = collections.Counter()   # id: how often mrefile itself copied it
        self.there = collections.defaultdict(list)

    def add(self, i, path):
        self.said[i] = {}
        self.files[os.stat(path).st_ino] = i

    def copied(self, i, inode):
        self.files[inode] = i
        self.copies[i] += 1

    def find(self, i):
        """A folder and a path where it is, or was a moment ago; None, None where no listing has it."""
        for f in self.mblaze.folders:
            directory = self.mblaze.disk(f)
            for place in ('new', 'cur'):
                with os.scandir(os.path.join(directory, place)) as entries:
                    for e in entries:
                        if self.files.get(e.inode()) == i:
                            return f, e.path
        return None, None

    def seen(self, i, path):
        """At the end, each name of it."""
        self.there[i].append(path)

    def wrong(self):
        """Those that are lost, or there more often than mrefile made them, or without a flag that was said."""
        out = []
        for i, said in self.said.items():
            there = self.there[i]
            files = {os.stat(p).st_ino for p in there}
            if len(there) != 1 + self.copies[i] or len(files) != len(there):
                out.append((i, there, self.copies[i]))
            elif len(there) == 1 and any((flag in flags_of(there[0])) != on for flag, on in said.items()):
                out.append((i, there, said))
        return out
