import { AuthenticationError, createIpmi, UnreachableError } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

const { account, words } = commandLine();
await using ipmi = createIpmi({ firstWaitMs: 200, attempts: 3 });
await using bmc = await ipmi.open(account);

async function look(): Promise<void> {
  try {
    console.log(`power is ${await bmc.powerState()}`);
  } catch (error) {
    if (!(error instanceof AuthenticationError) && !(error instanceof UnreachableError)) throw error;
    const { stage, causes, next } = error.details;
    console.log(`${error.code} at ${stage}`);
    for (const cause of Array.isArray(causes) ? causes : []) console.log(`  perhaps ${cause}`);
    console.log(`  then ${next ?? 'correct it, or allow it again'}`);
  }
}

await look();
// A password that was rejected is not tried again, so that no account gets locked: this one costs no packet.
await look();
// After the account was put right on the BMC it may be tried again. (A corrected password would be tried by itself.)
if (words[0] === 'again') {
  await ipmi.resetAuthentication(account);
  await look();
}
