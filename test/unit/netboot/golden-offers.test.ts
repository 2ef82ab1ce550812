import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MOST_HOPS } from '../../../src/domain/boot/boot-trail.ts';
import type { FirmwareSpec } from '../../../src/domain/boot/firmware-spec.ts';
import type { InterfaceMode } from '../../../src/domain/boot-policy.ts';
import { createBootServerAnswerer, createProxyAnswerer } from '../../../src/netboot/dhcp/answer-proxy.ts';
import { type BootDesk, createBootDesk } from '../../../src/netboot/dhcp/boot-desk.ts';
import { completeReply } from '../../../src/netboot/dhcp/complete-reply.ts';
import { buildReply } from '../../../src/netboot/dhcp/reply.ts';
import { type UnderstoodRequest, understandDhcp } from '../../../src/netboot/dhcp/understand.ts';
import { encodeDhcpMessage } from '../../../src/protocols/dhcp/message.ts';
import {
  type ClientMessageParts,
  clientMessage,
  type Speaker,
  type SpeakingClient,
} from '../../../src/simulator/pxe-client/messages.ts';
import { loaderNames } from '../../support/loader-names.ts';
import { memoryAttempts, sampleMachine } from '../../support/netboot-ports.ts';
import { packetText } from '../../support/packet-text.ts';

const SERVER = '10.77.0.1';
const ADDRESS = '10.77.0.11';
const PI_MAC = '2c:cf:67:77:00:01';
const UUID = '4c4c4544-0033-4a10-8052-b4c04f4d3432';
const network = {
  name: 'eth0',
  address: { address: SERVER, prefixLength: 24 },
  mode: 'full',
  leaseSeconds: 3600,
  router: '10.77.0.254',
  dns: ['10.77.0.53'],
} as const;
const x64 = ['ipxe.efi', 'snponly.efi'];
const loaders = loaderNames(
  { 0: ['undionly.kpxe'], 7: x64, 9: x64, 16: x64, 11: ['snponly-arm64.efi'], 41: ['start4.elf'] },
  {
    sizes: {
      'undionly.kpxe': 74_213,
      'ipxe.efi': 850_528,
      'snponly.efi': 173_792,
      'snponly-arm64.efi': 170_000,
      'start4.elf': 2_250_000,
    },
  },
);
const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x11) };

type Case = {
  readonly client: Partial<SpeakingClient> & Pick<SpeakingClient, 'firmware'>;
  readonly speaker?: Speaker;
  readonly firmware?: FirmwareSpec;
  readonly hops?: number;
};

const CLIENTS: Readonly<Record<string, Case>> = {
  bios: { client: { firmware: 'bios' } },
  uefi: { client: { firmware: 'uefi' } },
  'uefi-http': { client: { firmware: 'uefi-http' } },
  ipxe: { client: { firmware: 'uefi' }, speaker: 'ipxe' },
  'raspberry-pi': { client: { firmware: 'raspberry-pi', mac: PI_MAC } },
};
const ODD: Readonly<Record<string, Case>> = {
  'vendor-class-of-a-maker': { client: { firmware: 'bios', vendorClass: 'HW-Client' } },
  'no-bypass': { client: { firmware: 'uefi' }, firmware: { noBypass: true } },
  'no-vendor-class': { client: { firmware: 'uefi' }, firmware: { noVendorClass: true } },
  'old-ipxe-replaced': { client: { firmware: 'bios-ipxe', oldIpxe: true }, speaker: 'ipxe' },
  'hop-limit': { client: { firmware: 'uefi' }, hops: MOST_HOPS },
  'hop-limit-ipxe': { client: { firmware: 'uefi' }, speaker: 'ipxe', hops: MOST_HOPS },
};

function deskFor({ client, firmware, hops = 0 }: Case, mode: InterfaceMode): BootDesk {
  const { mac = '52:54:00:77:00:01' } = client;
  const plain = sampleMachine({ name: 'm1', macs: [mac], address: ADDRESS });
  const machine = firmware === undefined ? plain : { ...plain, spec: { ...plain.spec, firmware } };
  const attempts = memoryAttempts(() => 0);
  const attempt = attempts.arm(
    machine,
    { kernel: 'k', initrds: ['i'], commandLine: '' },
    { token: '0123456789abcdef'.repeat(2) },
  );
  const nothing = { proven: undefined, failed: [] };
  return createBootDesk(
    {
      directory: { machineByMac: async () => machine, attemptOf: async () => attempt },
      sightings: { saw: () => undefined, settled: async () => undefined, close: async () => undefined },
      strangers: { saw: () => undefined },
      progress: {
        asked: async () => ({ hops, replaced: false, experience: () => nothing }),
        offered: () => undefined,
      },
    },
    { mode, loaders, scriptBaseUrl: `http://${SERVER}:8480` },
  );
}

