import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../../src/foundation/errors.ts';
import { decodeCipherSuiteRecords } from '../../../src/protocols/ipmi/commands/application/get-channel-cipher-suites.ts';
import {
  decodeGetDeviceIdResponse,
  formatIpmiVersion,
} from '../../../src/protocols/ipmi/commands/application/get-device-id.ts';
import { decodeBootFlags } from '../../../src/protocols/ipmi/commands/chassis/boot-flags.ts';
import { CompletionCodeError, describeCompletionCode } from '../../../src/protocols/ipmi/completion-code.ts';
import { decryptPayload, encryptPayload } from '../../../src/protocols/ipmi/confidentiality.ts';
import { decodeDatagram, MAXIMUM_DATAGRAM_BYTES } from '../../../src/protocols/ipmi/datagram.ts';
import { decodeIpmiRequest, decodeIpmiResponse, encodeIpmiRequest } from '../../../src/protocols/ipmi/message.ts';
import { decodeOpenSessionRequest, decodeOpenSessionResponse } from '../../../src/protocols/ipmi/open-session.ts';
import { rakpKey } from '../../../src/protocols/ipmi/rakp/keys.ts';
import { decodeRakpMessage1 } from '../../../src/protocols/ipmi/rakp/rakp-message-1.ts';
import { decodeRakpMessage2 } from '../../../src/protocols/ipmi/rakp/rakp-message-2.ts';
import { RakpStatusError } from '../../../src/protocols/ipmi/rakp/status.ts';
import { decodeRmcpHeader, encodeRmcpHeader, IPMI_RMCP_HEADER } from '../../../src/protocols/ipmi/rmcp.ts';
import { sessionlessV1 } from '../../../src/protocols/ipmi/session-v1.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const reader = (text: string): ByteReader => new ByteReader(hex(text));

describe('RMCP header (§13.1.3)', () => {
  test('06 00 FF 07 in front of every IPMI message', () => {
    const writer = new ByteWriter(4);
    encodeRmcpHeader(IPMI_RMCP_HEADER, writer);
    expect(writer.done()).toEqual(hex('06 00 ff 07'));
    expect(decodeRmcpHeader(reader('06 00 ff 07'))).toEqual(IPMI_RMCP_HEADER);
  });

  test.each(['05 00 ff 07', '06 01 ff 07', '06 00 ff 27', '06 00 ff'])('%s is not one', (bytes) => {
    expect(() => decodeRmcpHeader(reader(bytes))).toThrow(DecodeError);
  });

  test.each(['06 00 ff 06', '06 00 ff 87', '06 00 01 07'])('%s is not in front of an IPMI message', (header) => {
    expect(() => decodeDatagram(hex(`${header} 06 00 00000000 00000000 0000`))).toThrow(DecodeError);
  });

  test('an oversized datagram is not looked at', () => {
    const datagram = Buffer.concat([hex('06 00 ff 07'), Buffer.alloc(MAXIMUM_DATAGRAM_BYTES)]);
    expect(() => decodeDatagram(datagram)).toThrow(/at most/);
  });
});

describe('session v1.5 legacy pad (Table 13-8)', () => {
  // 20 IP + 8 UDP + 4 RMCP + 10 session header = 42 in front of the payload.
  test.each([
    [14, 1],
    [13, 0],
    [42, 1],
    [70, 1],
    [86, 1],
    [114, 1],
  ])('a payload of %i bytes gets %i pad bytes', (length, pad) => {
    expect(sessionlessV1(Buffer.alloc(length)).trailer.length).toBe(pad);
  });
});

describe('IPMI message (§13.8)', () => {
  // Get Channel Authentication Capabilities as ipmitool 1.8.19 sends it.
  const request = '20 18 c8 81 00 38 8e 04 b5';

  test('a request of ipmitool', () => {
    const message = decodeIpmiRequest(reader(request));
    expect(message).toMatchObject({ netFn: 6, command: 0x38, requesterAddress: 0x81, requesterSequence: 0 });
    expect(message.data).toEqual(hex('8e 04'));
    expect(encodeIpmiRequest(message)).toEqual(hex(request));
  });

  test.each(['20 18 c9 81 00 38 8e 04 b5', '20 18 c8 81 00 38 8e 04 b6', '20 18 c8 81 00 38', ''])(
    '%s breaks the specification',
    (bytes) => {
      expect(() => decodeIpmiRequest(reader(bytes))).toThrow(DecodeError);
    },
  );

  test('wrong inner checksums pass only when asked for', () => {
    const response = '81 1c 64 20 00 01 00 df';
    expect(() => decodeIpmiResponse(reader(response))).toThrow(/checksum/);
    expect(decodeIpmiResponse(reader(response), 'ignore')).toMatchObject({ netFn: 7, command: 1, completionCode: 0 });
  });

  test('a response needs a completion code', () => {
    expect(() => decodeIpmiResponse(reader('81 1c 63 20 00 01 df'))).toThrow(/completion code/);
  });
});

