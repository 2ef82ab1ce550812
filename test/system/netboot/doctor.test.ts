import { describe, expect, it } from 'vitest';
import { UnreachableError } from '../../../src/foundation/errors.ts';
import { decodePcapFile } from '../../../src/protocols/pcap/pcap-file.ts';
import { decodeUdpPacket } from '../../../src/protocols/pcap/udp-packet.ts';
import { startDoctorRig } from './doctor-rig.ts';

// The real listeners over loopback; the clock leaps over what firmware would wait.
describe.concurrent('the boot doctor finds', { timeout: 30_000 }, () => {
  it('an offer that is not taken', async () => {
    await using rig = await startDoctorRig(81);
    await rig.discoverOnly('firmware');
    await rig.later(14_000);
    expect(rig.told()).toEqual([]);
    await rig.later(7000);
    // On loopback every client stands behind a relay.
    expect(rig.told()).toEqual(['relay-not-answering']);
    // Then somebody mends the way back.
    await rig.boot();
    await rig.later(0);
    expect(rig.told()).toEqual(['relay-not-answering']);
    expect(rig.recovered()).toEqual(['relay-not-answering']);
  });

  it('another server whose offer was taken, by its address', async () => {
    await using rig = await startDoctorRig(82);
    await rig
      .configure('firmware', '127.82.0.9')
      .catch((error: unknown) => expect(error).toBeInstanceOf(UnreachableError));
    await rig.later(11_000);
    expect(rig.told()).toEqual(['other-server-chosen']);
    const event = rig.netboot.timeline.events.find(({ type }) => type === 'boot.diagnosed');
    expect(event).toMatchObject({
      source: 'doctor',
      runId: rig.attempt.runId,
      data: { attempt: 1, severity: 'error' },
    });
    expect(event?.data.message).toContain('127.82.0.9');
  });

  it('silence, when the run has waited for most of its time', async () => {
    await using rig = await startDoctorRig(83);
    await rig.later(200_000);
    expect(rig.told()).toEqual([]);
    await rig.netboot.timeline.append(rig.machineId, [
      {
        type: 'step.entered',
        source: 'engine',
        runId: rig.attempt.runId,
        step: 'netboot',
        data: { round: 1, deadlineMs: 300_000 },
      },
    ]);
    await rig.later(230_000);
    expect(rig.told()).toEqual([]);
    await rig.later(12_000);
    expect(rig.told()).toEqual(['nothing-heard']);
    expect(rig.capture()?.evidence.heardAt ?? null).toBeNull();
  });

  it('port 4011 filtered', async () => {
    await using rig = await startDoctorRig(84, { spec: () => ({ firmware: { noBypass: true } }) });
    await rig.configure('firmware');
    await rig.later(21_000);
    expect(rig.told()).toEqual(['boot-server-filtered']);
  });

  it('a size probe without a transfer', async () => {
    await using rig = await startDoctorRig(86);
    await rig.configure('firmware');
    await rig.readByTftp({ probe: true, filename: 'ipxe.efi' });
    await rig.later(14_000);
    expect(rig.told()).toEqual([]);
    await rig.later(7000);
    expect(rig.told()).toEqual(['size-probe-only']);
  });

  it('a script that is never fetched', async () => {
    await using rig = await startDoctorRig(87);
    await rig.configure('firmware');
    await rig.readByTftp({ probe: false, filename: 'ipxe.efi' });
    await rig.configure('ipxe');
    await rig.later(38_000);
    expect(rig.told()).toEqual([]);
    await rig.later(8000);
    expect(rig.told()).toEqual(['script-not-fetched']);
  });

  it('a loader that hangs, and that the next one did better', async () => {
    await using rig = await startDoctorRig(88);
    await expect(rig.boot({ hangsIn: ['ipxe.efi'] })).rejects.toThrow('hangs');
    await rig.later(52_000);
    expect(rig.told()).toEqual([]);
    await rig.later(9000);
    expect(rig.told()).toEqual(['loader-hangs']);
    await rig.boot({ hangsIn: ['ipxe.efi'] });
    await rig.later(300_000);
    expect([rig.told(), rig.recovered()]).toEqual([['loader-hangs'], ['loader-hangs']]);
  });

  it('a request that was refused for its address', async () => {
    await using rig = await startDoctorRig(89, { mode: 'proxy' });
    // Another server gave it an address that nobody declared.
    await rig
      .boot({ firmware: 'bios-ipxe', addressFrom: { fixed: '127.89.1.77' } })
      .catch((error: unknown) => expect(String(error)).toContain('403'));
    await rig.later(6000);
    expect(rig.told()).toEqual(['script-refused']);
  });
});

