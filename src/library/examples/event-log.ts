import { ConflictError, createIpmi } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

const { account, words } = commandLine();
await using ipmi = createIpmi();
await using bmc = await ipmi.open(account);

const { entries, clockAt, overflow } = await bmc.eventLog();
for (const { id, at, source, text, health } of entries) {
  const time = at === null ? 'no time' : new Date(at).toISOString();
  console.log([id, time, source, text, health].join(' | '));
}
if (overflow) console.log('entries were lost: the log was full');
console.log(`the controller's clock is ${clockAt === null ? 'not set' : new Date(clockAt).toISOString()}`);

const newest = entries.at(-1);
if (words[0] === 'clear' && newest !== undefined) {
  try {
    await bmc.clearEventLog({ expectedNewest: newest.id });
    console.log('cleared');
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    console.log('not cleared: something was logged after the list above was read');
  }
}
