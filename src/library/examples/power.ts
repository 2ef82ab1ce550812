import { createIpmi, type PowerVerb } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

const verbs: readonly PowerVerb[] = ['on', 'off', 'soft-off', 'cycle', 'reset', 'diag'];
const { account, words } = commandLine();
const verb = verbs.find((each) => each === words[0]);
if (verb === undefined) throw new Error(`say one of ${verbs.join(', ')}`);

await using ipmi = createIpmi();
await using bmc = await ipmi.open(account);

const result = await bmc.power(verb, { settleMs: 20_000 });
switch (result.outcome) {
  case 'reached':
    console.log(`done: ${result.evidence}`);
    break;
  case 'already':
    console.log(`nothing to do: the power is ${result.power}`);
    break;
  case 'refused':
    console.log(`refused: ${result.reason}`);
    process.exitCode = 1;
    break;
  case 'no-effect':
    console.log(`accepted, but the power is still ${result.power}`);
    process.exitCode = 1;
    break;
  case 'unknown':
    // Sent once. Sending it again here could reset a machine twice: look at the machine first.
    console.log(`it may or may not have happened: ${result.reason}`);
    process.exitCode = 2;
    break;
}