describe.concurrent('a boot that works has no finding', { timeout: 60_000 }, () => {
  it.each([
    ['full', 'uefi', 90],
    ['full', 'bios', 91],
    ['full', 'bios-ipxe', 92],
    ['full', 'uefi-http', 93],
    ['proxy', 'uefi', 94],
    ['proxy', 'bios-ipxe', 95],
  ] as const)('%s, %s', async (mode, firmware, net) => {
    await using rig = await startDoctorRig(net, { mode });
    const addressFrom = mode === 'proxy' ? { addressFrom: { fixed: rig.corner.machine(1) } } : {};
    await rig.later(0);
    await rig.boot({ firmware, ...addressFrom });
    await rig.later(300_000);
    rig.netboot.attempts.end(rig.attempt.token);
    await rig.later(6000);
    expect(rig.told()).toEqual([]);
    const capture = rig.capture();
    expect(capture?.evidence.marks.files).toBeDefined();
    expect(capture?.endedAt).not.toBeNull();
    if (firmware !== 'bios-ipxe') expect(capture?.evidence.marks.loader).toBeDefined();
  });

  it('with packets lost and malformed ones in between', async () => {
    await using rig = await startDoctorRig(96);
    await rig.later(0);
    await rig.boot({ faults: { loss: 0.1, malformed: true }, patienceMs: 300, tries: 8 });
    await rig.later(300_000);
    expect(rig.told()).toEqual([]);
  });

  it('by GRUB of the signed chain, which asks DHCP for nothing', async () => {
    const moreLoaders = ['shimx64.efi', 'grubx64.efi'];
    await using rig = await startDoctorRig(85, { moreLoaders, options: { secureBoot: 'on' } });
    await rig.later(0);
    await rig.configure('firmware');
    for (const filename of ['shimx64.efi', 'grubx64.efi', '/grub/grub.cfg', '/boot/kernel', '/boot/initrd/0'])
      await rig.readByTftp({ probe: false, filename });
    await rig.later(0);
    expect(rig.capture()?.evidence.marks.files, 'one initrd is missing').toBeUndefined();
    await rig.readByTftp({ probe: false, filename: '/boot/initrd/1' });
    await rig.later(300_000);
    expect(rig.told()).toEqual([]);
    expect(rig.capture()?.evidence.marks.files).toBeDefined();
  });

  it('by way of port 4011', async () => {
    await using rig = await startDoctorRig(97, { spec: () => ({ firmware: { noBypass: true } }) });
    await rig.boot({ asksBootServer: true });
    await rig.later(300_000);
    expect(rig.told()).toEqual([]);
  });
});

describe.concurrent('the packets of an attempt', { timeout: 30_000 }, () => {
  it('are kept with their times and without its token, and go on after a restart', async () => {
    const rig = await startDoctorRig(98);
    await rig.later(0);
    await rig.boot();
    await rig.later(0);
    await rig[Symbol.asyncDispose]();
    const pcap = rig.captures.kept[0]?.pcap ?? Buffer.alloc(0);
    expect(pcap.includes(rig.attempt.token)).toBe(false);
    expect(pcap.includes('/boot/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/script.ipxe')).toBe(true);
    const { records } = decodePcapFile(pcap);
    const packets = records.map(({ data }) => decodeUdpPacket(data));
    // Two four-way exchanges, the size probe, and the ends of the transfer; not its bulk.
    expect(packets.length).toBeGreaterThan(15);
    expect(packets.length).toBeLessThan(40);
    expect(packets.filter(({ data }) => data.includes('ipxe.efi')).length).toBeGreaterThan(2);
    for (const { from, to } of packets)
      expect([from.address, to.address].some((address) => address === rig.corner.server)).toBe(true);
    expect(rig.captures.kept[0]?.packets).toBe(packets.length);
  });
});
