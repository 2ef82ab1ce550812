import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { unreachableCase } from '../../../../foundation/errors.ts';
import { describePrivilegeLevel } from '../../privilege-level.ts';

/** Numbers of the SOL configuration parameters. @see IPMI v2.0 rev. 1.1 §26.3, Table 26-5 */
export const SolParameterNumber = {
  setInProgress: 0,
  enable: 1,
  authentication: 2,
  characterAccumulate: 3,
  retry: 4,
  nonVolatileBitRate: 5,
  volatileBitRate: 6,
  payloadChannel: 7,
  payloadPort: 8,
} as const;

/** A SOL configuration parameter, by the row of Table 26-5 that it is in. */
export type SolParameter =
  | { readonly kind: 'set-in-progress' /** 0 complete, 1 in progress, 2 commit. */; readonly state: number }
  | { readonly kind: 'enable'; readonly enabled: boolean }
  | {
      readonly kind: 'authentication';
      readonly forceEncryption: boolean;
      readonly forceAuthentication: boolean;
      /** The least level that may activate SOL. */
      readonly privilege: number;
    }
  | {
      readonly kind: 'character-accumulate';
      /** How long the controller gathers characters, in steps of 5 ms; 0 is reserved. */
      readonly interval5Ms: number;
      /** How many characters make it send at once. */
      readonly sendThreshold: number;
    }
  /** Interval in steps of 10 ms; 0: back to back. */
  | { readonly kind: 'retry'; readonly count: number; readonly interval10Ms: number }
  | { readonly kind: 'bit-rate'; readonly volatile: boolean /** See {@link solBitRates}. */; readonly rate: number }
  | { readonly kind: 'payload-channel'; readonly channel: number }
  | { readonly kind: 'payload-port'; readonly port: number }
  | { readonly kind: 'other'; readonly parameter: number; readonly data: Buffer };

/** Bits a second; 0 stands for the rate that the serial channel is configured for. @see Table 26-5, parameter 5 */
export const solBitRates: Readonly<Record<number, number>> = {
  6: 9_600,
  7: 19_200,
  8: 38_400,
  9: 57_600,
  10: 115_200,
};

/**
 * Reads the data of one SOL configuration parameter; trailing bytes are left unread.
 *   0  set in progress    bits 1:0
 *   1  enable             bit 0
 *   2  authentication     bit 7 force encryption, bit 6 force authentication, bits 3:0 privilege
 *   3  character          interval in 5 ms, then send threshold
 *   4  retry              bits 2:0 count, then interval in 10 ms
 *   5  non-volatile rate, 6 volatile rate   bits 3:0
 *   7  payload channel    bits 3:0
 *   8  payload port       2 bytes
 * @throws DecodeError when a parameter known here is too short
 * @see IPMI v2.0 rev. 1.1 §26.3, Table 26-5
 */
export function decodeSolParameter(parameter: number, reader: ByteReader): SolParameter {
  switch (parameter) {
    case SolParameterNumber.setInProgress:
      return { kind: 'set-in-progress', state: reader.u8('set in progress') & 0x03 };
    case SolParameterNumber.enable:
      return { kind: 'enable', enabled: (reader.u8('SOL enable') & 0x01) !== 0 };
    case SolParameterNumber.authentication: {
      const bits = reader.u8('SOL authentication');
      const forceAuthentication = (bits & 0x40) !== 0;
      return {
        kind: 'authentication',
        forceEncryption: (bits & 0x80) !== 0,
        forceAuthentication,
        privilege: bits & 0x0f,
      };
    }
    case SolParameterNumber.characterAccumulate:
      return {
        kind: 'character-accumulate',
        interval5Ms: reader.u8('character accumulate interval'),
        sendThreshold: reader.u8('character send threshold'),
      };
    case SolParameterNumber.retry:
      return {
        kind: 'retry',
        count: reader.u8('SOL retry count') & 0x07,
        interval10Ms: reader.u8('SOL retry interval'),
      };
    case SolParameterNumber.nonVolatileBitRate:
      return { kind: 'bit-rate', volatile: false, rate: reader.u8('non-volatile bit rate') & 0x0f };
    case SolParameterNumber.volatileBitRate:
      return { kind: 'bit-rate', volatile: true, rate: reader.u8('volatile bit rate') & 0x0f };
    case SolParameterNumber.payloadChannel:
      return { kind: 'payload-channel', channel: reader.u8('SOL payload channel') & 0x0f };
    case SolParameterNumber.payloadPort:
      return { kind: 'payload-port', port: reader.u16le('SOL payload port') };
    default:
      return { kind: 'other', parameter, data: reader.rest() };
  }
}

/** Writes the data of one SOL configuration parameter. @see IPMI v2.0 rev. 1.1 §26.3, Table 26-5 */
export function encodeSolParameter(value: SolParameter, writer: ByteWriter): void {
  switch (value.kind) {
    case 'set-in-progress':
      return void writer.u8(value.state);
    case 'enable':
      return void writer.u8(value.enabled ? 1 : 0);
    case 'authentication':
      return void writer.u8(
        (value.forceEncryption ? 0x80 : 0) | (value.forceAuthentication ? 0x40 : 0) | value.privilege,
      );
    case 'character-accumulate':
      return void writer.u8(value.interval5Ms).u8(value.sendThreshold);
    case 'retry':
      return void writer.u8(value.count).u8(value.interval10Ms);
    case 'bit-rate':
      return void writer.u8(value.rate);
    case 'payload-channel':
      return void writer.u8(value.channel);
    case 'payload-port':
      return void writer.u16le(value.port);
    case 'other':
      return void writer.bytes(value.data);
    default:
      unreachableCase(value, 'SOL parameter');
  }
}

export function describeSolParameter(value: SolParameter): string {
  switch (value.kind) {
    case 'set-in-progress':
      return `SOL set in progress: ${value.state}`;
    case 'enable':
      return `SOL ${value.enabled ? 'enabled' : 'disabled'}`;
    case 'authentication':
      return `SOL from ${describePrivilegeLevel(value.privilege)} on${value.forceEncryption ? ', encryption forced' : ''}${value.forceAuthentication ? ', authentication forced' : ''}`;
    case 'character-accumulate':
      return `SOL sends every ${value.interval5Ms * 5} ms or ${value.sendThreshold} characters`;
    case 'retry':
      return `SOL sends again ${value.count} times every ${value.interval10Ms * 10} ms`;
    case 'bit-rate':
      return `SOL ${value.volatile ? 'volatile' : 'non-volatile'} bit rate ${solBitRates[value.rate] ?? 'of the serial channel'}`;
    case 'payload-channel':
      return `SOL on channel ${value.channel}`;
    case 'payload-port':
      return `SOL on UDP port ${value.port}`;
    case 'other':
      return `SOL parameter ${value.parameter}: ${value.data.length} bytes`;
    default:
      return unreachableCase(value, 'SOL parameter');
  }
}
