import { describe, expect, it } from 'vitest';
import type { FirmwareSpec } from '../../../src/domain/boot/firmware-spec.ts';
import {
  type BootHistory,
  type BootPolicyInput,
  type BootRequest,
  decideBoot,
} from '../../../src/domain/boot-policy.ts';
import { loaderNames } from '../../support/loader-names.ts';
import { memoryAttempts, sampleMachine } from '../../support/netboot-ports.ts';

const machine = sampleMachine({ name: 'm1', macs: ['52:54:00:00:00:01'], address: '10.0.0.11' });
const attempt = memoryAttempts(() => 0).arm(machine, { kernel: 'k', initrds: ['i'], commandLine: '' });
const x64 = ['ipxe.efi', 'snponly.efi'];
const loaders = loaderNames(
  { 0: ['undionly.kpxe'], 7: x64, 9: x64, 16: x64, 41: ['start4.elf'] },
  { missing: { 11: 'snponly-arm64.efi is not there: set netboot.loaders to a folder that has it' } },
);
const firmware: BootRequest = {
  channel: 'dhcp',
  messageType: 'discover',
  client: 'pxe',
  architectures: [7],
  board: null,
  loader: 'firmware',
  features: null,
};
const ipxe: BootRequest = { ...firmware, loader: 'ipxe', features: { http: true, kernel: true } };
const system: BootRequest = { ...firmware, client: 'other', architectures: [] };
const nothingSeen: BootHistory = { hops: 0, replaced: false, experience: () => ({ proven: undefined, failed: [] }) };
const seen = (changes: Partial<BootHistory>) => ({ history: { ...nothingSeen, ...changes } });
const experience = (proven: string | undefined, ...failed: string[]) =>
  seen({ experience: () => ({ proven, failed }) });
const decide = (input: Partial<BootPolicyInput>) =>
  decideBoot({ mode: 'full', machine, attempt, request: firmware, loaders, history: nothingSeen, ...input });
const summary = (input: Partial<BootPolicyInput>): string => {
  const answer = decide(input);
  if (answer.kind === 'loader') return `loader ${answer.name}${answer.by === 'http' ? ' by http' : ''}`;
  if (answer.kind === 'script') return `script ${answer.attempt.token === attempt.token}`;
  return `${answer.kind} ${answer.why}`;
};
const quirky = (quirks: FirmwareSpec) => ({ machine: { ...machine, spec: { ...machine.spec, firmware: quirks } } });
const http6 = { channel: 'dhcpv6', client: 'http', architectures: [16] } as const;
const [unknown, idle] = [{ machine: undefined }, { attempt: undefined }];
const request = (of: BootRequest, changes: Partial<BootRequest> = {}) => ({ request: { ...of, ...changes } });

