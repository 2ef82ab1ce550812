import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../src/foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/bytes/byte-writer.ts';
import { getChannelAuthenticationCapabilities } from '../../../src/protocols/ipmi/commands/application/get-channel-authentication-capabilities.ts';
import {
  formatFirmware,
  formatIpmiVersion,
  getDeviceId,
} from '../../../src/protocols/ipmi/commands/application/get-device-id.ts';
import { decodeBootFlags } from '../../../src/protocols/ipmi/commands/chassis/boot-flags.ts';
import { chassisControl } from '../../../src/protocols/ipmi/commands/chassis/chassis-control.ts';
import { getChassisStatus } from '../../../src/protocols/ipmi/commands/chassis/get-chassis-status.ts';
import { setSystemBootOptions } from '../../../src/protocols/ipmi/commands/chassis/set-system-boot-options.ts';
import { decodeDatagram, encodeDatagramV1, encodeDatagramV2 } from '../../../src/protocols/ipmi/datagram.ts';
import {
  decodeIpmiRequest,
  decodeIpmiResponse,
  encodeIpmiRequest,
  encodeIpmiResponse,
  type IpmiRequest,
  type IpmiResponse,
} from '../../../src/protocols/ipmi/message.ts';
import {
  decodeOpenSessionRequest,
  decodeOpenSessionResponse,
  encodeOpenSessionRequest,
  encodeOpenSessionResponse,
} from '../../../src/protocols/ipmi/open-session.ts';
import { encodeProtectedDatagram, openProtectedPayload } from '../../../src/protocols/ipmi/protected-payload.ts';
import { rakpMessage2Code, rakpMessage3Code, rakpMessage4CheckValue } from '../../../src/protocols/ipmi/rakp/keys.ts';
import { decodeRakpMessage1, encodeRakpMessage1 } from '../../../src/protocols/ipmi/rakp/rakp-message-1.ts';
import { decodeRakpMessage2, encodeRakpMessage2 } from '../../../src/protocols/ipmi/rakp/rakp-message-2.ts';
import { decodeRakpMessage3, encodeRakpMessage3 } from '../../../src/protocols/ipmi/rakp/rakp-message-3.ts';
import { decodeRakpMessage4, encodeRakpMessage4 } from '../../../src/protocols/ipmi/rakp/rakp-message-4.ts';
import { PayloadType } from '../../../src/protocols/ipmi/session-v2.ts';
import { loadSession, payloadOf, type RecordedSession, recordings } from './recorded-sessions.ts';

/** The clear messages of a recorded session, each side's in order. */
function messages(session: RecordedSession): { requests: IpmiRequest[]; responses: IpmiResponse[] } {
  const requests: IpmiRequest[] = [];
  const responses: IpmiResponse[] = [];
  for (const { from, bytes } of session.datagrams) {
    const datagram = decodeDatagram(bytes);
    if (datagram.format !== 'v2.0' || datagram.session.sessionId === 0) continue;
    const payload = openProtectedPayload(datagram.session, datagram.signed, session.protection);
    if (typeof payload === 'string') throw new Error(payload);
    if (from === 'client') requests.push(decodeIpmiRequest(new ByteReader(payload)));
    else responses.push(decodeIpmiResponse(new ByteReader(payload)));
  }
  return { requests, responses };
}

