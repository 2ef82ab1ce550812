import { createIpmi } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

await using ipmi = createIpmi();
await using bmc = await ipmi.open(commandLine().account);

const device = await bmc.deviceId();
console.log(`${bmc.name} speaks IPMI ${device.ipmi} and runs firmware ${device.firmware}`);
console.log(`the machine is ${await bmc.powerState()}`);
