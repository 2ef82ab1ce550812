import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FirmwareSpec } from '../../../src/domain/boot/firmware-spec.ts';
import { createBootServerAnswerer, createProxyAnswerer } from '../../../src/netboot/dhcp/answer-proxy.ts';
import { createBootDesk } from '../../../src/netboot/dhcp/boot-desk.ts';
import { completeReply } from '../../../src/netboot/dhcp/complete-reply.ts';
import { buildReply } from '../../../src/netboot/dhcp/reply.ts';
import { understandDhcp } from '../../../src/netboot/dhcp/understand.ts';
import { type DhcpMessage, decodeDhcpMessage, encodeDhcpMessage } from '../../../src/protocols/dhcp/message.ts';
import { parseBootMenu } from '../../../src/protocols/pxe/boot-menu.ts';
import { machineIdentifiersOf } from '../../../src/protocols/pxe/machine-identifier.ts';
import { readBootAnswer } from '../../../src/simulator/pxe-client/boot-answer.ts';
import { clientMessage } from '../../../src/simulator/pxe-client/messages.ts';
import { loaderNames } from '../../support/loader-names.ts';
import { memoryAttempts, sampleMachine } from '../../support/netboot-ports.ts';
import { RECORDED_DHCP, recorded } from '../../support/recorded-netboot.ts';

const RUNS = { numRuns: 300 };
const SERVER = '10.77.0.1';
const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x11) };
const x64 = ['ipxe.efi', 'snponly.efi'];
const loaders = loaderNames({
  0: ['undionly.kpxe'],
  7: x64,
  9: x64,
  16: x64,
  11: ['snponly-arm64.efi'],
  41: ['start4.elf'],
});
const network = {
  name: 'e',
  address: { address: SERVER, prefixLength: 24 },
  mode: 'full',
  leaseSeconds: 60,
  dns: [],
} as const;

const simulated = (['bios', 'uefi', 'uefi-http', 'raspberry-pi', 'bios-ipxe'] as const).flatMap((firmware) =>
  (['firmware', 'ipxe'] as const).map((speaker) => {
    const client = { firmware, mac: '2c:cf:67:00:00:01', uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432' };
    return encodeDhcpMessage(clientMessage(fixed, client, { type: 'discover', speaker }));
  }),
);
const real = [...RECORDED_DHCP.map(recorded), ...simulated];

/** A real request with some bytes changed, mostly among its options, and perhaps cut. */
const mutated = fc
  .tuple(
    fc.constantFrom(...real),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }),
    fc.option(fc.integer({ min: 240, max: 600 }), { nil: undefined }),
  )
  .map(([message, changes, length]) => {
    const copy = Buffer.from(message);
    for (const [at, value] of changes) copy[at % 8 === 0 ? at % 240 : 240 + (at % (copy.length - 240))] = value;
    return copy.subarray(0, length);
  });

const quirks = fc.constantFrom<FirmwareSpec>(
  {},
  { noBypass: true },
  { noVendorClass: true },
  { loader: 'snponly.efi' },
);
const hops = fc.constantFrom(0, 3);

function desk(firmware: FirmwareSpec, seen: number, mode: 'full' | 'proxy') {
  const plain = sampleMachine({ name: 'm1', macs: ['2c:cf:67:00:00:01'], address: '10.77.0.11' });
  const machine = { ...plain, spec: { ...plain.spec, firmware } };
  const attempt = memoryAttempts(() => 0).arm(machine, { kernel: 'k', initrds: ['i'], commandLine: '' });
  return createBootDesk(
    {
      directory: { machineByMac: async () => machine, attemptOf: async () => attempt },
      sightings: { saw: () => undefined, settled: async () => undefined, close: async () => undefined },
      strangers: { saw: () => undefined },
      progress: {
        asked: async () => ({ hops: seen, replaced: seen > 0, experience: () => ({ proven: undefined, failed: [] }) }),
        offered: () => undefined,
      },
    },
    { mode, loaders, scriptBaseUrl: `http://${SERVER}:8480` },
  );
}

/** What the client takes, as a message: option 57 less the headers, 548 where it makes no sense. */
function room(request: DhcpMessage): number {
  const asked = request.options.get(57);
  const datagram = asked?.length === 2 ? asked.readUInt16BE() : 576;
  return Math.min(Math.max(datagram, 576) - 28, 1472);
}

function check(request: DhcpMessage, reply: DhcpMessage): void {
  const bytes = encodeDhcpMessage(reply);
  expect(bytes.length).toBeLessThanOrEqual(room(request));
  const again = decodeDhcpMessage(bytes);
  expect(again.options.has(52)).toBe(false);
  if (again.options.has(82)) expect([...again.options.keys()].at(-1)).toBe(82);
  expect(again.xid).toBe(request.xid);
  const vendor = again.options.get(43);
  if (vendor !== undefined) expect(() => parseBootMenu(vendor)).not.toThrow();
  for (const firmware of ['uefi', 'uefi-http', 'raspberry-pi'] as const)
    expect(() => readBootAnswer(again, { firmware }, 'firmware', false)).not.toThrow();
}

describe('whatever a boot client sends', () => {
  it('a proxy answers within its room or not at all', async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(mutated, quirks, hops, async (data, firmware, seen) => {
        const request = understandDhcp(data);
        if (typeof request === 'string') return;
        const consulted = desk(firmware, seen, 'proxy');
        for (const answerer of [
          createProxyAnswerer({ desk: consulted }, SERVER),
          createBootServerAnswerer({ desk: consulted }, SERVER),
        ]) {
          const answer = await answerer.answer(request);
          if (answer === undefined) continue;
          answered += 1;
          check(request.message, answer.reply);
          expect(answer.reply.yiaddr).toBe('0.0.0.0');
        }
      }),
      RUNS,
    );
    expect(answered).toBeGreaterThan(50);
  });

  it('a full server answers within its room', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, quirks, hops, async (data, firmware, seen) => {
        const request = understandDhcp(data);
        if (typeof request === 'string') return;
        const found = await desk(firmware, seen, 'full').consult(request, 'discover', 'dhcp');
        const boot = found?.boot === undefined ? {} : { boot: found.boot };
        const parts = {
          type: 'offer',
          yiaddr: '10.77.0.11',
          leaseSeconds: 60,
          network,
          toIpxe: true,
          ...boot,
        } as const;
        const reply = buildReply(request.message, SERVER, parts);
        check(request.message, completeReply(reply, request.message, { raw: [] }));
      }),
      RUNS,
    );
  });

  it('option 97 is two spellings of one value, or none', () => {
    const value = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(value, (data) => {
        const found = machineIdentifiersOf(data);
        expect(found.length).toBeLessThanOrEqual(2);
        for (const uuid of found) expect(uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      }),
      RUNS,
    );
  });
});
