"""A controller with stem: whatever its Controller can ask a tor without a network; stem_all.py SOCKET. Prints what it got, which is the same straight."""
import os, re, sys
import stem, stem.connection, stem.control, stem.socket, stem.version

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import stem_closes

c = stem.control.Controller(stem.socket.ControlSocketFile(sys.argv[1]))
c.authenticate()


def show(what, f, *args, **kw):
    try:
        got = f(*args, **kw)
        got = sorted(got.items()) if isinstance(got, dict) else list(got) if hasattr(got, '__next__') else got
        print(what, got if isinstance(got, str) else re.sub(' at 0x[0-9a-f]*', '', repr(got)))
    except Exception as e:
        print(what, type(e).__name__, e)


for key in ('version', 'config-file', 'config-defaults-file', 'config/names', 'config/defaults', 'info/names', 'signal/names', 'features/names', 'exit-policy/default', 'circuit-status',
            'stream-status', 'orconn-status', 'address-mappings/all', 'status/bootstrap-phase', 'status/circuit-established', 'onions/current', 'net/listeners/control', 'process/uid',
            'ip-to-country/127.0.0.1', 'fingerprint', 'nonsense', 'ns/all', 'dormant', 'status/version/current'):
    show(key, c.get_info, key)
show('many', c.get_info, ['version', 'config-file', 'signal/names'])
show('conf', c.get_conf, 'SocksPort')
show('confs', c.get_conf_map, ['SocksPort', 'DataDirectory', 'ControlSocket'], multiple=True)
show('nonsense', c.get_conf, 'Nonsense')
show('set', c.set_conf, 'MaxCircuitDirtiness', '700')
show('options', c.set_options, [('ExitPolicy', ['accept *:80', 'reject *:*']), ('NewCircuitPeriod', '40'), ('Nickname', 'with "quotes" \\ and more')])
show('options', c.set_options, {'NewCircuitPeriod': '40', 'MaxCircuitDirtiness': None})
show('is set', c.is_set, 'MaxCircuitDirtiness')
show('reset', c.reset_conf, 'NewCircuitPeriod', 'ExitPolicy')
show('load', c.load_conf, 'Nonsense yes\n.dot\n')
show('save', c.save_conf)
for f in ('get_version', 'get_exit_policy', 'get_listeners', 'get_protocolinfo', 'get_user', 'get_circuits', 'get_streams', 'list_ephemeral_hidden_services', 'get_hidden_service_conf', 'get_accounting_stats',
          'get_microdescriptors', 'get_network_statuses', 'get_server_descriptors', 'is_newnym_available', 'get_effective_rate', 'drop_guards'):
    show(f, getattr(c, f))
show('feature', c.is_feature_enabled, 'VERBOSE_NAMES')
show('enable', c.enable_feature, ['VERBOSE_NAMES', 'EXTENDED_EVENTS'])
show('enable', c.enable_feature, 'NONSENSE')
seen = []
for event in (stem.control.EventType.CONF_CHANGED, stem.control.EventType.SIGNAL, stem.control.EventType.NOTICE, stem.control.EventType.CIRC, stem.control.EventType.BW):
    show('listen', c.add_event_listener, seen.append, event)
show('signal', c.signal, stem.Signal.RELOAD)
show('signal', c.signal, 'NONSENSE')
show('map', c.map_address, {'1.2.1.2': 'example.org'})
show('path', c.new_circuit, await_build=False)
show('extend', c.extend_circuit, '0', ['$' + 'A' * 40])
show('close', c.close_circuit, '7')
show('stream', c.close_stream, '7')
show('attach', c.attach_stream, '7', '7')
service = c.create_ephemeral_hidden_service({80: 8080}, key_type='NEW', key_content='ED25519-V3', detached=True, discard_key=True)
print('service', len(service.service_id), service.private_key)
show('services', lambda: len(c.list_ephemeral_hidden_services(detached=True)))
show('remove', c.remove_ephemeral_hidden_service, service.service_id)
show('descriptor', c.get_hidden_service_descriptor, 'facebookcorewwwi', await_result=False)
show('msg', lambda: str(c.msg('+LOADCONF\r\nNonsense\r\n..dots\r\n.')))
c.remove_event_listener(seen.append)
print('events', len(seen) > 0)
c.close()
