import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import type { PxeClientOptions } from '../../../src/simulator/pxe-client/options.ts';
import { createPxeClient } from '../../../src/simulator/pxe-client/pxe-client.ts';

// A simulated machine's boot as a process of its own, so that it can stand in a network namespace. What came of it is on stdout.
const [options = '{}', seconds = '10'] = process.argv.slice(2);
const settings: PxeClientOptions = JSON.parse(options);
const client = createPxeClient({ udp: systemUdp, clock: systemClock, entropy: systemEntropy }, settings);
try {
  const { address } = await client.boot(AbortSignal.timeout(Number(seconds) * 1000));
  console.log(`booted ${address}`);
} catch (error) {
  console.log(`failed: ${error instanceof Error ? error.message : String(error)}`);
}
