import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../../src/foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../../../src/foundation/errors.ts';
import { activatePayload } from '../../../../src/protocols/ipmi/commands/application/activate-payload.ts';
import { deactivatePayload } from '../../../../src/protocols/ipmi/commands/application/deactivate-payload.ts';
import {
  getChannelPayloadSupport,
  supportsPayload,
} from '../../../../src/protocols/ipmi/commands/application/get-channel-payload-support.ts';
import {
  getPayloadActivationStatus,
  isInstanceActive,
  payloadCapacity,
} from '../../../../src/protocols/ipmi/commands/application/get-payload-activation-status.ts';
import { getPayloadInstanceInfo } from '../../../../src/protocols/ipmi/commands/application/get-payload-instance-info.ts';
import { getUserPayloadAccess } from '../../../../src/protocols/ipmi/commands/application/get-user-payload-access.ts';
import { getSolConfigurationParameters } from '../../../../src/protocols/ipmi/commands/transport/get-sol-configuration-parameters.ts';
import {
  decodeSolParameter,
  describeSolParameter,
} from '../../../../src/protocols/ipmi/commands/transport/sol-parameter.ts';
import { describeCompletionCode } from '../../../../src/protocols/ipmi/completion-code.ts';
import {
  decodeSolConsolePacket,
  decodeSolControllerPacket,
  describeSolPacket,
  EMPTY_CONSOLE_PACKET,
  EMPTY_CONTROLLER_PACKET,
  encodeSolConsolePacket,
  encodeSolControllerPacket,
  nextSolSequence,
} from '../../../../src/protocols/ipmi/sol/sol-packet.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const reader = (text: string): ByteReader => new ByteReader(hex(text));

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter(64);
  write(writer);
  return writer.done().toString('hex');
}

// Bytes put together by hand from Table 15-2.
describe('SOL packet', () => {
  test.each([
    ['40', 'nack'],
    ['20', 'ringIndicator'],
    ['10', 'generateBreak'],
    ['08', 'pause'],
    ['04', 'dropCarrier'],
    ['02', 'flushInbound'],
    ['01', 'flushOutbound'],
  ])('from the console: operation %sh is %s', (operation, flag) => {
    const bytes = hex(`03 07 0c ${operation} 6869`);
    const packet = {
      ...EMPTY_CONSOLE_PACKET,
      sequence: 3,
      acknowledgedSequence: 7,
      acceptedCharacters: 12,
      characters: Buffer.from('hi'),
      [flag]: true,
    };
    expect(decodeSolConsolePacket(new ByteReader(bytes))).toEqual(packet);
    expect(encodeSolConsolePacket(packet)).toEqual(bytes);
  });

  test.each([
    ['40', 'nack'],
    ['20', 'transferUnavailable'],
    ['10', 'deactivated'],
    ['08', 'overrun'],
    ['04', 'breakDetected'],
  ])('from the controller: status %sh is %s', (status, flag) => {
    const bytes = hex(`0f 01 ff ${status} 00ff`);
    const packet = {
      ...EMPTY_CONTROLLER_PACKET,
      sequence: 15,
      acknowledgedSequence: 1,
      acceptedCharacters: 255,
      characters: hex('00ff'),
      [flag]: true,
    };
    expect(decodeSolControllerPacket(new ByteReader(bytes))).toEqual(packet);
    expect(encodeSolControllerPacket(packet)).toEqual(bytes);
  });

  test('reserved bits of the numbers are left out', () => {
    expect(decodeSolControllerPacket(reader('f3 f7 00 83'))).toMatchObject({ sequence: 3, acknowledgedSequence: 7 });
  });

  test('three bytes are no packet', () => {
    expect(() => decodeSolControllerPacket(reader('01 00 00'))).toThrow(DecodeError);
  });

  test('numbers run from 1 to 15', () => {
    expect([0, 1, 14, 15].map(nextSolSequence)).toEqual([1, 2, 15, 1]);
  });

  test('is described in one line', () => {
    const packet = decodeSolConsolePacket(reader('03 07 0c 10 6869'));
    expect(describeSolPacket(packet)).toBe('SOL 3, acks 7 (12 characters), 2 characters, flags generateBreak');
  });
});

