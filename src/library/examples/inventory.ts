import { createIpmi } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

await using ipmi = createIpmi();
await using bmc = await ipmi.open(commandLine().account);

for (const part of await bmc.inventory()) {
  console.log(`${part.name} (device ${part.id})`);
  for (const area of ['chassis', 'board', 'product'] as const) {
    for (const [field, value] of Object.entries(part[area] ?? {})) console.log(`  ${area}: ${field} = ${value}`);
  }
  for (const problem of part.problems) console.log(`  could not be read: ${problem}`);
}
