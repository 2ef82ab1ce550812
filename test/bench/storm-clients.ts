import { createInterface } from 'node:readline';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemEntropy } from '../../src/foundation/entropy.ts';
import { errorText } from '../../src/foundation/errors.ts';
import { systemUdp } from '../../src/foundation/udp.ts';
import type { NetbootResult } from '../../src/simulator/pxe-client/options.ts';
import { createPxeClient } from '../../src/simulator/pxe-client/pxe-client.ts';
import { machineAddress, machineMac, STORM_SERVER, type StormBoot, type StormOrder } from './storm-work.ts';

// Some of the storm's machines, all powered on when the second line comes. Prints READY, and then a list of StormBoot as JSON.
// Who ordered the storm has gone: so is the power.
process.stdin.once('end', () => process.exit(1));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const order = JSON.parse((await lines.next()).value ?? '') as StormOrder;
console.log('READY');
await lines.next();
const poweredOn = performance.now();
const machines = Array.from({ length: order.to - order.from }, (_, index) => order.from + index);
const boots = await Promise.all(machines.map(boot));
process.stdout.write(`${JSON.stringify(boots)}\n`, () => process.exit(0));

async function boot(n: number): Promise<StormBoot> {
  const at: { scriptMs?: number; kernelMs?: number } = {};
  let turnedAway = 0;
  const address = machineAddress(n);
  const client = createPxeClient(
    { udp: systemUdp, clock: systemClock, entropy: systemEntropy },
    {
      mac: machineMac(n),
      uuid: `4c4c4544-0033-4a10-8052-${n.toString(16).padStart(12, '0')}`,
      firmware: 'uefi',
      // Its own relay, at the address that it will get: each then hears its own answers only.
      link: { kind: 'relay', server: STORM_SERVER, serverPort: 67, relay: address },
      check: 'crc32',
      // Two minutes for an answer, as EDK2 has a minute and iPXE goes on for ever: what is given up too early is no measure of a server.
      tries: 7,
      watch(moment, name) {
        const now = performance.now() - poweredOn;
        if (moment === 'turned-away') turnedAway += 1;
        else if (moment === 'first-byte' && name === 'script') at.scriptMs = now;
        else if (moment === 'whole' && name === 'kernel') at.kernelMs = now;
      },
    },
  );
  try {
    const result = await client.boot(AbortSignal.timeout(order.limitMs));
    const allMs = performance.now() - poweredOn;
    const wrong = whatIsWrong(n, result);
    return { ...at, allMs, turnedAway, ...(wrong === undefined ? {} : { wrong }) };
  } catch (error) {
    return { ...at, turnedAway, failure: errorText(error) };
  }
}

function whatIsWrong(n: number, { address, loader, kernel, initrds }: NetbootResult): string | undefined {
  if (address !== machineAddress(n)) return `machine ${n} got the address ${address}`;
  if (loader?.sha256 !== order.loaderSha256) return `machine ${n} got another loader: ${loader?.bytes} bytes`;
  const [initrd, ...more] = initrds;
  if (initrd === undefined || more.length > 0) return `machine ${n} got ${initrds.length} initrds`;
  for (const [got, meant] of [
    [kernel, order.kernel],
    [initrd, order.initrd],
  ] as const)
    if (got.bytes !== meant.bytes || got.crc32 !== meant.crc32) return `machine ${n} got another ${got.name}`;
  return undefined;
}