// Bytes put together by hand from Tables 24-2 to 24-9 and 26-4.
describe('payload commands', () => {
  test('Activate Payload', () => {
    const request = { payloadType: 1, instance: 1, auxiliary: 0xc4 };
    expect(written((writer) => activatePayload.encodeRequest(request, writer))).toBe('0101c4000000');
    expect(activatePayload.decodeRequest(reader('0101c4000000'))).toEqual(request);
    const response = {
      auxiliary: Buffer.alloc(4),
      inboundPayloadSize: 32,
      outboundPayloadSize: 0x4000,
      udpPort: 623,
      vlan: 0xffff,
    };
    expect(activatePayload.decodeResponse(reader('00000000 2000 0040 6f02 ffff'))).toEqual(response);
    expect(written((writer) => activatePayload.encodeResponse(response, writer))).toBe('00000000200000406f02ffff');
  });

  test('Activate Payload without the VLAN, and with bytes behind it', () => {
    expect(activatePayload.decodeResponse(reader('00000000 2000 0040 6f02'))).not.toHaveProperty('vlan');
    expect(activatePayload.decodeResponse(reader('00000000 2000 0040 6f02 ffff 0000'))).toMatchObject({ vlan: 0xffff });
    expect(() => activatePayload.decodeResponse(reader('00000000 2000 0040 6f'))).toThrow(DecodeError);
  });

  test.each([
    [0x80, /already active/],
    [0x81, /disabled/],
    [0x82, /limit/],
    [0x83, /with encryption/],
    [0x84, /without encryption/],
  ])('Activate Payload names code %i', (code, text) => {
    expect(describeCompletionCode(code, activatePayload.completionCodes)).toMatch(text);
  });

  test('Deactivate Payload', () => {
    const request = { payloadType: 1, instance: 2 };
    expect(written((writer) => deactivatePayload.encodeRequest(request, writer))).toBe('010200000000');
    expect(deactivatePayload.decodeRequest(reader('010200000000'))).toEqual(request);
  });

  test('Get Payload Activation Status; a capacity of 0 means 1', () => {
    const status = getPayloadActivationStatus.decodeResponse(reader('02 0281'));
    expect(payloadCapacity(status)).toBe(2);
    expect([1, 2, 9, 16].map((instance) => isInstanceActive(status, instance))).toEqual([false, true, true, true]);
    expect(payloadCapacity(getPayloadActivationStatus.decodeResponse(reader('00 0000')))).toBe(1);
  });

  test('Get Payload Instance Info, also cut short', () => {
    const info = getPayloadInstanceInfo.decodeResponse(reader('1d2c3b4a 0100000000000000'));
    expect(info).toEqual({ sessionId: 0x4a3b2c1d, information: hex('0100000000000000') });
    expect(getPayloadInstanceInfo.decodeResponse(reader('1d2c3b4a'))).toMatchObject({ sessionId: 0x4a3b2c1d });
    expect(() => getPayloadInstanceInfo.decodeResponse(reader('1d2c3b'))).toThrow(DecodeError);
  });

  test('Get User Payload Access and Get Channel Payload Support', () => {
    expect(getUserPayloadAccess.decodeResponse(reader('02 00 01 00'))).toEqual({ standardPayloads: 2, oemPayloads: 1 });
    const support = getChannelPayloadSupport.decodeResponse(reader('0300 3f00 0100 0000'));
    expect([0, 1, 2, 0x10, 0x15, 0x16, 0x20, 0x21].map((type) => supportsPayload(support, type))).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  test('Get SOL Configuration Parameters', () => {
    const request = { revisionOnly: true, channel: 0x0e, parameter: 5, setSelector: 0, blockSelector: 0 };
    expect(written((writer) => getSolConfigurationParameters.encodeRequest(request, writer))).toBe('8e050000');
    expect(getSolConfigurationParameters.decodeResponse(reader('11 0a'))).toEqual({
      parameterRevision: 0x11,
      data: hex('0a'),
    });
  });

  test.each([
    [0, '01', /in progress: 1/],
    [1, 'ff', /enabled/],
    [2, 'c3', /OPERATOR \(3\) on, encryption forced, authentication forced/],
    [3, '0c 60', /every 60 ms or 96 characters/],
    [4, 'ff 32', /7 times every 500 ms/],
    [5, '0a', /non-volatile bit rate 115200/],
    [6, '06', /SOL volatile bit rate 9600/],
    [7, 'f1', /channel 1/],
    [8, '6f02', /port 623/],
    [192, '0102', /parameter 192: 2 bytes/],
  ])('SOL parameter %i', (parameter, bytes, text) => {
    expect(describeSolParameter(decodeSolParameter(parameter, reader(bytes)))).toMatch(text);
  });
});
