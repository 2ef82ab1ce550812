import { describe, expect, it } from 'vitest';
import { judgeRequest, type RequestFacts, requestFacts } from '../../../../src/netboot/dhcp/judge-request.ts';
import type { DhcpMessage } from '../../../../src/protocols/dhcp/message.ts';
import { addressesValue } from '../../../../src/protocols/dhcp/option-values.ts';
import { DHCP_OPTION } from '../../../../src/protocols/dhcp/options.ts';
import { clientMessage } from '../../../../src/simulator/pxe-client/messages.ts';

const SERVER = '10.77.0.1';
const MINE = '10.77.0.11';
const fixed = { bytes: (length: number) => Buffer.alloc(length, 0x11) };
const identity = { mac: '52:54:00:77:00:01', uuid: '4c4c4544-0033-4a10-8052-b4c04f4d3432', firmware: 'uefi' } as const;
const discover = clientMessage(fixed, identity, { type: 'request', speaker: 'firmware' });
const ask = (ciaddr: string, requested?: string, server?: string): DhcpMessage => ({
  ...discover,
  ciaddr,
  options: new Map([
    ...(requested === undefined ? [] : [[DHCP_OPTION.requestedAddress, addressesValue([requested])] as const]),
    ...(server === undefined ? [] : [[DHCP_OPTION.serverIdentifier, addressesValue([server])] as const]),
  ]),
});

describe('what a DHCPREQUEST is (RFC 2131 §4.3.2)', () => {
  it.each([
    ['selecting', ask('0.0.0.0', MINE, SERVER), { state: 'selecting', wanted: MINE, chosen: SERVER }],
    ['init-reboot', ask('0.0.0.0', MINE), { state: 'init-reboot', wanted: MINE, chosen: undefined }],
    ['renewing or rebinding', ask(MINE), { state: 'renewing', wanted: MINE, chosen: undefined }],
    ['renewing with option 50 too', ask(MINE, '10.77.0.99'), { state: 'renewing', wanted: MINE, chosen: undefined }],
    ['naming nothing', ask('0.0.0.0'), { state: 'naming-nothing', wanted: undefined, chosen: undefined }],
    ['naming 0.0.0.0', ask('0.0.0.0', '0.0.0.0', SERVER), { state: 'selecting', wanted: undefined, chosen: SERVER }],
  ])('%s', (_name, message, facts) => {
    expect(requestFacts(message)).toEqual(facts);
  });
});

describe('judging a DHCPREQUEST', () => {
  const OTHER = '10.77.0.12';
  const AWAY = '192.168.1.5';
  const facts = (state: RequestFacts['state'], wanted?: string): RequestFacts => ({ state, wanted, chosen: undefined });
  const has = (recorded?: string, more: { free?: boolean; rightNetwork?: boolean; ours?: boolean } = {}) => ({
    recorded,
    free: false,
    rightNetwork: true,
    ours: true,
    ...more,
  });
  const away = { rightNetwork: false, ours: false };
  it.each([
    // Of a declared machine in mode full, where no other server has a say.
    ['all', 'selecting what was offered', facts('selecting', MINE), has(MINE), 'grant'],
    ['all', 'selecting another address', facts('selecting', OTHER), has(MINE), 'refuse'],
    [
      'all',
      'selecting after our restart, still free',
      facts('selecting', MINE),
      has(undefined, { free: true }),
      'grant',
    ],
    ['all', 'selecting after our restart, taken', facts('selecting', MINE), has(), 'refuse'],
    ['all', 'selecting nothing', facts('selecting'), has(MINE), 'grant'],
    ['all', 'rebooted with its address', facts('init-reboot', MINE), has(MINE), 'grant'],
    ['all', 'rebooted with a wrong one', facts('init-reboot', OTHER), has(MINE), 'refuse'],
    ['all', 'rebooted on another network', facts('init-reboot', AWAY), has(MINE, away), 'refuse'],
    ['all', 'rebooted elsewhere, nothing for it here', facts('init-reboot', AWAY), has(undefined, away), 'refuse'],
    ['all', 'renewing its address', facts('renewing', MINE), has(MINE), 'grant'],
    ['all', 'renewing a wrong one', facts('renewing', OTHER), has(MINE), 'refuse'],
    ['all', 'renewing a lease that we lost', facts('renewing', MINE), has(undefined, { free: true }), 'grant'],
    ['all', 'renewing a lease that another has now', facts('renewing', MINE), has(), 'refuse'],
    ['all', 'naming nothing, as npm dhcp does', facts('naming-nothing'), has(MINE), 'grant'],
    ['all', 'naming nothing, nothing offered', facts('naming-nothing'), has(), 'ignore'],
    // Beside another server, and of machines that nobody declared.
    ['own', 'selecting what was offered', facts('selecting', MINE), has(MINE), 'grant'],
    ['own', 'selecting another address', facts('selecting', OTHER), has(MINE), 'refuse'],
    ['own', 'rebooted with its address', facts('init-reboot', MINE), has(MINE), 'grant'],
    ['own', 'rebooted with an address of ours', facts('init-reboot', OTHER), has(MINE), 'refuse'],
    ['own', "rebooted with another server's", facts('init-reboot', OTHER), has(MINE, { ours: false }), 'ignore'],
    ['own', 'rebooted on another network', facts('init-reboot', AWAY), has(MINE, away), 'ignore'],
    ['own', 'rebooted, unknown to us', facts('init-reboot', AWAY), has(undefined, away), 'ignore'],
    ['own', 'rebooted, unknown, with an address that is taken', facts('init-reboot', OTHER), has(), 'ignore'],
    ['own', "renewing another server's address", facts('renewing', OTHER), has(MINE, { ours: false }), 'ignore'],
    ['own', 'renewing, unknown to us', facts('renewing', AWAY), has(undefined, away), 'ignore'],
  ] as const)('%s: %s', (authority, _name, asked, record, kind) => {
    expect(judgeRequest(asked, record, authority).kind).toBe(kind);
  });
});
