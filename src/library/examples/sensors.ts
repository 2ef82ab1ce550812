import { createIpmi } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

await using ipmi = createIpmi();
await using bmc = await ipmi.open(commandLine().account);

for (const sensor of await bmc.sensors()) {
  const { name, type, value, unit, states, health, unavailable } = sensor;
  const reading = value === null ? states.join(', ') : `${value} ${unit ?? ''}`;
  console.log([name, type, unavailable ?? (reading || 'no state'), health].join(' | '));
}

const draw = await bmc.powerReading();
console.log(draw === null ? 'power is not measured' : `draws ${draw.current} W, ${draw.average} W on average`);
