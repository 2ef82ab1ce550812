import { createIpmi } from 'bootwright/ipmi';
import { commandLine } from './command-line.ts';

// Says a line to the machine and shows what comes back until it is quiet for a second, or a minute has passed.
const { account, words } = commandLine();
const connected = Promise.withResolvers<void>();
const quiet = Promise.withResolvers<void>();
let timer = setTimeout(quiet.resolve, 60_000);

await using ipmi = createIpmi();
await using bmc = await ipmi.open(account);
await using line = bmc.openConsole((event) => {
  switch (event.kind) {
    case 'connected':
      connected.resolve();
      break;
    case 'output':
      process.stdout.write(event.bytes);
      clearTimeout(timer);
      timer = setTimeout(quiet.resolve, 1_000);
      break;
    case 'lost':
      process.stdout.write(`[output lost: ${event.why}]`);
      break;
    case 'break':
      break;
    case 'disconnected':
      // With `retryMs` it comes back by itself. Without, somebody else has the console, or it was refused.
      if (event.retryMs === null) connected.reject(new Error(`${event.reason}: ${event.why}`));
      break;
  }
});

await connected.promise;
await line.write(`${words.join(' ')}\r`);
await quiet.promise;
clearTimeout(timer);
