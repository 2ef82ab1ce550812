import { readFileSync, writeFileSync } from 'node:fs';
import { createIpmi, type SuitePins } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

// Which suite each BMC has agreed to, kept in a file, so that a weaker one is not taken after a restart either.
const { account, words } = commandLine();
const file = words[0] ?? 'suites.json';

function readPins(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

const pinned = readPins();
const save = (): void => writeFileSync(file, JSON.stringify(pinned));
const pins: SuitePins = {
  get: (bmc) => pinned[bmc],
  set(bmc, suiteId) {
    pinned[bmc] = suiteId;
    save();
  },
  forget(bmc) {
    delete pinned[bmc];
    save();
  },
};

await using ipmi = createIpmi({ pins });
await using bmc = await ipmi.open({ ...account, cipherSuites: [17, 3] });
await bmc.powerState();
console.log(`suite ${pinned[bmc.name]} from now on`);
