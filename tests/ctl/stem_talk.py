"""Two controllers with stem pass messages to each other: stem_talk.py SOCKET|HOST:PORT COOKIEFILE|-"""
import logging, queue, sys
import stem.connection, stem.control, stem.socket
import stem_closes

logging.disable(logging.CRITICAL)
address, cookie = sys.argv[1:]


def controller(name):
    if address.startswith('/'):
        socket = stem.socket.ControlSocketFile(address)
    else:
        host, port = address.rsplit(':', 1)
        socket = stem.socket.ControlPort(host, int(port))
    c = stem.control.Controller(socket)
    c.authenticate()
    assert c.msg('CONTROLLERNAME ' + name).is_ok()
    return c


got = {'anna': queue.Queue(), 'bert': queue.Queue()}
anna, bert = controller('anna'), controller('bert')
anna.add_event_listener(lambda e: got['anna'].put(str(e)), 'POSTMESSAGE')
bert.add_event_listener(lambda e: got['bert'].put(str(e)), 'POSTMESSAGE')
assert anna.msg('POSTMESSAGE @bert hello "bert"').is_ok()
first = got['bert'].get(timeout=60).strip()
assert first.startswith('POSTMESSAGE ') and first.endswith(' anna @bert hello "bert"'), first
assert bert.msg('POSTMESSAGE @all to everybody').is_ok()
for q in got.values():
    m = q.get(timeout=60).strip()
    assert m.endswith(' bert @all to everybody'), m
assert anna.get_info('list-controllers').split('\n')[-2:] == ['anna', 'bert'], anna.get_info('list-controllers')
assert [l.split()[-1] for l in anna.get_info('recent-messages').split('\n')][-1] == 'everybody'
both = anna.get_info(['version', 'messages-lost'])
assert both['messages-lost'] == '0' and both['version'], both
assert 'POSTMESSAGE' in anna.get_info('events/names').split()
assert 'recent-messages' in anna.get_info('info/names')
assert str(anna.get_version())
r = anna.msg('POSTMESSAGE @nobody x')
assert not r.is_ok() and r.content()[0][0] == '552', r
for i in range(200):
    assert anna.msg('POSTMESSAGE @bert %d' % i).is_ok()
assert [got['bert'].get(timeout=60).split()[-1] for i in range(200)] == [str(i) for i in range(200)]
anna.close()
bert.close()
print('ok')
