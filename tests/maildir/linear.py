"""Mailboxes and requests of n and of 4n for tests/maildir-linear.t: a line for each thing, with its method and, for both sizes, mailbox and request."""
from op import *

n = int(sys.argv[1])


def folders(box, count, mails=0):
    for i in range(count):
        box.folder('.f%05d' % i)
        for k in range(mails):
            box.put('%d.M%dP1.h:2,S' % (1600000000 + i + k * count, i), folder='.f%05d' % i)


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


def everywhere(box, k):
    """Mids that no mail can have, which shows at their end, looked for in all folders."""
    folders(box, k)
    return 'SetFlags', pb.SetFlagsReq(mids=['%C3' * (k // 3) + '%' for i in range(400)], add='F', anywhere=True)


def fetched(box, k):
    folders(box, k)
    return 'Fetch', pb.FetchReq(mails=[pb.MailName(mid='%C3' * (k // 3) + '%') for i in range(400)], anywhere=True)


def lanes(box, k):
    """All folders are asked for flags that are said over and over."""
    folders(box, k, 2)
    return 'Find', pb.FindReq(total=True, sort={'parameter': 'ARRIVAL'}, heads='MIDS', limit=1, filter={'flags': 'S' * 40 * k})


def turns(box, k):
    """Mails of two folders in turn, and a filter that says much of folders and keywords."""
    for i in range(k):
        box.put('%d.M%dP1.h:2,S' % (1600000000 + i, i), folder=['', '.f'][i % 2])
    return 'Find', pb.FindReq(total=True, sort={'parameter': 'ARRIVAL'}, heads='MIDS', limit=1, filter={'flags': 'S', 'no_folders': ['g%d' % i for i in range(10 * k)]})


def links(box, k):
    """One mail of many names, of one base and of several."""
    path = box.put('1600000000.M1P1.h:2,S')
    for i in range(k):
        for sub, name in (('cur', '1600000000.M1P1.h,U=%d:2,S' % (i + 1)), ('new', '1600000000.M1P1.h,U=%d' % (i + 1)), ('cur', '%d.M1P1.h:2,S' % (1600000001 + i))):
            os.link(path, os.path.join(box.path, sub, name))
    return 'Remove', pb.RemoveReq(mids=['1600000000.M1P1.h'])


def uploads(box, k):
    """More than are kept, so that the oldest go."""
    place = os.path.join(box.path, 'porter.uploads')
    os.mkdir(place)
    for i in range(4 * k):
        path = os.path.join(place, '%032x' % i)
        open(path, 'w').close()
        os.utime(path, (time.time() - 7200 - i, time.time() - 7200 - i))
    return 'Upload', pb.UploadReq()


def changed(box, k):
    folders(box, k)
    return 'Changes', pb.ChangesReq(state=box.call('FolderInfo', state=True).state, folders=['f%05d' % i for i in reversed(range(k))])


for thing in (subscribed, roles, names, backwards, everywhere, fetched, lanes, turns, links, uploads, changed):
    line = [thing.__name__]
    for size in (n, 4 * n):
        box = Box('%s%d' % (thing.__name__, size))
        if thing is turns:
            box.folder('.f')
        method, request = thing(box, size)
        path = os.path.join(work, '%s%d.request' % (thing.__name__, size))
        with open(path, 'wb') as f:
            f.write(request.SerializeToString())
        if len(line) == 1:
            line.append(method)
        line += [box.path, path]
    print(*line)
