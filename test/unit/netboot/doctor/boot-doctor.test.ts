import { describe, expect, it } from 'vitest';
import type { NewEvent } from '../../../../src/domain/event.ts';
import { silentLog } from '../../../../src/foundation/log.ts';
import { createMeter } from '../../../../src/foundation/meter.ts';
import { createBootDoctor } from '../../../../src/netboot/doctor/boot-doctor.ts';
import type { TappedPacket } from '../../../../src/netboot/packet-tap.ts';
import { decodePcapFile } from '../../../../src/protocols/pcap/pcap-file.ts';
import { createManualClock } from '../../../support/manual-clock.ts';
import {
  memoryAttempts,
  memoryBootCaptures,
  memoryMachines,
  memoryTimeline,
  sampleMachine,
} from '../../../support/netboot-ports.ts';
import { recorded } from '../../../support/recorded-netboot.ts';

const MAC = '52:54:00:77:09:01';
const BOOT = { kernel: 'k', initrds: [], commandLine: '' };

/** The doctor alone, with one machine that can be armed. */
function rig(beforeKeep?: () => Promise<void>) {
  const clock = createManualClock();
  const captures = memoryBootCaptures(beforeKeep);
  const attempts = memoryAttempts(clock.now);
  const timeline = memoryTimeline(clock.now);
  const machine = sampleMachine({ name: 'm1', macs: [MAC], address: '10.0.0.11' });
  const told: NewEvent[] = [];
  const meter = createMeter();
  const sightings = {
    saw: (_machineId: string, event: NewEvent) => void told.push(event),
    settled: async () => undefined,
    close: async () => undefined,
  };
  const start = () => {
    const doctor = createBootDoctor(
      {
        ...{ attempts, machines: memoryMachines([machine]), timeline, captures, sightings, clock, meter },
        ...{ otherServers: () => [], log: silentLog },
      },
      { interfaces: [{ name: 'eth0', mode: 'full', address: { address: '10.0.0.1' } }], patienceMs: 60_000 },
    );
    const stop = new AbortController();
    const running = doctor.run(stop.signal);
    return {
      doctor,
      async stop() {
        stop.abort();
        await running;
      },
    };
  };
  const discover: TappedPacket = {
    ...{ direction: 'in', protocol: 'dhcp', interface: 'eth0', data: recorded('ovmf-discover'), mac: MAC },
    ...{ local: { address: '255.255.255.255', port: 67 }, remote: { address: '0.0.0.0', port: 68 } },
  };
  const codes = () => told.map(({ type, data }) => `${type} ${String(data.code)}`);
  return { clock, captures, attempts, timeline, machine, told, codes, meter, start, discover };
}

const ignored = (why: string): NewEvent => ({ type: 'boot.ignored', source: 'dhcp', data: { why } });