describe('boot policy', () => {
  it.each<[string, Partial<BootPolicyInput>, string]>([
    ['interface off', { mode: 'off' }, 'ignore interface-off'],
    ['unknown machine, full', unknown, 'ignore unknown-machine'],
    ['unknown machine, proxy', { ...unknown, mode: 'proxy' }, 'ignore unknown-machine'],
    ['armed firmware', {}, 'loader ipxe.efi'],
    ['armed firmware, its request', request(firmware, { messageType: 'request' }), 'loader ipxe.efi'],
    ['armed BIOS', request(firmware, { architectures: [0] }), 'loader undionly.kpxe'],
    [
      'armed firmware that names no architecture is a BIOS',
      request(firmware, { architectures: [] }),
      'loader undionly.kpxe',
    ],
    ['the first known architecture counts', request(firmware, { architectures: [99, 7, 0] }), 'loader ipxe.efi'],
    [
      'an architecture without a loader still gets its address',
      request(firmware, { architectures: [11] }),
      'lease unsupported-architecture',
    ],
    [
      '… and nothing beside another server',
      { mode: 'proxy', ...request(firmware, { architectures: [11] }) },
      'ignore unsupported-architecture',
    ],
    ['UEFI HTTP boot', request(firmware, { client: 'http', architectures: [16] }), 'loader ipxe.efi by http'],
    [
      '… beside another server',
      { mode: 'proxy', ...request(firmware, { client: 'http', architectures: [16] }) },
      'loader ipxe.efi by http',
    ],
    [
      '… and once more on port 4011',
      request(firmware, { client: 'http', architectures: [16], channel: 'proxy', messageType: 'request' }),
      'loader ipxe.efi by http',
    ],
    ['what HTTP boot loaded, by its user class', request(ipxe, { architectures: [7] }), 'script true'],
    ['with reservations only', { mode: 'reservations' }, 'loader ipxe.efi'],
    ['with reservations only, not armed', { mode: 'reservations', ...idle }, 'lease not-armed'],
    ['a Raspberry Pi', request(firmware, { architectures: [0], board: 'raspberry-pi' }), 'loader start4.elf'],
    ['the other loader after one hung', experience(undefined, 'ipxe.efi'), 'loader snponly.efi'],
    ['the loader that has worked', experience('snponly.efi'), 'loader snponly.efi'],
    ['… unless it hung since', experience('snponly.efi', 'snponly.efi'), 'loader ipxe.efi'],
    ['a loader that is no longer there', experience('gone.efi'), 'loader ipxe.efi'],
    ['all hung: the one that did longest ago', experience(undefined, 'snponly.efi', 'ipxe.efi'), 'loader snponly.efi'],
    ['the ordered loader', { ...quirky({ loader: 'snponly.efi' }), ...experience('ipxe.efi') }, 'loader snponly.efi'],
    [
      'a loader ordered for UEFI, asked as a BIOS',
      { ...quirky({ loader: 'snponly.efi' }), ...request(firmware, { architectures: [0] }) },
      'loader undionly.kpxe',
    ],
    [
      'an ordered loader that is in no list',
      { ...quirky({ loader: 'mine.efi' }), loaders: { ...loaders, sizes: new Map([['mine.efi', 1]]) } },
      'loader mine.efi',
    ],
    ['an ordered loader that is not there', quirky({ loader: 'gone.efi' }), 'loader ipxe.efi'],
    ['a third return', seen({ hops: 3 }), 'stop hop-limit'],
    ['a third return of iPXE', { ...seen({ hops: 3 }), ...request(ipxe) }, 'stop hop-limit'],
    ['a second return', seen({ hops: 2 }), 'loader ipxe.efi'],
    ['a third return, not armed any more', { ...seen({ hops: 3 }), ...idle }, 'lease not-armed'],
    [
      'iPXE without HTTP that came back after ours',
      { ...seen({ replaced: true }), ...request(ipxe, { features: { http: false, kernel: true } }) },
      'stop ipxe-cannot-boot',
    ],
    ['our iPXE after it took the place of another', { ...seen({ replaced: true }), ...request(ipxe) }, 'script true'],
    ['armed iPXE', request(ipxe), 'script true'],
    ['armed iPXE that does not say what it can', request(ipxe, { features: null }), 'script true'],
    ['iPXE without vendor class', request(ipxe, { client: 'other' }), 'script true'],
    [
      'iPXE without HTTP is replaced by ours',
      request(ipxe, { features: { http: false, kernel: true } }),
      'loader ipxe.efi',
    ],
    [
      'iPXE that starts no kernel is replaced by ours',
      request(ipxe, { features: { http: true, kernel: false } }),
      'loader ipxe.efi',
    ],
    ['firmware that is not armed', idle, 'lease not-armed'],
    ['iPXE that is not armed', { ...idle, ...request(ipxe) }, 'lease not-armed'],
    ['not armed beside another server', { ...idle, mode: 'proxy' }, 'ignore not-armed'],
    ['a system, armed', request(system), 'lease null'],
    ['a system, not armed', { ...idle, ...request(system) }, 'lease null'],
    ['a system beside another server', { mode: 'proxy', ...request(system) }, 'ignore not-a-boot-request'],
    ['proxy offer', { mode: 'proxy' }, 'loader ipxe.efi'],
    ['proxy offer to iPXE', { mode: 'proxy', ...request(ipxe) }, 'script true'],
    [
      'a request to the other server',
      { mode: 'proxy', ...request(firmware, { messageType: 'request' }) },
      'ignore other-server-leads',
    ],
    ['UEFI HTTP boot over IPv6', request(firmware, http6), 'loader ipxe.efi by http'],
    ['UEFI HTTP boot over IPv6, proxy', { mode: 'proxy', ...request(firmware, http6) }, 'loader ipxe.efi by http'],
    ['PXE over IPv6', request(firmware, { channel: 'dhcpv6' }), 'lease pxe-over-ipv6'],
    ['PXE over IPv6, not armed', { ...idle, ...request(firmware, { channel: 'dhcpv6' }) }, 'lease not-armed'],
    ['iPXE over IPv6', request(ipxe, { channel: 'dhcpv6', features: null }), 'script true'],
    ['a system over IPv6', request(system, { channel: 'dhcpv6' }), 'lease null'],
    [
      'a request to another server over IPv6',
      { mode: 'proxy', ...request(firmware, { ...http6, messageType: 'request' }) },
      'ignore other-server-leads',
    ],
    [
      'boot server, proxy',
      { mode: 'proxy', ...request(firmware, { channel: 'proxy', messageType: 'request' }) },
      'loader ipxe.efi',
    ],
    ['boot server, full', request(firmware, { channel: 'proxy', messageType: 'inform' }), 'loader ipxe.efi'],
    [
      'boot server, not armed: it has no address to give',
      { ...idle, ...request(firmware, { channel: 'proxy', messageType: 'request' }) },
      'ignore not-armed',
    ],
  ])('%s', (_name, input, expected) => {
    expect(summary(input)).toBe(expected);
  });

  it('says what is missing for an architecture that has no loader', () => {
    expect(decide(request(firmware, { architectures: [11] }))).toMatchObject({
      why: 'unsupported-architecture',
      detail: expect.stringContaining('snponly-arm64.efi is not there'),
    });
    for (const odd of [1, 2, 3, 4, 5, 8, 12, 13, 14, 31, 32, 77, 65_535])
      expect(decide(request(firmware, { architectures: [odd] }))).toMatchObject({
        kind: 'lease',
        why: 'unsupported-architecture',
        detail: 'the loader map has no row for it',
      });
  });

  it('names the loader that would have come first', () => {
    expect(decide(experience(undefined, 'ipxe.efi'))).toMatchObject({ name: 'snponly.efi', insteadOf: 'ipxe.efi' });
    expect(decide(experience('snponly.efi'))).toMatchObject({ name: 'snponly.efi', insteadOf: null });
  });
});
