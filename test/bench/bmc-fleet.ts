import { parseArgs } from 'node:util';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { systemUdp } from '../../src/foundation/udp.ts';
import { createBmcFleet, type FleetAddresses } from '../../src/simulator/fleet.ts';

/**
 * Simulated BMCs in a process of their own, so that they share no thread with the client that is measured. Prints
 * `READY` and the addresses as JSON on one line, and ends when its standard input does or on SIGTERM.
 *   --count N         how many; default 100
 *   --first ADDRESS   a loopback address for each, from this one on, port 623 (or --port)
 *   --ports ADDRESS   or this one address, a port for each; default 127.0.0.1
 *   --suites A,B      the cipher suites they agree to; default 3,17
 *   --answer-ms N     how long they take to answer; default 0
 */
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    first: { type: 'string' },
    port: { type: 'string', default: '623' },
    ports: { type: 'string', default: '127.0.0.1' },
    suites: { type: 'string', default: '3,17' },
    'answer-ms': { type: 'string', default: '0' },
  },
});

const addresses: FleetAddresses =
  values.first === undefined
    ? { kind: 'ports', address: values.ports }
    : { kind: 'addresses', first: values.first, port: Number(values.port) };
const own = {
  cipherSuites: values.suites.split(',').map(Number),
  personality: { answerDelayMs: Number(values['answer-ms']) },
};
const stop = new AbortController();
const fleet = await createBmcFleet(
  { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
  { count: Number(values.count), addresses, each: () => own },
  stop.signal,
);

const end = async (): Promise<void> => {
  stop.abort();
  await fleet[Symbol.asyncDispose]();
  process.exit(0);
};
process.once('SIGTERM', end);
process.stdin.resume().once('end', end).once('close', end);
console.log(`READY ${JSON.stringify(fleet.members.map(({ bmc }) => bmc.local))}`);
