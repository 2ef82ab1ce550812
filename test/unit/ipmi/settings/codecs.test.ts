import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../../src/foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../../../src/foundation/errors.ts';
import {
  decodeGetChannelInfoResponse,
  describeGetChannelInfoResponse,
} from '../../../../src/protocols/ipmi/commands/application/get-channel-info.ts';
import {
  describeGetSelfTestResultsResponse,
  selfTestFindings,
} from '../../../../src/protocols/ipmi/commands/application/get-self-test-results.ts';
import { decodeGetSessionInfoResponse } from '../../../../src/protocols/ipmi/commands/application/get-session-info.ts';
import { decodeGetUserNameResponse } from '../../../../src/protocols/ipmi/commands/application/get-user-name.ts';
import {
  describeGuidResponse,
  formatGuid,
  readGuid,
} from '../../../../src/protocols/ipmi/commands/application/guid.ts';
import {
  decodeChassisIdentifyRequest,
  encodeChassisIdentifyRequest,
} from '../../../../src/protocols/ipmi/commands/chassis/chassis-identify.ts';
import { powerOnHours } from '../../../../src/protocols/ipmi/commands/chassis/get-poh-counter.ts';
import {
  decodeGetSystemRestartCauseResponse,
  describeRestartCause,
} from '../../../../src/protocols/ipmi/commands/chassis/get-system-restart-cause.ts';
import {
  formatIpv4,
  formatIpv6,
  formatMacAddress,
} from '../../../../src/protocols/ipmi/commands/transport/addresses.ts';
import { describeGetLanConfigurationParametersResponse } from '../../../../src/protocols/ipmi/commands/transport/get-lan-configuration-parameters.ts';
import { ipv6DynamicAddress } from '../../../../src/protocols/ipmi/commands/transport/lan-ipv6-parameters.ts';
import {
  cipherSuitePrivilegeLevels,
  cipherSuites,
  ipAddress,
  vlanId,
} from '../../../../src/protocols/ipmi/commands/transport/lan-parameters.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const reader = (text: string): ByteReader => new ByteReader(hex(text));

