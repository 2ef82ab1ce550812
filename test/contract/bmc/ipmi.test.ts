import { createIpmiBmcs } from '../../../src/drivers/bmc/ipmi/ipmi-bmcs.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { systemUdp } from '../../../src/foundation/udp.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { createSimulatedBmc } from '../../../src/simulator/bmc/simulated-bmc.ts';
import { type BmcSubject, describeBmcContract } from './bmc-contract.ts';

const never = new AbortController().signal;
const deps = { udp: systemUdp, clock: systemClock, entropy: systemEntropy };

/** The IPMI driver and a simulated BMC, over UDP on loopback. */
async function createSubject(cipherSuite: number): Promise<BmcSubject> {
  const chassis = createPlainChassis();
  const users = [{ name: 'admin', password: 'secret', privilege: 4 }];
  const cipherSuites = [cipherSuite];
  const options = { users, address: '127.0.0.1', port: 0, chassis, cipherSuites };
  const simulated = await createSimulatedBmc(deps, options, never);
  const deaf = await createSimulatedBmc(deps, { ...options, faults: () => ({ kind: 'drop' }) }, never);
  // Waits short enough that silence is found out at once; nothing else in the suite waits for one.
  const bmcs = createIpmiBmcs({ ...deps, log: silentLog, meter: createMeter() }, { firstWaitMs: 50, attempts: 3 });
  const target = { host: '127.0.0.1', user: 'admin' };
  const password = Secret.fromText('secret');
  return {
    bmc: await bmcs.open({ ...target, port: simulated.local.port, password }, never),
    wrongPassword: () =>
      bmcs.open({ ...target, port: simulated.local.port, password: Secret.fromText('wrong') }, never),
    unreachable: () => bmcs.open({ ...target, port: deaf.local.port, password }, never),
    poweredOn: () => chassis.poweredOn(),
    verbs: () => simulated.powerLog.map(({ action }) => action),
    async [Symbol.asyncDispose]() {
      await bmcs[Symbol.asyncDispose]();
      await simulated[Symbol.asyncDispose]();
      await deaf[Symbol.asyncDispose]();
    },
  };
}

describeBmcContract('IPMI, cipher suite 17', () => createSubject(17));
describeBmcContract('IPMI, cipher suite 3', () => createSubject(3));
