import {
  commands,
  createIpmi,
  decodeNoData,
  encodeNoData,
  type IpmiCommand,
  NetFn,
  PrivilegeLevel,
} from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

await using ipmi = createIpmi();
await using bmc = await ipmi.open({ ...commandLine().account, privilege: 'administrator' });

// A command of the table: typed both ways.
const log = await bmc.request(commands.getSelInfo, undefined);
console.log(`${log.entries} entries, ${log.freeSpace} bytes free`);

// One of your own, here Get ACPI Power State (§20.7): numbers, what it needs, and how its data are written and read.
type AcpiPowerState = { readonly system: number; readonly device: number };
const getAcpiPowerState: IpmiCommand<undefined, AcpiPowerState> = {
  name: 'Get ACPI Power State',
  netFn: NetFn.application,
  command: 0x07,
  repeatable: true,
  privilege: PrivilegeLevel.user,
  completionCodes: {},
  encodeRequest: encodeNoData,
  decodeRequest: decodeNoData,
  encodeResponse: ({ system, device }, writer) => void writer.u8(system).u8(device),
  decodeResponse: (reader) => ({ system: reader.u8('system state') & 0x7f, device: reader.u8('device state') & 0x7f }),
};
const acpi = await bmc.attempt(getAcpiPowerState, undefined);
if (acpi.kind === 'answered') console.log(`ACPI: S${acpi.response.system}, D${acpi.response.device}`);
else console.log(`ACPI: ${acpi.kind}`);

// Bytes, for everything else: sent once, and a refusal is an answer.
const answer = await bmc.raw({ netFn: 0x06, command: 0x01 });
if (answer.kind === 'silent') console.log('sent, and no answer');
else console.log(`${answer.meaning}: ${answer.data.toString('hex')}`);