describe('GUIDs (§20.8, §22.14)', () => {
  test('a Dell’s, whose DMI UUID spells its service tag: SMBIOS order', () => {
    const guid = hex('44454c4c 5800 1054 8033 b5c04f475131');
    expect(readGuid(guid)).toMatchObject({ uuid: '4c4c4544-0058-5410-8033-b5c04f475131', order: 'smbios' });
  });

  test('the specification’s order, node first', () => {
    // Random UUID f81d4fae-7dec-41d0-a765-00a0c91e6bf6, all of it backwards.
    const guid = hex('f66b1ec9a000 65a7 d041 ec7d ae4f1df8');
    expect(readGuid(guid)).toEqual({
      uuid: 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6',
      order: 'ipmi',
      plausible: ['ipmi'],
    });
  });

  test('forwards, where no other order makes a UUID', () => {
    const guid = hex('f81d4fae 7dec 41d0 a765 00a0c91e6bf6');
    expect(readGuid(guid)).toMatchObject({ uuid: 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6', order: 'rfc4122' });
  });

  test('what is no UUID is told in the order that most boards use', () => {
    const guid = Buffer.alloc(16, 0);
    expect(readGuid(guid)).toMatchObject({ order: 'smbios', plausible: [] });
    expect(describeGuidResponse({ guid })).toMatch(/not a UUID in any byte order/);
    expect(formatGuid(hex('000102030405060708090a0b0c0d0e0f'), 'smbios')).toBe('03020100-0504-0706-0809-0a0b0c0d0e0f');
  });
});

describe('chassis commands (§28)', () => {
  test('Chassis Identify without data means 15 s', () => {
    expect(decodeChassisIdentifyRequest(reader(''))).toEqual({ intervalSeconds: 15 });
    const writer = new ByteWriter(2);
    encodeChassisIdentifyRequest({ intervalSeconds: 255, forceOn: true }, writer);
    expect(writer.done()).toEqual(hex('ff 01'));
  });

  test('a restart cause with and without its channel', () => {
    expect(decodeGetSystemRestartCauseResponse(reader('f1 01 99'))).toEqual({ cause: 1, channel: 1 });
    expect(decodeGetSystemRestartCauseResponse(reader('04'))).toEqual({ cause: 4 });
    expect(() => decodeGetSystemRestartCauseResponse(reader(''))).toThrow(DecodeError);
    expect([1, 4, 0xb, 0xf].map(describeRestartCause)).toEqual([
      'Chassis Control command',
      'watchdog expired',
      'real-time clock',
      'cause Fh',
    ]);
  });

  test('power-on hours in any unit', () => {
    expect(powerOnHours({ minutesPerCount: 60, counterReading: 9_000 })).toBe(9_000);
    expect(powerOnHours({ minutesPerCount: 6, counterReading: 105 })).toBe(10);
    expect(powerOnHours({ minutesPerCount: 0, counterReading: 105 })).toBeNull();
  });
});

describe('self test (§20.4)', () => {
  test.each([
    [0x55, 0, []],
    [0x56, 0, []],
    [0x57, 0b1010_0001, [/operational firmware/, /BMC FRU device/, /SEL device/]],
    [0x58, 0x12, [/fatal.*12h/]],
    [0x81, 0x02, [/device-specific failure 81h/]],
  ])('result %i, detail %i', (result, detail, findings) => {
    const found = selfTestFindings({ result, detail });
    expect(found).toHaveLength(findings.length);
    findings.forEach((finding, at) => void expect(found[at]).toMatch(finding));
  });

  test('57h without a bit still is a failure', () => {
    expect(describeGetSelfTestResultsResponse({ result: 0x57, detail: 0 })).toMatch(/corrupted or inaccessible/);
  });
});

describe('users, channels, sessions (§22)', () => {
  test('names end at the first zero; FFh all along is no name; short answers pass', () => {
    expect(decodeGetUserNameResponse(reader('61646d696e 00 ff 00000000000000000000'))).toEqual({ userName: 'admin' });
    expect(decodeGetUserNameResponse(new ByteReader(Buffer.alloc(16, 0xff)))).toEqual({ userName: '' });
    expect(decodeGetUserNameResponse(reader('6f70'))).toEqual({ userName: 'op' });
    expect(decodeGetUserNameResponse(new ByteReader(Buffer.alloc(20, 0x41))).userName).toHaveLength(16);
  });

  test('a LAN channel', () => {
    const info = decodeGetChannelInfoResponse(reader('01 04 01 83 f21b00 0000'));
    expect(info).toMatchObject({
      medium: 4,
      protocol: 1,
      sessionSupport: 2,
      activeSessions: 3,
      protocolVendorId: 7154,
    });
    expect(describeGetChannelInfoResponse(info)).toBe('channel 1: 802.3 LAN, IPMB-1.0, 3 sessions');
  });

  test('an iDRAC’s session, then one without the other end, then none', () => {
    // Get Session Info of a Dell iDRAC, its own session of the administrator.
    const dell = decodeGetSessionInfoResponse(reader('20 05 01 02 04 01 c0a80002 b0be83a25200 6f02'));
    expect(dell).toMatchObject({
      sessionHandle: 0x20,
      possibleSessions: 5,
      activeSessions: 1,
      session: { userId: 2, privilegeLevel: 4, protocolAuxiliary: 0, channel: 1, remoteConsole: { port: 623 } },
    });
    expect(decodeGetSessionInfoResponse(reader('20 05 01 02 04 11 c0a80002')).session).toEqual({
      userId: 2,
      privilegeLevel: 4,
      protocolAuxiliary: 1,
      channel: 1,
    });
    expect(decodeGetSessionInfoResponse(reader('00 05 01')).session).toBeUndefined();
  });
});

describe('LAN parameters (Table 23-4)', () => {
  test('addresses are most significant byte first', () => {
    expect(formatIpv4(ipAddress.decode(reader('c0 00 02 07')))).toBe('192.0.2.7');
    expect(formatMacAddress(hex('525400 00000a'))).toBe('52:54:00:00:00:0a');
  });

  test('a VLAN id has 12 bits in two places', () => {
    expect(vlanId.decode(reader('2a 81'))).toEqual({ enabled: true, id: 0x12a });
    expect(vlanId.decode(reader('2a 01'))).toEqual({ enabled: false, id: 0x12a });
  });

  test('cipher suites and their levels, the lower half of a byte first; shorter lists pass', () => {
    expect(cipherSuites.decode(reader('00 03 11'))).toEqual([3, 17]);
    expect(cipherSuitePrivilegeLevels.decode(reader('00 43 04 000000000000')).slice(0, 4)).toEqual([3, 4, 4, 0]);
  });

  test.each([
    ['2001 0db8 0000 0000 0000 0000 0000 0007', '2001:db8::7'],
    ['0000 0000 0000 0000 0000 0000 0000 0000', '::'],
    ['fe80 0000 0000 0001 0000 0000 0000 0001', 'fe80:0:0:1::1'],
    ['2001 0db8 0000 0001 0001 0001 0001 0001', '2001:db8:0:1:1:1:1:1'],
  ])('%s is %s', (bytes, text) => {
    expect(formatIpv6(hex(bytes))).toBe(text);
  });

  test('a dynamic IPv6 address', () => {
    const address = ipv6DynamicAddress.decode(reader('01 02 20010db8000000000000000000000007 40 00'));
    expect(address).toMatchObject({ setSelector: 1, enabled: false, source: 2, prefixLength: 64, status: 0 });
  });

  test('no text of a response shows its data, since they may be the community string', () => {
    const response = { revision: 0x11, data: Buffer.from('hush-hush') };
    expect(describeGetLanConfigurationParametersResponse(response)).not.toMatch(/hush|68757368/);
  });
});