describe.each(recordings)('%s', (name) => {
  const session = loadSession(name);
  const { datagrams, exchange, protection, userKey, sik } = session;

  test('every datagram is read and written back byte for byte', () => {
    for (const { bytes } of datagrams) {
      const datagram = decodeDatagram(bytes);
      const again =
        datagram.format === 'v1.5' ? encodeDatagramV1(datagram.session) : encodeDatagramV2(datagram.session);
      expect(again.toString('hex')).toBe(bytes.toString('hex'));
    }
  });

  test.each([
    ['Open Session Request', PayloadType.openSessionRequest, decodeOpenSessionRequest, encodeOpenSessionRequest],
    ['Open Session Response', PayloadType.openSessionResponse, decodeOpenSessionResponse, encodeOpenSessionResponse],
    ['RAKP message 1', PayloadType.rakpMessage1, decodeRakpMessage1, encodeRakpMessage1],
    ['RAKP message 2', PayloadType.rakpMessage2, decodeRakpMessage2, encodeRakpMessage2],
    ['RAKP message 3', PayloadType.rakpMessage3, decodeRakpMessage3, encodeRakpMessage3],
    ['RAKP message 4', PayloadType.rakpMessage4, decodeRakpMessage4, encodeRakpMessage4],
  ] as const)('%s is read and written back byte for byte', (_what, type, decode, encode) => {
    const payload = payloadOf(datagrams, type);
    const writer = new ByteWriter(payload.length);
    // Each row pairs a decoder with its own encoder; the union of rows hides that from the type.
    (encode as (value: unknown, writer: ByteWriter) => void)(decode(new ByteReader(payload)), writer);
    expect(writer.done().toString('hex')).toBe(payload.toString('hex'));
  });

  test('the codes of RAKP messages 2, 3 and 4 are the ones we compute', () => {
    const message2 = decodeRakpMessage2(new ByteReader(payloadOf(datagrams, PayloadType.rakpMessage2)));
    const message3 = decodeRakpMessage3(new ByteReader(payloadOf(datagrams, PayloadType.rakpMessage3)));
    const message4 = decodeRakpMessage4(new ByteReader(payloadOf(datagrams, PayloadType.rakpMessage4)));
    if ('refused' in message2 || 'refused' in message4) throw new Error('refused');
    expect(message2.keyExchangeCode).toEqual(rakpMessage2Code(protection.suite, userKey, exchange));
    expect(message3.keyExchangeCode).toEqual(rakpMessage3Code(protection.suite, userKey, exchange));
    expect(message4.integrityCheckValue).toEqual(rakpMessage4CheckValue(protection.suite, sik, exchange));
  });

  test('every packet of the session is authentic, and sealed again gives the same bytes', () => {
    let seen = 0;
    for (const { bytes } of datagrams) {
      const datagram = decodeDatagram(bytes);
      if (datagram.format !== 'v2.0' || datagram.session.sessionId === 0) continue;
      const payload = openProtectedPayload(datagram.session, datagram.signed, protection);
      if (typeof payload === 'string') throw new Error(payload);
      const vector = datagram.session.payload.subarray(0, 16);
      const again = encodeProtectedDatagram({ ...datagram.session, payload }, protection, vector);
      expect(again.toString('hex')).toBe(bytes.toString('hex'));
      seen++;
    }
    expect(seen).toBeGreaterThanOrEqual(6);
  });

  test('every message is read and written back byte for byte', () => {
    const { requests, responses } = messages(session);
    for (const request of requests) {
      expect(decodeIpmiRequest(new ByteReader(encodeIpmiRequest(request)))).toEqual(request);
    }
    for (const response of responses) {
      expect(decodeIpmiResponse(new ByteReader(encodeIpmiResponse(response)))).toEqual(response);
    }
  });
});

describe('what the recordings say', () => {
  test('authentication capabilities of ipmi_sim', () => {
    const [, answer] = loadSession('ipmitool-ipmi-sim-suite-3-chassis-status.txt').datagrams;
    const datagram = decodeDatagram(answer?.bytes ?? Buffer.alloc(0));
    if (datagram.format !== 'v1.5') throw new Error('not v1.5');
    const response = decodeIpmiResponse(new ByteReader(datagram.session.payload));
    expect(getChannelAuthenticationCapabilities.decodeResponse(new ByteReader(response.data))).toMatchObject({
      channel: 1,
      extended: true,
      authenticationTypes: 0x17,
      nonNullUserNames: true,
      nullUserNames: false,
      kgSet: false,
      supportsV15: true,
      supportsV20: true,
    });
  });

  test('Get Chassis Status: off', () => {
    const { requests, responses } = messages(loadSession('ipmitool-ipmi-sim-suite-3-chassis-status.txt'));
    const at = requests.findIndex(({ netFn, command }) => netFn === 0 && command === getChassisStatus.command);
    const data = responses[at]?.data ?? Buffer.alloc(0);
    expect(getChassisStatus.decodeResponse(new ByteReader(data))).toMatchObject({
      powerOn: false,
      powerRestorePolicy: 0,
    });
  });

  test('Get Device ID: firmware 2.33, IPMI 2.0, manufacturer 4753, product 0f02h', () => {
    const { requests, responses } = messages(loadSession('ipmitool-ipmi-sim-suite-3-mc-info.txt'));
    const at = requests.findIndex(({ netFn, command }) => netFn === 6 && command === getDeviceId.command);
    const device = getDeviceId.decodeResponse(new ByteReader(responses[at]?.data ?? Buffer.alloc(0)));
    expect(device).toMatchObject({ deviceId: 0x20, manufacturerId: 4753, productId: 0x0f02, updateInProgress: false });
    expect(formatFirmware(device)).toBe('2.33');
    expect(formatIpmiVersion(device)).toBe('2.0');
  });

  test('Chassis Control: cycle', () => {
    const { requests } = messages(loadSession('ipmitool-ipmi-sim-suite-3-power-cycle.txt'));
    const control = requests.find(({ netFn, command }) => netFn === 0 && command === chassisControl.command);
    expect(chassisControl.decodeRequest(new ByteReader(control?.data ?? Buffer.alloc(0)))).toEqual({ action: 2 });
  });

  test('Set System Boot Options: parameter 5, PXE, EFI, once', () => {
    const { requests } = messages(loadSession('ipmitool-ipmi-sim-suite-3-bootdev.txt'));
    const flags = requests
      .filter(({ netFn, command }) => netFn === 0 && command === setSystemBootOptions.command)
      .map(({ data }) => setSystemBootOptions.decodeRequest(new ByteReader(data)))
      .find(({ parameter }) => parameter === 5);
    expect(decodeBootFlags(new ByteReader(flags?.data ?? Buffer.alloc(0)))).toEqual({
      valid: true,
      persistent: false,
      efi: true,
      device: 1,
    });
  });
});
