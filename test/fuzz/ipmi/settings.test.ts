import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/bytes/byte-writer.ts';
import { coldReset } from '../../../src/protocols/ipmi/commands/application/cold-reset.ts';
import { getChannelAccess } from '../../../src/protocols/ipmi/commands/application/get-channel-access.ts';
import { getChannelInfo } from '../../../src/protocols/ipmi/commands/application/get-channel-info.ts';
import { getDeviceGuid } from '../../../src/protocols/ipmi/commands/application/get-device-guid.ts';
import { getSelfTestResults } from '../../../src/protocols/ipmi/commands/application/get-self-test-results.ts';
import {
  type GetSessionInfoRequest,
  getSessionInfo,
} from '../../../src/protocols/ipmi/commands/application/get-session-info.ts';
import { getSystemGuid } from '../../../src/protocols/ipmi/commands/application/get-system-guid.ts';
import { getUserAccess } from '../../../src/protocols/ipmi/commands/application/get-user-access.ts';
import { getUserName } from '../../../src/protocols/ipmi/commands/application/get-user-name.ts';
import { getWatchdogTimer } from '../../../src/protocols/ipmi/commands/application/get-watchdog-timer.ts';
import { readGuid } from '../../../src/protocols/ipmi/commands/application/guid.ts';
import { warmReset } from '../../../src/protocols/ipmi/commands/application/warm-reset.ts';
import { chassisIdentify } from '../../../src/protocols/ipmi/commands/chassis/chassis-identify.ts';
import { getChassisCapabilities } from '../../../src/protocols/ipmi/commands/chassis/get-chassis-capabilities.ts';
import {
  bitsOfLastPowerEvent,
  bitsOfMiscellaneousState,
  lastPowerEventOf,
  miscellaneousStateOf,
} from '../../../src/protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { getPohCounter } from '../../../src/protocols/ipmi/commands/chassis/get-poh-counter.ts';
import { getSystemRestartCause } from '../../../src/protocols/ipmi/commands/chassis/get-system-restart-cause.ts';
import { setPowerRestorePolicy } from '../../../src/protocols/ipmi/commands/chassis/set-power-restore-policy.ts';
import { formatIpv6 } from '../../../src/protocols/ipmi/commands/transport/addresses.ts';
import { getLanConfigurationParameters } from '../../../src/protocols/ipmi/commands/transport/get-lan-configuration-parameters.ts';
import * as ipv6 from '../../../src/protocols/ipmi/commands/transport/lan-ipv6-parameters.ts';
import * as lan from '../../../src/protocols/ipmi/commands/transport/lan-parameters.ts';
import { bits, buffer, type Codec, codec, command, flag, nothing, tryDecode, u8 } from './codec.ts';

fc.configureGlobal({ numRuns: 300, seed: 2842 });

const guid = fc.record({ guid: buffer(16) });
const optional = <T, K extends keyof T>(
  model: { [P in keyof T]: fc.Arbitrary<T[P]> },
  keys: readonly K[],
): fc.Arbitrary<Omit<T, K> & Partial<Pick<T, K>>> =>
  // The keys that are left are all there: fast-check's own type says so less precisely.
  fc.record(model, {
    requiredKeys: (Object.keys(model) as (keyof T)[]).filter((key) => !keys.some((k) => k === key)),
  }) as never;

const parameter = <Value>(of: lan.LanParameter<Value>, values: fc.Arbitrary<Value>): Codec =>
  codec(`LAN parameter ${of.name}`, values, of.decode, of.encode, 255);

const sessionRequest: fc.Arbitrary<GetSessionInfoRequest> = fc.oneof(
  fc.constant({ by: 'this-session' as const }),
  fc.record({ by: fc.constant('index' as const), index: fc.integer({ min: 1, max: 0xfd }) }),
  fc.record({ by: fc.constant('handle' as const), handle: u8 }),
  fc.record({ by: fc.constant('id' as const), id: bits(32) }),
);
const remoteConsole = fc.record({ ipAddress: buffer(4), macAddress: buffer(6), port: bits(16) });
const session = fc.record(
  { userId: bits(6), privilegeLevel: bits(4), protocolAuxiliary: bits(4), channel: bits(4), remoteConsole },
  { requiredKeys: ['userId', 'privilegeLevel', 'protocolAuxiliary', 'channel'] },
);
const sixteen = (of: fc.Arbitrary<number>): fc.Arbitrary<number[]> => fc.array(of, { minLength: 16, maxLength: 16 });
const ipv6Address = fc.record({
  setSelector: u8,
  enabled: flag,
  source: bits(4),
  address: buffer(16),
  prefixLength: u8,
  status: u8,
});
const authenticationTypes = {
  callback: bits(6),
  user: bits(6),
  operator: bits(6),
  administrator: bits(6),
  oem: bits(6),
};
const userName = fc
  .array(fc.integer({ min: 1, max: 0xfe }), { maxLength: 16 })
  .map((codes) => String.fromCharCode(...codes));

