"""check.py CALLS SEED POINTS: $DISK.log and disk.base are what a guest wrote and what it began with. Lets the power fail at so many points: what the
disk had by then is mounted, so that the kernel makes of it what it makes after a failure, and looked at.

  1. The disk keeps its word: all that was written before a flush lies on it. Of what came later, any part may: all of it, none, or
     what a die says, and in no order.
  2. What was acknowledged before the failure is there, whole: each mail with its octets, in its folders, with flags and keywords.
  3. Of the one call that was not answered yet each mail is as before it or as behind it, and none is in neither.
  4. new and cur hold nothing but whole mails.
  5. An index that lies there, whatever it was written of, answers as no index does.
"""
import hashlib, os, random, struct, subprocess, sys, traceback
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import maildir_pb2 as pb
from calls import Script, number, octets

FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
calls, seed, points = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
work, program, offset = os.environ['WORK'], os.environ['PROGRAM'], int(os.environ['RECORDS'])
mount, image = work + '/mnt', work + '/disk.try'
dice = random.Random(seed)


def entries():
    """(place on the disk, its octets, flags), in the order of the log; a flush without octets has none."""
    with open('%s/%s.log' % (work, os.environ['DISK']), 'rb') as f:
        magic, version, n, size = struct.unpack('<QQQI', f.read(28))
        assert (magic, version) == (0x6a736677736872, 1), 'no log of blklogwrites'
        f.seek(size)
        for _ in range(n):
            sector, count, flags, _ = struct.unpack('<4Q', f.read(32))
            f.seek(size - 32, 1)
            if flags & DISCARD:
                continue
            yield sector * size, f.read(count * size), flags


def mails(folder, path):
    """{number: (flags, keywords)} of the folder, and what is wrong with it."""
    words, found, wrong = {}, {}, []
    try:
        with open(path + '/dovecot-keywords') as f:
            words = {chr(97 + int(line.split(' ', 1)[0])): line.split(' ', 1)[1].strip() for line in f}
    except FileNotFoundError:
        pass
    for sub in ('new', 'cur'):
        for name in os.listdir(path + '/' + sub):
            with open('%s/%s/%s' % (path, sub, name), 'rb') as f:
                text = f.read()
            i = number(text)
            if i < 0 or hashlib.sha256(text).digest() != hashlib.sha256(octets(i)).digest():
                wrong.append('%r: %s/%s is no whole mail: %d octets' % (folder, sub, name, len(text)))
            elif i in found:
                wrong.append('%r: mail %d is there twice' % (folder, i))
            else:
                marks = name.rpartition(':2,')[2] if ':2,' in name else ''
                found[i] = (frozenset(c for c in marks if c.isupper()), frozenset(words.get(c, '?' + c) for c in marks if c.islower()))
    return found, wrong


def there(box):
    """The state of the mailbox, and what is wrong with it."""
    found, folders, wrong = {}, {''}, []
    for name in [''] + sorted(n for n in os.listdir(box) if n.startswith('.')):
        try:
            inside, bad = mails(name[1:], os.path.join(box, name))
        except FileNotFoundError:
            continue  # not made wholly: it is no folder
        folders.add(name[1:])
        wrong += bad
        for i, marks in inside.items():
            found.setdefault(i, {})[name[1:]] = marks
    return found, folders, wrong


def compare(box, c):
    """What is wrong where c was being made."""
    found, folders, wrong = there(box)
    before, after = c['before'], c['after']
    if not before.folders & after.folders <= folders <= before.folders | after.folders:
        wrong.append('folders %s' % sorted(folders ^ before.folders))
    for i in sorted(set(before.mails) | set(after.mails) | set(found)):
        allowed = [before.mails.get(i, {}), after.mails.get(i, {})]
        if found.get(i, {}) not in allowed:
            wrong.append('mail %d: %s, not %s' % (i, shown(found.get(i, {})), ' or '.join(map(shown, allowed))))
    if c['what'] == 'replace' and c['mail'] not in found and c['old_folder'] not in found.get(c['old'], {}):
        wrong.append('mail %d: gone before that which replaces it came' % c['old'])
    return ['%s (amid %s)' % (w, c['what']) for w in wrong]


