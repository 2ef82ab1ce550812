import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { activateSession } from '../../../src/protocols/ipmi/commands/application/activate-session.ts';
import { closeSession } from '../../../src/protocols/ipmi/commands/application/close-session.ts';
import { getChannelAuthenticationCapabilities } from '../../../src/protocols/ipmi/commands/application/get-channel-authentication-capabilities.ts';
import { getChannelCipherSuites } from '../../../src/protocols/ipmi/commands/application/get-channel-cipher-suites.ts';
import { getDeviceId } from '../../../src/protocols/ipmi/commands/application/get-device-id.ts';
import { getSessionChallenge } from '../../../src/protocols/ipmi/commands/application/get-session-challenge.ts';
import { setSessionPrivilegeLevel } from '../../../src/protocols/ipmi/commands/application/set-session-privilege-level.ts';
import { decodeBootFlags, encodeBootFlags } from '../../../src/protocols/ipmi/commands/chassis/boot-flags.ts';
import { chassisControl } from '../../../src/protocols/ipmi/commands/chassis/chassis-control.ts';
import { getChassisStatus } from '../../../src/protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { getSystemBootOptions } from '../../../src/protocols/ipmi/commands/chassis/get-system-boot-options.ts';
import { setSystemBootOptions } from '../../../src/protocols/ipmi/commands/chassis/set-system-boot-options.ts';
import {
  decodeIpmiRequest,
  decodeIpmiResponse,
  encodeIpmiRequest,
  encodeIpmiResponse,
} from '../../../src/protocols/ipmi/message.ts';
import {
  decodeOpenSessionRequest,
  decodeOpenSessionResponse,
  encodeOpenSessionRequest,
  encodeOpenSessionResponse,
} from '../../../src/protocols/ipmi/open-session.ts';
import { decodeRakpMessage1, encodeRakpMessage1 } from '../../../src/protocols/ipmi/rakp/rakp-message-1.ts';
import { decodeRakpMessage2, encodeRakpMessage2 } from '../../../src/protocols/ipmi/rakp/rakp-message-2.ts';
import { decodeRakpMessage3, encodeRakpMessage3 } from '../../../src/protocols/ipmi/rakp/rakp-message-3.ts';
import { decodeRakpMessage4, encodeRakpMessage4 } from '../../../src/protocols/ipmi/rakp/rakp-message-4.ts';
import { decodeRmcpHeader, encodeRmcpHeader } from '../../../src/protocols/ipmi/rmcp.ts';
import { bits, buffer, type Codec, codec, command, flag, nothing, tryDecode, u8, u16, u24, u32 } from './codec.ts';

fc.configureGlobal({ numRuns: 300, seed: 623 });

const algorithms = fc.record({ authentication: bits(6), integrity: bits(6), confidentiality: bits(6) });
const refusal = fc.record(
  {
    status: fc.integer({ min: 1, max: 0xff }),
    refused: fc.constant(true as const),
    messageTag: u8,
    remoteConsoleSessionId: u32,
  },
  { requiredKeys: ['status', 'refused', 'messageTag'] },
);

const message = {
  responderAddress: u8,
  netFn: bits(6),
  responderLun: bits(2),
  requesterAddress: u8,
  requesterSequence: bits(6),
  requesterLun: bits(2),
  command: u8,
  data: buffer(0, 255),
};