describe('Open Session (§13.17, §13.18)', () => {
  test.each([
    ['2 bytes, as ipmi_sim refuses', '07 12', { status: 0x12, refused: true, messageTag: 7 }],
    [
      '8 bytes, by the book',
      '07 01 00 00 78563412',
      { status: 1, refused: true, messageTag: 7, remoteConsoleSessionId: 0x12345678 },
    ],
  ])('a refusal of %s', (_what, bytes, expected) => {
    expect(decodeOpenSessionResponse(reader(bytes))).toEqual(expected);
  });

  test('a request must be 32 bytes', () => {
    const request = '01 03 0000 78563412 0000000801000000 0100000801000000 0200000801000000';
    expect(decodeOpenSessionRequest(reader(request)).remoteConsoleSessionId).toBe(0x12345678);
    expect(() => decodeOpenSessionRequest(reader(`${request} 00`))).toThrow(DecodeError);
    expect(() => decodeOpenSessionRequest(reader(request.replace('0200000801', '0300000801')))).toThrow(/wrong type/);
  });
});

describe('RAKP messages (§13.20, §13.21)', () => {
  test('a user name of more than 16 bytes breaks the specification', () => {
    expect(() =>
      decodeRakpMessage1(new ByteReader(Buffer.concat([Buffer.alloc(27), Buffer.of(17), Buffer.alloc(17)]))),
    ).toThrow(DecodeError);
  });

  test('a refusal with tag and session id 0, as OpenBMC sends it', () => {
    expect(decodeRakpMessage2(reader('00 0d 0000 00000000'))).toEqual({
      status: 0x0d,
      refused: true,
      messageTag: 0,
      remoteConsoleSessionId: 0,
    });
  });

  test('a key is 20 bytes, filled up with zeros, never cut', () => {
    expect(rakpKey(Buffer.from('secret'))).toEqual(hex('736563726574 0000000000000000000000000000'));
    expect(() => rakpKey(Buffer.alloc(21))).toThrow();
  });
});

describe('confidentiality (§13.29.2)', () => {
  const k2 = Buffer.alloc(20, 7);
  const vector = Buffer.alloc(16, 9);

  test.each([0, 1, 14, 15, 16, 31])('a payload of %i bytes fills whole blocks and comes back', (length) => {
    const payload = Buffer.alloc(length, 0xee);
    const encrypted = encryptPayload(k2, vector, payload);
    expect(encrypted.length % 16).toBe(0);
    expect(encrypted.length).toBe(16 + 16 * Math.ceil((length + 1) / 16));
    expect(decryptPayload(k2, encrypted)).toEqual(payload);
  });

  test.each([0, 15, 16, 31, 33])('%i bytes are not an encrypted payload', (length) => {
    expect(() => decryptPayload(k2, Buffer.alloc(length))).toThrow(DecodeError);
  });

  test('a wrong key shows in the pad', () => {
    const encrypted = encryptPayload(k2, vector, Buffer.alloc(4));
    expect(() => decryptPayload(Buffer.alloc(20, 8), encrypted)).toThrow(DecodeError);
  });
});

describe('cipher suite records (§22.15.1)', () => {
  test('standard and OEM records, several algorithms of a kind', () => {
    expect(decodeCipherSuiteRecords(hex('c0 03 01 41 81 c1 80 57 01 00 03 44 42 81'))).toEqual([
      { id: 3, authentication: [1], integrity: [1], confidentiality: [1] },
      { id: 0x80, oemIana: 0x157, authentication: [3], integrity: [4, 2], confidentiality: [1] },
    ]);
  });

  test.each(['01', 'c0', 'c0 03 c1 01 02'])('%s is cut or belongs to nothing', (bytes) => {
    expect(() => decodeCipherSuiteRecords(hex(bytes))).toThrow(DecodeError);
  });
});

describe('responses longer and shorter than the book', () => {
  test('boot flags of 2 and of 17 bytes', () => {
    const pxe = { valid: true, persistent: false, efi: false, device: 1 };
    expect(decodeBootFlags(reader('80 04'))).toEqual(pxe);
    expect(decodeBootFlags(new ByteReader(Buffer.concat([hex('80 04'), Buffer.alloc(15)])))).toEqual(pxe);
  });

  test('Get Device ID without auxiliary revision; version 51h is 1.5', () => {
    const device = decodeGetDeviceIdResponse(reader('20 81 82 99 51 bf 57 01 00 34 12'));
    expect(device).toMatchObject({
      firmwareMajor: 2,
      updateInProgress: true,
      providesDeviceSdrs: true,
      manufacturerId: 343,
    });
    expect(device.auxiliaryFirmwareRevision).toBeUndefined();
    expect(formatIpmiVersion(device)).toBe('1.5');
  });
});

describe('refusals', () => {
  test.each([
    [0xc0, 'retry'],
    [0xd2, 'retry'],
    [0xd4, 'give-up'],
    [0xd5, 'give-up'],
    [0x99, 'give-up'],
  ] as const)('completion code %i: %s', (code, retry) => {
    expect(new CompletionCodeError('x', code).retry).toBe(retry);
  });

  test('a command’s own codes are told in its words', () => {
    expect(describeCompletionCode(0x80, { 128: 'parameter not supported' })).toBe('80h parameter not supported');
    expect(describeCompletionCode(0x80)).toBe('80h command-specific code');
    expect(describeCompletionCode(0x01)).toBe('01h OEM code');
  });

  test('RAKP status 01h may pass, 0Dh does not', () => {
    expect(new RakpStatusError('x', 0x01).retry).toBe('retry');
    expect(new RakpStatusError('x', 0x0d).retry).toBe('give-up');
  });
});
