"""Two controllers with txtorcon pass messages to each other: txtorcon_talk.py SOCKET|HOST:PORT COOKIEFILE|-"""
import sys, warnings
warnings.simplefilter('ignore')
from twisted.internet import defer, endpoints, reactor, task
from txtorcon import TorProtocolFactory

address = sys.argv[1]


@defer.inlineCallbacks
def controller(name):
    if address.startswith('/'):
        end = endpoints.UNIXClientEndpoint(reactor, address)
    else:
        host, port = address.rsplit(':', 1)
        end = endpoints.TCP4ClientEndpoint(reactor, host, int(port))
    p = yield end.connect(TorProtocolFactory())
    yield p.post_bootstrap
    yield p.queue_command('CONTROLLERNAME ' + name)
    q = defer.DeferredQueue()
    yield p.add_event_listener('POSTMESSAGE', q.put)
    defer.returnValue((p, q))


@defer.inlineCallbacks
def main(_):
    anna, from_anna = yield controller('txanna')
    bert, from_bert = yield controller('txbert')
    yield anna.queue_command('POSTMESSAGE @txbert hello')
    m = yield from_bert.get().addTimeout(10, reactor)
    assert m.endswith(' txanna @txbert hello'), m
    yield bert.queue_command('POSTMESSAGE @all to everybody')
    for q in (from_anna, from_bert):
        m = yield q.get().addTimeout(10, reactor)
        assert m.endswith(' txbert @all to everybody'), m
    r = yield anna.get_info('recent-messages', 'list-controllers', 'version')
    assert r['recent-messages'].strip().endswith('everybody'), r
    assert 'txbert' in r['list-controllers'], r
    try:
        yield anna.queue_command('POSTMESSAGE @nobody x')
        raise AssertionError('accepted')
    except Exception as e:
        assert getattr(e, 'code', None) == 552, e
    # The longest message there is passes txtorcon's limit for lines.
    yield anna.queue_command('POSTMESSAGE @txbert ' + 'x' * 8192)
    m = yield from_bert.get().addTimeout(10, reactor)
    assert m.endswith('x' * 8192)
    anna.transport.loseConnection()
    bert.transport.loseConnection()
    print('ok')


task.react(main)
