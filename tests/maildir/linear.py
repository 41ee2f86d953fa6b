"""Mailboxes and requests of n and of 4n for tests/maildir-linear.t: a line for each thing, with its method and, for both sizes, mailbox and request."""
from op import *

n = int(sys.argv[1])


def folders(box, count):
    for i in range(count):
        box.folder('.f%05d' % i)


def subscribed(box, k):
    folders(box, k)
    with open(os.path.join(box.path, 'subscriptions'), 'w') as f:
        f.write('V\t2\n\n' + ''.join('f%05d\n' % i for i in range(k)))
    return 'FolderInfo', pb.FolderInfoReq(names_only=True)


def roles(box, k):
    folders(box, k)
    with open(os.path.join(box.path, 'porter.roles'), 'w') as f:
        f.write('sent nothing.of.that.name\n' * k)
    return 'FolderInfo', pb.FolderInfoReq(names_only=True)


def names(box, k):
    return 'FolderInfo', pb.FolderInfoReq(folders=['g%07d' % i for i in range(15 * k)], names_only=True)


def backwards(box, k):
    folders(box, k)
    return 'FolderInfo', pb.FolderInfoReq(folders=['f%05d' % i for i in reversed(range(k))], state=True)


def changed(box, k):
    folders(box, k)
    return 'Changes', pb.ChangesReq(state=box.call('FolderInfo', state=True).state, folders=['f%05d' % i for i in reversed(range(k))])


for thing in (subscribed, roles, names, backwards, changed):
    line = [thing.__name__]
    for size in (n, 4 * n):
        box = Box('%s%d' % (thing.__name__, size))
        method, request = thing(box, size)
        path = os.path.join(work, '%s%d.request' % (thing.__name__, size))
        with open(path, 'wb') as f:
            f.write(request.SerializeToString())
        if len(line) == 1:
            line.append(method)
        line += [box.path, path]
    print(*line)
