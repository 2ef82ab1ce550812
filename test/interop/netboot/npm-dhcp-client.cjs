// The client of the npm package `dhcp`, as a process of its own in a network namespace: prints what it was given.
const dhcp = require('dhcp');

const client = dhcp.createClient({ mac: process.argv[2] });
client.on('message', (message) => console.log(JSON.stringify({ type: message.options[53], yiaddr: message.yiaddr })));
client.on('bound', (state) => {
  console.log(JSON.stringify({ bound: state.address, options: state.options }));
  process.exit(0);
});
client.on('error', (error) => {
  console.log(JSON.stringify({ error: String(error) }));
  process.exit(1);
});
client.listen(68, '0.0.0.0', () => client.sendDiscover());
setTimeout(() => process.exit(2), 8000);
