import { describe, expect, it } from 'vitest';
import { type BootPolicyInput, type BootRequest, decideBoot } from '../../../src/domain/boot-policy.ts';
import { memoryAttempts, sampleMachine } from '../../support/netboot-ports.ts';

const machine = sampleMachine({ name: 'm1', macs: ['52:54:00:00:00:01'], address: '10.0.0.11' });
const attempt = memoryAttempts(() => 0).arm(machine, { kernel: 'k', initrds: ['i'], commandLine: '' });
const loaders = new Map([
  [0, 'undionly.kpxe'],
  [7, 'ipxe.efi'],
]);
const firmware: BootRequest = {
  channel: 'dhcp',
  messageType: 'discover',
  client: 'pxe',
  architectures: [7],
  loader: 'firmware',
  features: null,
};
const ipxe: BootRequest = { ...firmware, loader: 'ipxe', features: { http: true, kernel: true } };
const system: BootRequest = { ...firmware, client: 'other', architectures: [] };
const decide = (input: Partial<BootPolicyInput>) =>
  decideBoot({ mode: 'full', machine, attempt, request: firmware, loaders, ...input });
const summary = (input: Partial<BootPolicyInput>): string => {
  const answer = decide(input);
  if (answer.kind === 'loader') return `loader ${answer.name}`;
  if (answer.kind === 'script') return `script ${answer.attempt.token === attempt.token}`;
  return `${answer.kind} ${answer.why}`;
};
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
    [
      'UEFI HTTP boot gets its address',
      request(firmware, { client: 'http', architectures: [16] }),
      'lease unsupported-architecture',
    ],
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
});