describe('the boot doctor', () => {
  it('goes on after a restart: packets, evidence, and what was told already', async () => {
    const { clock, captures, attempts, machine, codes, start, discover } = rig();
    attempts.arm(machine, BOOT);
    const first = start();
    await clock.advance(100);
    first.doctor.tap.saw(discover);
    first.doctor.sightings.saw(machine.id, ignored('unknown-subnet'));
    await clock.advance(15_000);
    await first.stop();
    const found = codes().filter((code) => code.startsWith('boot.diagnosed'));
    expect(found).toEqual(['boot.diagnosed relay-subnet-unknown']);
    const second = start();
    await clock.advance(100);
    second.doctor.tap.saw(discover);
    await clock.advance(60_000);
    await second.stop();
    expect(codes().filter((code) => code.startsWith('boot.diagnosed'))).toEqual(found);
    expect(captures.kept).toHaveLength(1);
    expect(captures.kept[0]?.evidence.pass.firmware?.discovers).toBe(2);
    expect(decodePcapFile(captures.kept[0]?.pcap ?? Buffer.alloc(0)).records).toHaveLength(2);
  });

  it('takes in what came just before it learnt of the attempt, and nothing of before it was armed', async () => {
    const { clock, captures, attempts, machine, start, discover } = rig();
    const { doctor, stop } = start();
    await clock.advance(100);
    doctor.tap.saw(discover);
    await clock.advance(400);
    attempts.arm(machine, BOOT);
    doctor.tap.saw(discover);
    await clock.advance(10_000);
    await stop();
    expect(captures.kept[0]).toMatchObject({ packets: 1, evidence: { pass: { firmware: { discovers: 1 } } } });
  });

  it('keeps what is heard over IPv6 without judging it, and takes it for a sign of the machine', async () => {
    const { clock, captures, attempts, machine, start, discover } = rig();
    attempts.arm(machine, BOOT);
    const { doctor, stop } = start();
    await clock.advance(100);
    const peers = { local: { address: 'fe80::1', port: 547 }, remote: { address: 'fe80::2', port: 546 } };
    doctor.tap.saw({ ...discover, ...peers, protocol: 'dhcpv6' });
    await clock.advance(10_000);
    await stop();
    expect(captures.kept[0]).toMatchObject({ packets: 1, evidence: { marks: {}, pass: { firmware: null } } });
    expect(captures.kept[0]?.evidence.heardAt).not.toBeNull();
  });

  it('writes within seconds, at once when it found something, and ends an attempt that is disarmed', async () => {
    const { clock, captures, attempts, machine, start, discover } = rig();
    const { token } = attempts.arm(machine, BOOT);
    const { doctor, stop } = start();
    await clock.advance(100);
    doctor.tap.saw(discover);
    doctor.sightings.saw(machine.id, ignored('unknown-subnet'));
    await clock.advance(4000);
    expect(captures.kept).toEqual([]);
    await clock.advance(2000);
    expect(captures.kept).toMatchObject([{ packets: 1, findings: [], endedAt: null }]);
    await clock.advance(5000);
    expect(captures.kept).toMatchObject([{ findings: [{ code: 'relay-subnet-unknown' }] }]);
    attempts.end(token);
    await clock.advance(6000);
    expect(captures.kept[0]?.endedAt).not.toBeNull();
    doctor.tap.saw(discover);
    await clock.advance(20_000);
    expect(captures.kept[0]?.packets).toBe(1);
    await stop();
  });

  it('keeps what could not be written, and writes it later', async () => {
    let fails = true;
    const broken = rig(async () => {
      if (fails) throw new Error('disk full');
    });
    broken.attempts.arm(broken.machine, BOOT);
    const { doctor, stop } = broken.start();
    await broken.clock.advance(100);
    doctor.tap.saw(broken.discover);
    await broken.clock.advance(20_000);
    expect(broken.captures.kept).toEqual([]);
    fails = false;
    await broken.clock.advance(10_000);
    expect(broken.captures.kept).toMatchObject([{ packets: 1 }]);
    await stop();
  });

  it('tells what it found to the timeline with the run and the round, and counts it', async () => {
    const { clock, attempts, machine, told, meter, start, discover } = rig();
    const attempt = attempts.arm(machine, BOOT);
    const { doctor, stop } = start();
    await clock.advance(100);
    doctor.tap.saw(discover);
    doctor.sightings.saw(machine.id, ignored('unknown-subnet'));
    await clock.advance(30_000);
    await stop();
    const [event] = told.filter(({ type }) => type === 'boot.diagnosed');
    expect(event).toMatchObject({
      ...{ source: 'doctor', runId: attempt.runId },
      data: { code: 'relay-subnet-unknown', severity: 'error', attempt: 1, evidence: [expect.any(String)] },
    });
    expect(meter.value('netboot_findings', { code: 'relay-subnet-unknown' })).toBe(1);
    expect(JSON.stringify(told)).not.toContain(attempt.token);
  });

  it('does not take an old URL of the machine for the attempt that is armed', async () => {
    const { clock, captures, attempts, machine, start } = rig();
    const { token } = attempts.arm(machine, BOOT);
    const { doctor, stop } = start();
    await clock.advance(100);
    const request = { address: '10.0.0.11', route: { kind: 'script', token }, name: 'script.ipxe' } as const;
    const refused = { status: 410, why: 'this boot attempt has ended' };
    doctor.requests.saw({ ...request, machineId: machine.id, refused });
    await clock.advance(10_000);
    await stop();
    expect(captures.kept[0]).toMatchObject({ findings: [], evidence: { heardAt: null } });
  });
});