const codecs: readonly Codec[] = [
  ...command(
    getChassisCapabilities,
    nothing,
    optional(
      {
        providesPowerInterlock: flag,
        providesDiagnosticInterrupt: flag,
        providesFrontPanelLockout: flag,
        providesIntrusionSensor: flag,
        fruInfoDeviceAddress: u8,
        sdrDeviceAddress: u8,
        selDeviceAddress: u8,
        systemManagementDeviceAddress: u8,
        bridgeDeviceAddress: u8,
      },
      ['bridgeDeviceAddress'],
    ),
  ),
  ...command(chassisIdentify, optional({ intervalSeconds: u8, forceOn: flag }, ['forceOn']), nothing),
  ...command(
    setPowerRestorePolicy,
    fc.record({ policy: bits(3) }),
    fc.record({ supportsStayOff: flag, supportsRestore: flag, supportsPowerUp: flag }),
  ),
  ...command(getSystemRestartCause, nothing, optional({ cause: bits(4), channel: u8 }, ['channel'])),
  ...command(getPohCounter, nothing, fc.record({ minutesPerCount: u8, counterReading: bits(32) })),
  ...command(coldReset, nothing, nothing),
  ...command(warmReset, nothing, nothing),
  ...command(getDeviceGuid, nothing, guid),
  ...command(getSystemGuid, nothing, guid),
  ...command(getSelfTestResults, nothing, fc.record({ result: u8, detail: u8 })),
  ...command(
    getChannelInfo,
    fc.record({ channel: bits(4) }),
    fc.record({
      channel: bits(4),
      medium: bits(7),
      protocol: bits(5),
      sessionSupport: bits(2),
      activeSessions: bits(6),
      protocolVendorId: bits(24),
      auxiliary: bits(16),
    }),
  ),
  ...command(
    getChannelAccess,
    fc.record({ channel: bits(4), copy: bits(2) }),
    fc.record({
      alertingDisabled: flag,
      perMessageAuthenticationDisabled: flag,
      userLevelAuthenticationDisabled: flag,
      accessMode: bits(3),
      privilegeLevelLimit: bits(4),
    }),
  ),
  ...command(
    getUserAccess,
    fc.record({ channel: bits(4), userId: bits(6) }),
    fc.record({
      maximumUserIds: bits(6),
      enableStatus: bits(2),
      enabledUserIds: bits(6),
      fixedNameUserIds: bits(6),
      callbackOnly: flag,
      linkAuthentication: flag,
      ipmiMessaging: flag,
      privilegeLevelLimit: bits(4),
    }),
  ),
  ...command(getUserName, fc.record({ userId: bits(6) }), fc.record({ userName })),
  ...command(
    getWatchdogTimer,
    nothing,
    optional(
      {
        dontLog: flag,
        running: flag,
        timerUse: bits(3),
        preTimeoutInterrupt: bits(3),
        timeoutAction: bits(3),
        preTimeoutSeconds: u8,
        expirationFlags: u8,
        initialCountdown: bits(16),
        presentCountdown: bits(16),
      },
      ['presentCountdown'],
    ),
  ),
  ...command(
    getSessionInfo,
    sessionRequest,
    optional({ sessionHandle: u8, possibleSessions: bits(6), activeSessions: bits(6), session }, ['session']),
  ),
  ...command(
    getLanConfigurationParameters,
    fc.record({ revisionOnly: flag, channel: bits(4), parameter: u8, setSelector: u8, blockSelector: u8 }),
    fc.record({ revision: u8, data: buffer(0, 32) }),
  ),
  parameter(lan.setInProgress, bits(2)),
  parameter(lan.authenticationTypeSupport, bits(6)),
  parameter(lan.authenticationTypeEnables, fc.record(authenticationTypes)),
  parameter(lan.ipAddress, buffer(4)),
  parameter(lan.ipAddressSource, bits(4)),
  parameter(lan.macAddress, buffer(6)),
  parameter(lan.subnetMask, buffer(4)),
  parameter(lan.defaultGateway, buffer(4)),
  parameter(lan.defaultGatewayMacAddress, buffer(6)),
  parameter(lan.backupGateway, buffer(4)),
  parameter(lan.backupGatewayMacAddress, buffer(6)),
  parameter(lan.vlanId, fc.record({ enabled: flag, id: bits(12) })),
  parameter(lan.vlanPriority, bits(3)),
  parameter(lan.cipherSuiteSupport, bits(5)),
  parameter(lan.cipherSuites, sixteen(u8)),
  parameter(lan.cipherSuitePrivilegeLevels, sixteen(bits(4))),
  parameter(ipv6.ipv6Support, fc.record({ ipv6Only: flag, ipv6AndIpv4: flag, ipv6Alerting: flag })),
  parameter(ipv6.ipv6Enables, u8),
  parameter(
    ipv6.ipv6Status,
    fc.record({
      staticAddressMaximum: u8,
      dynamicAddressMaximum: u8,
      dhcpv6Supported: flag,
      slaacSupported: flag,
    }),
  ),
  parameter(ipv6.ipv6StaticAddress, ipv6Address),
  parameter(ipv6.ipv6DynamicAddress, ipv6Address),
];