/** What the simulated client sends, through the service's own ears. */
function heard({ client, speaker = 'firmware' }: Case, parts: Partial<ClientMessageParts> = {}): UnderstoodRequest {
  const whole = { mac: '52:54:00:77:00:01', uuid: UUID, ...client };
  const sent = encodeDhcpMessage(clientMessage(fixed, whole, { type: 'discover', speaker, ...parts }));
  const understood = understandDhcp(sent);
  if (typeof understood === 'string') throw new Error(understood);
  return understood;
}

async function full(of: Case, type: 'offer' | 'ack'): Promise<string> {
  const asked = type === 'offer' ? heard(of) : heard(of, { type: 'request', requested: ADDRESS, server: SERVER });
  const found = await deskFor(of, 'full').consult(asked, type === 'offer' ? 'discover' : 'request', 'dhcp');
  if (found === undefined) return 'no answer\n';
  const boot = found.boot === undefined ? {} : { boot: found.boot };
  const parts = { type, yiaddr: ADDRESS, leaseSeconds: 3600, network, toIpxe: asked.client.loader === 'ipxe', ...boot };
  return text(completeReply(buildReply(asked.message, SERVER, parts), asked.message, { raw: [] }));
}

async function proxy(of: Case): Promise<string> {
  const answer = await createProxyAnswerer({ desk: deskFor(of, 'proxy') }, SERVER).answer(heard(of));
  return answer === undefined ? 'no answer\n' : text(answer.reply);
}

async function bootServer(of: Case, type: 'request' | 'inform', item?: Buffer): Promise<string> {
  const asked = heard(of, { type, ciaddr: ADDRESS });
  const options = item === undefined ? asked.message.options : new Map(asked.message.options).set(43, item);
  const request = { ...asked, message: { ...asked.message, options } };
  const answer = await createBootServerAnswerer({ desk: deskFor(of, 'proxy') }, SERVER).answer(request);
  return answer === undefined ? 'no answer\n' : text(answer.reply);
}

const text = (reply: Parameters<typeof encodeDhcpMessage>[0]): string => packetText(encodeDhcpMessage(reply));
const fixture = (name: string): string =>
  join(import.meta.dirname, '..', '..', 'fixtures', 'netboot', 'offers', `${name}.txt`);

describe('golden answers, byte for byte', () => {
  it.each(Object.entries(CLIENTS))('full: offer and ACK to %s', async (name, of) => {
    await expect(await full(of, 'offer')).toMatchFileSnapshot(fixture(`full-offer-${name}`));
    await expect(await full(of, 'ack')).toMatchFileSnapshot(fixture(`full-ack-${name}`));
  });

  it.each(Object.entries(CLIENTS))('proxy: offer to %s, and ACK of port 4011', async (name, of) => {
    await expect(await proxy(of)).toMatchFileSnapshot(fixture(`proxy-offer-${name}`));
    await expect(await bootServer(of, 'request')).toMatchFileSnapshot(fixture(`boot-server-ack-${name}`));
  });

  it('port 4011: the boot item goes back, to a request and to an inform', async () => {
    const item = Buffer.from('470400000000ff', 'hex');
    const of = { client: { firmware: 'uefi' } } as const;
    await expect(await bootServer(of, 'request', item)).toMatchFileSnapshot(fixture('boot-server-ack-boot-item'));
    expect(await bootServer(of, 'inform', item)).toBe(await bootServer(of, 'request', item));
    const unreadable = Buffer.from('47ff00', 'hex');
    expect(await bootServer(of, 'request', unreadable)).toBe(await bootServer(of, 'request'));
  });

  it.each(Object.entries(ODD))('%s', async (name, of) => {
    await expect(await full(of, 'ack')).toMatchFileSnapshot(fixture(`odd-full-${name}`));
    await expect(await proxy(of)).toMatchFileSnapshot(fixture(`odd-proxy-${name}`));
    await expect(await bootServer(of, 'request')).toMatchFileSnapshot(fixture(`odd-boot-server-${name}`));
  });
});
