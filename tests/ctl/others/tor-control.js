// A controller with npm's tor-control: some commands, over the unix socket that is its argument; then messages.
const TorControl = require('tor-control')
const c = new TorControl({ path: process.argv[2], persistent: true })
const commands = ['GETINFO version', 'GETINFO config-text', 'SETCONF MaxCircuitDirtiness=700', 'SETEVENTS CONF_CHANGED', 'SETEVENTS', 'SIGNAL NEWNYM', 'NONSENSE']
if (process.argv[3]) commands.push('CONTROLLERNAME node', 'POSTMESSAGE @node hello', 'GETINFO new-messages')
const wrong = []
function next (err, reply) {
  if (err && !/Unrecognized/.test(err)) wrong.push(String(err))
  if (commands.length) return c.sendCommand(commands.shift(), next)
  if (process.argv[3] && !/node @node hello/.test(reply.data)) wrong.push(reply.data)
  console.log(wrong.length ? wrong.join('\n') : 'done')
  c.disconnect(() => process.exit(), true)
}
next()