describe.each(codecs)('$name', ({ values, decode, encode }) => {
  test('decode(encode(value)) is the value', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  test('any bytes decode or throw DecodeError; what decodes is written back to bytes that decode to the same', () => {
    fc.assert(
      fc.property(buffer(0, 40), (bytes) => {
        const decoded = tryDecode(decode, bytes);
        if (decoded) expect(decode(encode(decoded.value))).toEqual(decoded.value);
      }),
    );
  });

  test('encode(decode(bytes)) is the bytes, for bytes that an encoder wrote', () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(value);
        expect(encode(decode(bytes)).toString('hex')).toBe(bytes.toString('hex'));
      }),
    );
  });
});

describe('what is made of bytes', () => {
  test('the bit masks of the chassis status lose nothing that the specification defines', () => {
    fc.assert(
      fc.property(u8, (byte) => {
        expect(bitsOfLastPowerEvent(lastPowerEventOf(byte))).toBe(byte & 0x1f);
        expect(bitsOfMiscellaneousState(miscellaneousStateOf(byte))).toBe(byte & (byte & 0x40 ? 0x7f : 0x0f));
      }),
    );
  });

  test('a UUID in any byte order is found again unless another order is plausible too', () => {
    const uuid = fc.tuple(buffer(16), fc.integer({ min: 1, max: 7 })).map(([bytes, version]) => {
      bytes[6] = (version << 4) | ((bytes[6] ?? 0) & 0x0f);
      bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
      return bytes;
    });
    const wire = {
      ipmi: (bytes: Buffer) => Buffer.from(bytes).reverse(),
      smbios: (bytes: Buffer) =>
        Buffer.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map((at) => bytes[at] ?? 0)),
      rfc4122: (bytes: Buffer) => bytes,
    };
    fc.assert(
      fc.property(uuid, fc.constantFrom('ipmi' as const, 'smbios' as const, 'rfc4122' as const), (bytes, order) => {
        const reading = readGuid(wire[order](bytes));
        expect(reading.plausible).toContain(order);
        // The two orders that boards use are never mistaken for one another.
        expect(reading.plausible.includes('ipmi') && reading.plausible.includes('smbios')).toBe(false);
        if (order === 'rfc4122' && reading.plausible.length > 1) return;
        expect(reading.order).toBe(order);
        expect(reading.uuid.replaceAll('-', '')).toBe(bytes.toString('hex'));
      }),
      { numRuns: 3_000 },
    );
  });

  test('the text of an IPv6 address reads back as the address', () => {
    const group = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: bits(16) });
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const address = Buffer.alloc(16);
        groups.forEach((value, at) => void address.writeUInt16BE(value, 2 * at));
        const text = formatIpv6(address);
        const [left = '', right] = text.split('::');
        const parts = (part: string): number[] =>
          part === '' ? [] : part.split(':').map((each) => Number.parseInt(each, 16));
        const head = parts(left);
        const tail = right === undefined ? [] : parts(right);
        expect([...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]).toEqual(groups);
        // The platform's own shortening is the reference.
        expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      }),
    );
  });

  test('the community string is compared and does not come out', () => {
    const read = (bytes: Buffer): boolean => lan.decodeCommunityStringIsPublic(new ByteReader(bytes));
    const written = (text: string): Buffer => {
      const writer = new ByteWriter(32);
      lan.encodeCommunityString(text, writer);
      return writer.done();
    };
    expect(read(written('public'))).toBe(true);
    expect(read(written('publicity'))).toBe(false);
    fc.assert(
      fc.property(buffer(0, 30), (bytes) => {
        expect(typeof tryDecode(() => read(bytes), bytes)?.value).toMatch(/boolean|undefined/);
      }),
    );
  });
});
