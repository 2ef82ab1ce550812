import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/domain/boot/diagnosis/diagnose.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { createMeter } from '../../../src/foundation/meter.ts';
import { createBootDoctor } from '../../../src/netboot/doctor/boot-doctor.ts';
import { createTftpWatch } from '../../../src/netboot/doctor/tftp-watch.ts';
import type { TappedPacket } from '../../../src/netboot/packet-tap.ts';
import { decodePcapFile } from '../../../src/protocols/pcap/pcap-file.ts';
import { decodeUdpPacket } from '../../../src/protocols/pcap/udp-packet.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import {
  memoryAttempts,
  memoryBootCaptures,
  memoryMachines,
  memoryTimeline,
  sampleMachine,
} from '../../support/netboot-ports.ts';
import { RECORDED_DHCP, recorded } from '../../support/recorded-netboot.ts';

const MAC = '52:54:00:77:09:01';
const ADDRESS = '10.0.0.11';
const bytes = fc.uint8Array({ maxLength: 1600 }).map((data) => Buffer.from(data));
/** A datagram of real firmware with some of its bytes changed. */
const mutated = fc
  .tuple(
    fc.constantFrom(...RECORDED_DHCP, 'ovmf-tftp-probe', 'ovmf-tftp-read'),
    fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 8 }),
    fc.nat(600),
  )
  .map(([name, changes, length]) => {
    const data = Buffer.from(recorded(name));
    for (const [at, value] of changes) if (at < data.length) data[at] = value;
    return length % 4 === 0 ? data.subarray(0, length) : data;
  });
/** What TFTP packets begin with. */
const tftp = fc
  .tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 9 }), fc.uint8Array({ maxLength: 40 }))
  .map(([opcode, block, rest]) => Buffer.concat([Buffer.from([0, opcode, 0, block]), rest]));
const data = fc.oneof(bytes, mutated, tftp);
const packet: fc.Arbitrary<TappedPacket> = fc.record({
  direction: fc.constantFrom('in', 'out'),
  protocol: fc.constantFrom('dhcp', 'proxy', 'tftp'),
  interface: fc.constantFrom('eth0', 'unknown'),
  local: fc.constantFrom(
    { address: '10.0.0.1', port: 69 },
    { address: '255.255.255.255', port: 67 },
    { address: '::1', port: 1 },
  ),
  remote: fc.constantFrom(
    { address: ADDRESS, port: 2070 },
    { address: ADDRESS, port: 2071 },
    { address: '0.0.0.0', port: 68 },
  ),
  mac: fc.constantFrom(MAC, '02:00:00:00:00:09'),
  data,
});

describe('the boot doctor, whatever it sees', () => {
  it('throws nothing, keeps within its bounds, and what it keeps can be read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { maxLength: 60 }), async (packets) => {
        const clock = createManualClock();
        const [timeline, captures] = [memoryTimeline(clock.now), memoryBootCaptures()];
        const attempts = memoryAttempts(clock.now);
        const machine = sampleMachine({ name: 'm1', macs: [MAC], address: ADDRESS });
        const sightings = { saw: () => undefined, settled: async () => undefined, close: async () => undefined };
        const doctor = createBootDoctor(
          {
            ...{ attempts, machines: memoryMachines([machine]), timeline, captures, sightings, clock },
            ...{ otherServers: () => [], log: silentLog, meter: createMeter() },
          },
          { interfaces: [{ name: 'eth0', mode: 'full', address: { address: '10.0.0.1' } }], patienceMs: 60_000 },
        );
        const { token } = attempts.arm(machine, { kernel: 'k', initrds: [], commandLine: '' });
        const half = Math.floor(packets.length / 2);
        for (const each of packets.slice(0, half)) doctor.tap.saw(each);
        const stop = new AbortController();
        const running = doctor.run(stop.signal);
        await clock.advance(100);
        for (const each of packets.slice(half)) doctor.tap.saw(each);
        for (const name of ['script.ipxe', token]) {
          const route = { kind: 'script', token } as const;
          doctor.requests.saw({ address: ADDRESS, route, name, machineId: machine.id });
        }
        await clock.advance(60_000);
        stop.abort();
        await running;
        const [kept] = captures.kept;
        expect(kept?.evidence.heardAt).not.toBeNull();
        expect(JSON.stringify(kept?.evidence).length).toBeLessThan(20_000);
        const { records } = decodePcapFile(kept?.pcap ?? Buffer.alloc(0));
        expect(records.length).toBe(kept?.packets);
        for (const record of records) decodeUdpPacket(record.data);
        for (const second of [0, 10, 100, 1000, 10_000])
          if (kept !== undefined) diagnose(kept.evidence, clock.now() + second * 1000);
      }),
      { numRuns: 150 },
    );
  });

  it('TFTP of any order is followed without a throw', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(1), data), { maxLength: 100 }), (packets) => {
        let told = 0;
        const watch = createTftpWatch(() => {
          told += 1;
        });
        for (const [isIn, port, each] of packets) watch.packet(isIn ? 'in' : 'out', port, each);
        watch.done();
        expect(told).toBeLessThanOrEqual(2 * packets.length + 1);
      }),
    );
  });
});
