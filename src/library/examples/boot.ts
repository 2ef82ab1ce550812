import { createIpmi } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

await using ipmi = createIpmi();
await using bmc = await ipmi.open(commandLine().account);

// For the next boot only. Some controllers keep the device and lose the rest, so what stuck comes back.
const { device, valid, efi } = await bmc.setBootOverride({ device: 'pxe', efi: true });
if (device !== 'pxe' || !valid) throw new Error(`the controller keeps ${device}, ${valid ? 'valid' : 'not valid'}`);
console.log(`boots ${device} next${efi ? ' (UEFI)' : ''}`);

const verb = (await bmc.powerState()) === 'on' ? 'reset' : 'on';
console.log(`${verb}: ${(await bmc.power(verb)).outcome}`);