def shown(places):
    return str({f: ''.join(sorted(a)) + ''.join(sorted(b)) for f, (a, b) in places.items()})


def ask(box, options, method, **fields):
    return subprocess.run([program, *options, method], input=getattr(pb, method + 'Req')(**fields).SerializeToString(), cwd=box, capture_output=True)


def indexes(box):
    """What the indexes that survived answer otherwise than the folders themselves, and how many there are."""
    wrong, n = [], 0
    for name in sorted(os.listdir(box)):
        folder = name[1:] if name.startswith('.') else ''
        if name not in ('porter.index',) and not os.path.exists('%s/%s/porter.index' % (box, name)):
            continue
        n += 1
        for method, more in (('Stats', {}), ('List', {'end': 1000, 'sort': {'parameter': 'SUBJECT'}}), ('Search', {'pattern': 'end of xid'})):
            with_it, without = ask(box, [], method, folder=folder, **more), ask(box, ['-I'], method, folder=folder, **more)
            if (with_it.returncode, with_it.stdout) != (without.returncode, without.stdout):
                wrong.append('%r: the index answers %s otherwise' % (folder, method))
    return wrong, n


class Disk:
    """What lies on the disk at a failure: all up to the last flush, and what came since."""

    def __init__(self):
        subprocess.run(['cp', '--sparse=always', work + '/disk.base', work + '/disk.now'], check=True)
        self.file, self.since = open(work + '/disk.now', 'r+b', buffering=0), []

    def write(self, place, data):
        self.since.append((place, data))

    def flush(self):
        for place, data in self.since:
            os.pwrite(self.file.fileno(), data, place)
        self.since = []

    def fail(self, part):
        """part of what came since the flush: a share between 0 and 1."""
        subprocess.run(['cp', '--sparse=always', work + '/disk.now', image], check=True)
        with open(image, 'r+b', buffering=0) as f:
            for place, data in self.since:
                if dice.random() < part:
                    os.pwrite(f.fileno(), data, place)


def look(c):
    """Mounts what is there, and says what is wrong."""
    r = subprocess.run(['mount', '-o', 'loop', '-t', 'ext4', image, mount], capture_output=True, text=True)
    if r.returncode:
        return ['it cannot be mounted: ' + r.stderr], 0
    try:
        wrong = compare(mount + '/box', c)
        more, n = indexes(mount + '/box')
        return wrong + more, n
    finally:
        subprocess.run(['umount', mount], check=True)


def main():
    script = Script(seed)
    plan = [script.next() for _ in range(calls)]
    nothing = dict(plan[-1], what='nothing', before=plan[-1]['after'])
    log = list(entries())
    begun = next(i for i, (place, data, _) in enumerate(log) if place >= offset and data.startswith(b'answered 0\n'))
    chosen = set(range(begun, len(log))) if points == 0 else set(dice.sample(range(begun, len(log)), min(points, len(log) - begun)))
    disk, done, tried, lost, kept, flushes = Disk(), 0, 0, 0, 0, 0
    for i, (place, data, flags) in enumerate(log):
        if flags & FLUSH:
            disk.flush()
            flushes += i >= begun
        if place >= offset and data:
            done = int(data.split()[1]) if data.startswith(b'answered') else done
        elif data:
            disk.write(place, data)
            if flags & FUA:
                disk.flush()
        if i in chosen:
            disk.fail(dice.choice([0, 0.5, 1]))
            wrong, n = look(plan[done] if done < calls else nothing)
            tried, lost, kept = tried + 1, lost + bool(wrong), kept + n
            for w in wrong[:3] if lost <= 5 else []:
                print('# failure at write %d, %d calls answered: %s' % (i, done, w), flush=True)
    print('calls answered: %d; writes: %d; flushes: %d; failures of power: %d; indexes that were found: %d; failures with a loss: %d'
          % (done, len(log) - begun, flushes, tried, kept, lost), flush=True)
    return 2 if done != calls else 1 if lost else 0


try:
    sys.exit(main())
except Exception:
    traceback.print_exc()
    sys.exit(2)
