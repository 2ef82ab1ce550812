import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../../src/foundation/bytes/byte-writer.ts';
import { BOOT_FLAGS_BYTES, encodeBootFlags } from '../../../src/protocols/ipmi/commands/chassis/boot-flags.ts';
import {
  BootOptionCode,
  BootOptionParameter,
} from '../../../src/protocols/ipmi/commands/chassis/set-system-boot-options.ts';
import { createBootOptions } from '../../../src/simulator/bmc/boot-options.ts';
import { createPlainChassis } from '../../../src/simulator/bmc/chassis.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createRig, never } from './rig.ts';

function bootFlags(): Buffer {
  const writer = new ByteWriter(BOOT_FLAGS_BYTES);
  encodeBootFlags({ valid: true, persistent: false, efi: false, device: 1 }, writer);
  return writer.done();
}

describe('boot options of the simulated BMC (§28.13)', () => {
  const set = (parameter: number, data: Buffer) => ({ parameter, markInvalid: false, data });

  test('the flags lose their valid bit after 60 s, unless parameter 3 says otherwise', async () => {
    const clock = createManualClock();
    const chassis = createPlainChassis();
    const options = createBootOptions(clock, chassis, never);
    options.set(set(BootOptionParameter.bootFlags, bootFlags()));
    await clock.advance(59_000);
    expect(chassis.bootFlags().valid).toBe(true);
    await clock.advance(1_000);
    expect(chassis.bootFlags().valid).toBe(false);

    options.set(set(BootOptionParameter.validBitClearing, Buffer.of(0x08)));
    options.set(set(BootOptionParameter.bootFlags, bootFlags()));
    await clock.advance(120_000);
    expect(chassis.bootFlags().valid).toBe(true);
  });

  test('a second "set in progress" is refused, an unknown parameter too', () => {
    const options = createBootOptions(createManualClock(), createPlainChassis(), never);
    expect(options.set(set(BootOptionParameter.setInProgress, Buffer.of(1)))).toBe(0);
    expect(options.set(set(BootOptionParameter.setInProgress, Buffer.of(1)))).toBe(BootOptionCode.setInProgress);
    expect(options.get(BootOptionParameter.bootInitiator)).toBe(BootOptionCode.parameterNotSupported);
  });
});

describe('sessions of the simulated BMC', () => {
  test('an idle one is gone after a minute', async () => {
    await using rig = await createRig({ client: { keepAliveMs: 1e9 } });
    await rig.value(rig.bmc.powerState(never));
    expect(rig.simulated.sessions).toBe(1);
    await rig.clock.advance(60_001);
    expect(rig.simulated.sessions).toBe(0);
  });

  test('garbage, replays and unsigned requests are dropped, not answered', async () => {
    await using rig = await createRig();
    await rig.value(rig.bmc.power('on', never));
    const requests = rig.network.carried.filter(({ to }) => to.port === 623);
    for (const datagram of requests.slice(3)) rig.network.inject(datagram);
    const unsigned = Buffer.from(requests.at(-1)?.data ?? Buffer.alloc(0));
    unsigned[5] = 0;
    for (const data of [unsigned, Buffer.alloc(60, 0x5a), Buffer.alloc(0)]) {
      rig.network.inject({
        from: { address: '192.0.2.66', port: 4000 },
        to: { address: '192.0.2.7', port: 623 },
        data,
      });
    }
    await rig.clock.advance(10);
    expect(rig.simulated.powerLog).toHaveLength(1);
    expect(rig.simulated.dropped).toBe(5);
  });
});
