"""Which calls are made, told by seed alone, and what the mailbox is like after each: the guest makes them, the host knows what must be there.

A mail is a number; its octets follow from it. A state is where each mail is: {number: {folder: (flags, keywords)}}, and the folders.
"""
import copy, hashlib, random

FLAGS, KEYWORDS = 'FRSPT', ['todo', 'Later', '$Junk']


class State:
    def __init__(self):
        self.mails, self.folders = {}, {''}

    def inside(self, folder):
        return sorted(i for i, places in self.mails.items() if folder in places)


def octets(i):
    """From 100 octets to some pages: a mail that is cut, or whose pages were not all written, is seen."""
    dice = random.Random(i)
    head = 'Subject: mail xid%dx\nMessage-ID: <%d@power>\nReferences: <%d@power>\nFrom: a@example.org\nDate: Thu, 26 Nov 2026 12:00:00 +0000\n\n' % (i, i, i // 7 * 7)
    lines, size = [], dice.choice([0, 300, 4096, 9000, 40000])
    seed = hashlib.sha256(b'%d' % i).hexdigest()
    while sum(map(len, lines)) < size:
        lines.append('%d %s\n' % (len(lines), seed))
    return (head + ''.join(lines) + 'end of xid%dx\n' % i).encode()


def number(text):
    """Of the mail that these octets begin."""
    head = text[:40].split(b'xid', 1)
    return int(head[1].split(b'x', 1)[0]) if len(head) == 2 else -1


class Script:
    """Each call as a dictionary: what it is called, and what the guest needs to make it. now: the state behind those that were made."""

    def __init__(self, seed):
        self.dice, self.now, self.last, self.names = random.Random(seed), State(), 0, 0

    def next(self):
        while True:
            what = self.dice.choices(list(self.KINDS), self.KINDS.values())[0]
            before = copy.deepcopy(self.now)
            call = getattr(self, what)()
            if call:
                return dict(call, what=what, before=before, after=copy.deepcopy(self.now))

    KINDS = {'append': 24, 'upload': 6, 'replace': 6, 'move': 18, 'copy': 10, 'flags': 18, 'keywords': 6, 'remove': 9,
             'add_folder': 4, 'rename_folder': 4, 'remove_folder': 2, 'empty_folder': 1, 'look': 6}

    def folder(self):
        return self.dice.choice(sorted(self.now.folders))

    def some(self, most=3):
        """A folder and mails in it."""
        folder = self.folder()
        inside = self.now.inside(folder)
        return folder, sorted(self.dice.sample(inside, min(len(inside), self.dice.randint(1, most))))

    def marks(self):
        return ''.join(sorted(self.dice.sample(FLAGS, self.dice.randint(0, 3))))

    def append(self):
        self.last += 1
        folder, flags = self.folder(), self.marks()
        words = self.dice.sample(KEYWORDS, self.dice.choice([0, 0, 1]))
        self.now.mails[self.last] = {folder: (frozenset(flags), frozenset(words))}
        return dict(mail=self.last, folder=folder, flags=flags, keywords=words)

    upload = append

    def replace(self):
        old_folder, old = self.some(1)
        if not old:
            return None
        call = self.append()
        del self.now.mails[old[0]][old_folder]
        return dict(call, old=old[0], old_folder=old_folder)

    def other(self, folder, mails):
        """A folder that has none of them."""
        free = [f for f in sorted(self.now.folders - {folder}) if not set(mails) & set(self.now.inside(f))]
        return self.dice.choice(free) if mails and free else None

    def move(self):
        folder, mails = self.some()
        to, add = self.other(folder, mails), self.dice.choice(['', '', 'S', 'F'])
        if to is None:
            return None
        for i in mails:
            flags, words = self.now.mails[i].pop(folder)
            self.now.mails[i][to] = (flags | set(add), words)
        return dict(mails=mails, folder=folder, to=to, add=add)

    def copy(self):
        folder, mails = self.some()
        to = self.other(folder, mails)
        if to is None:
            return None
        for i in mails:
            self.now.mails[i][to] = self.now.mails[i][folder]
        return dict(mails=mails, folder=folder, to=to)

    def flags(self):
        folder, mails = self.some(5)
        add, away = self.marks(), self.marks()
        for i in mails:
            flags, words = self.now.mails[i][folder]
            self.now.mails[i][folder] = ((flags | set(add)) - set(away), words)
        return mails and dict(mails=mails, folder=folder, add=add, away=away)

    def keywords(self):
        folder, mails = self.some()
        word = self.dice.choice(KEYWORDS)
        for i in mails:
            flags, words = self.now.mails[i][folder]
            self.now.mails[i][folder] = (flags, words | {word})
        return mails and dict(mails=mails, folder=folder, keywords=[word])

    def remove(self):
        folder, mails = self.some()
        for i in mails:
            del self.now.mails[i][folder]
        return mails and dict(mails=mails, folder=folder)

    def add_folder(self):
        self.names += 1
        above = self.folder()
        name = (above + '.' if above and above.count('.') < 2 else '') + 'f%d' % self.names
        self.now.folders.add(name)
        return dict(folder=name)

    def below(self, name):
        return sorted(f for f in self.now.folders if f == name or f.startswith(name + '.'))

    def rename_folder(self):
        name = self.folder()
        if not name:
            return None
        self.names += 1
        new = 'r%d' % self.names
        for f in self.below(name):
            to = new + f[len(name):]
            self.now.folders = self.now.folders - {f} | {to}
            for places in self.now.mails.values():
                if f in places:
                    places[to] = places.pop(f)
        return dict(folder=name, to=new)

    def remove_folder(self):
        name = self.folder()
        if not name or len(self.now.folders) < 5:
            return None
        for f in self.below(name):
            self.now.folders.discard(f)
            for places in self.now.mails.values():
                places.pop(f, None)
        return dict(folder=name)

    def empty_folder(self):
        name = self.folder()
        if not name:
            return None
        for places in self.now.mails.values():
            places.pop(name, None)
        return dict(folder=name)

    def look(self):
        """Nothing but an index comes of it."""
        return dict(folder=self.folder())