const codecs: readonly Codec[] = [
  codec(
    'RMCP header',
    fc.record({ sequence: u8, acknowledge: flag, messageClass: bits(5) }),
    decodeRmcpHeader,
    encodeRmcpHeader,
  ),
  codec('IPMI request', fc.record(message), decodeIpmiRequest, (value, writer) =>
    writer.bytes(encodeIpmiRequest(value)),
  ),
  codec(
    'IPMI response',
    fc.record({ ...message, completionCode: u8 }),
    (reader) => decodeIpmiResponse(reader),
    (value, writer) => writer.bytes(encodeIpmiResponse(value)),
  ),
  codec(
    'Open Session Request',
    fc.record({ messageTag: u8, requestedMaximumPrivilegeLevel: bits(4), remoteConsoleSessionId: u32, algorithms }),
    decodeOpenSessionRequest,
    encodeOpenSessionRequest,
  ),
  codec(
    'Open Session Response',
    fc.oneof(
      refusal,
      fc.record({
        status: fc.constant(0 as const),
        messageTag: u8,
        maximumPrivilegeLevel: bits(4),
        remoteConsoleSessionId: u32,
        managedSystemSessionId: u32,
        algorithms,
      }),
    ),
    decodeOpenSessionResponse,
    encodeOpenSessionResponse,
  ),
  codec(
    'RAKP message 1',
    fc.record({
      messageTag: u8,
      managedSystemSessionId: u32,
      remoteConsoleRandom: buffer(16),
      role: u8,
      userName: buffer(0, 16),
    }),
    decodeRakpMessage1,
    encodeRakpMessage1,
  ),
  codec(
    'RAKP message 2',
    fc.oneof(
      refusal,
      fc.record({
        status: fc.constant(0 as const),
        messageTag: u8,
        remoteConsoleSessionId: u32,
        managedSystemRandom: buffer(16),
        managedSystemGuid: buffer(16),
        keyExchangeCode: buffer(0, 32),
      }),
    ),
    decodeRakpMessage2,
    encodeRakpMessage2,
  ),
  codec(
    'RAKP message 3',
    fc.record({ messageTag: u8, status: u8, managedSystemSessionId: u32, keyExchangeCode: buffer(0, 32) }),
    decodeRakpMessage3,
    encodeRakpMessage3,
  ),
  codec(
    'RAKP message 4',
    fc.oneof(
      refusal,
      fc.record({
        status: fc.constant(0 as const),
        messageTag: u8,
        remoteConsoleSessionId: u32,
        integrityCheckValue: buffer(0, 16),
      }),
    ),
    decodeRakpMessage4,
    encodeRakpMessage4,
  ),
  codec(
    'boot flags',
    fc.record({ valid: flag, persistent: flag, efi: flag, device: bits(4) }),
    decodeBootFlags,
    encodeBootFlags,
  ),
  ...command(
    getChannelAuthenticationCapabilities,
    fc.record({ extended: flag, channel: bits(4), requestedMaximumPrivilegeLevel: bits(4) }),
    fc.record({
      channel: u8,
      extended: flag,
      authenticationTypes: bits(6),
      kgSet: flag,
      perMessageAuthenticationDisabled: flag,
      userLevelAuthenticationDisabled: flag,
      nonNullUserNames: flag,
      nullUserNames: flag,
      anonymousLogin: flag,
      supportsV15: flag,
      supportsV20: flag,
      oemId: u24,
      oemAuxiliary: u8,
    }),
  ),
  ...command(
    getChannelCipherSuites,
    fc.record({ channel: bits(4), payloadType: bits(6), listSuites: flag, listIndex: bits(6) }),
    fc.record({ channel: bits(4), records: buffer(0, 16) }),
  ),
  ...command(
    getSessionChallenge,
    // A name ends at its first zero, as the field is filled up with zeros.
    fc.record({ authenticationType: bits(4), userName: buffer(0, 16).filter((name) => !name.includes(0)) }),
    fc.record({ temporarySessionId: u32, challenge: buffer(16) }),
  ),
  ...command(
    activateSession,
    fc.record({
      authenticationType: bits(4),
      maximumPrivilegeLevel: bits(4),
      challenge: buffer(16),
      initialOutboundSequence: u32,
    }),
    fc.record({
      authenticationType: bits(4),
      sessionId: u32,
      initialInboundSequence: u32,
      maximumPrivilegeLevel: bits(4),
    }),
  ),
  ...command(
    getChassisStatus,
    nothing,
    fc.record(
      {
        powerOn: flag,
        powerOverload: flag,
        interlock: flag,
        powerFault: flag,
        powerControlFault: flag,
        powerRestorePolicy: bits(2),
        lastPowerEvent: u8,
        miscellaneousState: u8,
        frontPanelButtons: u8,
      },
      {
        requiredKeys: [
          'powerOn',
          'powerOverload',
          'interlock',
          'powerFault',
          'powerControlFault',
          'powerRestorePolicy',
          'lastPowerEvent',
          'miscellaneousState',
        ],
      },
    ),
  ),
  ...command(
    getDeviceId,
    nothing,
    fc.record({
      deviceId: u8,
      deviceRevision: bits(4),
      providesDeviceSdrs: flag,
      updateInProgress: flag,
      firmwareMajor: bits(7),
      firmwareMinor: u8,
      ipmiVersion: u8,
      additionalDeviceSupport: u8,
      manufacturerId: u24,
      productId: u16,
      auxiliaryFirmwareRevision: buffer(4),
    }),
  ),
  ...command(chassisControl, fc.record({ action: bits(4) }), nothing),
  ...command(
    closeSession,
    fc.oneof(fc.record({ sessionId: u32 }), fc.record({ sessionId: fc.constant(0), sessionHandle: u8 })),
    nothing,
  ),
  ...command(setSessionPrivilegeLevel, fc.record({ privilegeLevel: bits(4) }), fc.record({ privilegeLevel: bits(4) })),
  ...command(setSystemBootOptions, fc.record({ parameter: bits(7), markInvalid: flag, data: buffer(0, 20) }), nothing),
  ...command(
    getSystemBootOptions,
    fc.record({ parameter: bits(7), setSelector: u8, blockSelector: u8 }),
    fc.record({ version: bits(4), parameter: bits(7), markedInvalid: flag, data: buffer(0, 20) }),
  ),
];

/** A value, or undefined for bytes that break the specification; anything else thrown fails the test. */
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
      fc.property(buffer(0, 80), (bytes) => {
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
