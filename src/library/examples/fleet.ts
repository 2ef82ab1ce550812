import { createIpmi, ServiceError } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

// The power of many machines at once: one socket, one session each, all of it over within the time given here.
const { account, words } = commandLine();
const hosts = words.length > 0 ? words : [account.host];
const signal = AbortSignal.timeout(30_000);

await using ipmi = createIpmi({ attempts: 3 });
const answers = await Promise.all(
  hosts.map(async (host) => {
    try {
      await using bmc = await ipmi.open({ ...account, host }, { signal });
      return `${host} ${await bmc.powerState({ signal })}`;
    } catch (error) {
      // An abort is not one of ours: it is the signal's own reason.
      if (!(error instanceof ServiceError)) throw error;
      return `${host} ${error.code}${error.retry === 'retry' ? ' (may work later)' : ''}`;
    }
  }),
);
console.log(answers.join('\n'));
