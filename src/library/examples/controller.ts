import { createIpmi, describePrivilegeLevel } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

await using ipmi = createIpmi();
await using bmc = await ipmi.open({ ...commandLine().account, privilege: 'administrator' });

console.log(`system UUID ${(await bmc.systemGuid())?.uuid ?? 'not told'}`);
console.log(`self test ${(await bmc.selfTest())?.outcome ?? 'not told'}`);

const { users, enabledUsers, maximumUsers } = await bmc.users();
console.log(`${enabledUsers} of ${maximumUsers} accounts enabled`);
for (const { id, name, privilegeLimit } of users) {
  if (!name) continue;
  console.log(`  ${id} ${name}: ${privilegeLimit === null ? 'no access' : describePrivilegeLevel(privilegeLimit)}`);
}

const { address, addressSource, macAddress } = await bmc.lan();
console.log(`${address} (${addressSource}), ${macAddress}`);

for (const { id, authentication, integrity, confidentiality, admission } of await bmc.cipherSuites()) {
  console.log(`suite ${id}: ${[...authentication, ...integrity, ...confidentiality].join(' ')} (${admission})`);
}

const watchdog = await bmc.watchdog();
if (watchdog?.running) console.log(`watchdog: ${watchdog.action} in ${(watchdog.presentMs ?? 0) / 1000} s`);
else console.log('watchdog: not running');
