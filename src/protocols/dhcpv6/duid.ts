import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { DecodeError, unreachableCase } from '../../foundation/errors.ts';

/** Who a client or server is, for as long as it lives. @see RFC 8415 §11 */
export type Duid =
  /** @see RFC 8415 §11.2; `time` in seconds since 2000-01-01 UTC, modulo 2^32 */
  | { readonly kind: 'link-layer-time'; readonly hardwareType: number; readonly time: number; readonly address: Buffer }
  /** @see RFC 8415 §11.3 */
  | { readonly kind: 'enterprise'; readonly enterpriseNumber: number; readonly identifier: Buffer }
  /** @see RFC 8415 §11.4 */
  | { readonly kind: 'link-layer'; readonly hardwareType: number; readonly address: Buffer }
  /** @see RFC 8415 §11.5, RFC 6355 §4; lower case, bytes in the order of the wire */
  | { readonly kind: 'uuid'; readonly uuid: string }
  | { readonly kind: 'other'; readonly type: number; readonly data: Buffer };

const DUID_TYPE = { linkLayerTime: 1, enterprise: 2, linkLayer: 3, uuid: 4 } as const;
const ETHERNET = 1;
/** RFC 8415 §11.1: two bytes of type and 128 at most. */
const LONGEST_DUID = 130;

/**
 * Reads a DUID.
 *   0 type 2, then 1: hardware type 2, time 4, address  2: enterprise number 4, identifier  3: hardware type 2, address  4: UUID 16
 * @param data views into it are kept
 * @throws DecodeError when shorter than its type needs, or longer than 130 bytes
 * @see RFC 8415 §11
 */
export function decodeDuid(data: Buffer): Duid {
  if (data.length > LONGEST_DUID) throw new DecodeError(`DUID: ${data.length} bytes, at most ${LONGEST_DUID}`);
  const r = new ByteReader(data);
  const type = r.u16be('DUID type');
  switch (type) {
    case DUID_TYPE.linkLayerTime: {
      const [hardwareType, time] = [r.u16be('DUID hardware type'), r.u32be('DUID time')];
      return { kind: 'link-layer-time', hardwareType, time, address: r.rest() };
    }
    case DUID_TYPE.enterprise:
      return { kind: 'enterprise', enterpriseNumber: r.u32be('DUID enterprise number'), identifier: r.rest() };
    case DUID_TYPE.linkLayer:
      return { kind: 'link-layer', hardwareType: r.u16be('DUID hardware type'), address: r.rest() };
    case DUID_TYPE.uuid: {
      const uuid = uuidText(r.bytes(16, 'DUID UUID'));
      r.end('DUID UUID');
      return { kind: 'uuid', uuid };
    }
    default:
      return { kind: 'other', type, data: r.rest() };
  }
}

/** Writes a DUID. @throws DecodeError on a UUID that is none */
export function encodeDuid(duid: Duid): Buffer {
  const w = new ByteWriter(LONGEST_DUID);
  switch (duid.kind) {
    case 'link-layer-time':
      return w.u16be(DUID_TYPE.linkLayerTime).u16be(duid.hardwareType).u32be(duid.time).bytes(duid.address).done();
    case 'enterprise':
      return w.u16be(DUID_TYPE.enterprise).u32be(duid.enterpriseNumber).bytes(duid.identifier).done();
    case 'link-layer':
      return w.u16be(DUID_TYPE.linkLayer).u16be(duid.hardwareType).bytes(duid.address).done();
    case 'uuid':
      return w.u16be(DUID_TYPE.uuid).bytes(uuidBytes(duid.uuid)).done();
    case 'other':
      return w.u16be(duid.type).bytes(duid.data).done();
    default:
      return unreachableCase(duid, 'DUID');
  }
}

/**
 * The Ethernet address in a DUID, which is that of one of the client's cards: not always of the one that asks (RFC 8415 §11).
 * @returns lower case with colons; undefined for other kinds and other hardware
 */
export function macOfDuid(duid: Duid): string | undefined {
  if (duid.kind !== 'link-layer' && duid.kind !== 'link-layer-time') return undefined;
  return linkLayerMac(duid.hardwareType, duid.address);
}

/** An Ethernet address by its hardware type; undefined for other hardware. */
export function linkLayerMac(hardwareType: number, address: Buffer): string | undefined {
  if (hardwareType !== ETHERNET || address.length !== 6) return undefined;
  return address.toString('hex').replace(/..(?!$)/g, '$&:');
}

/** One word for logs: `ll:525400770001`, `uuid:4c4c4544-…`. */
export function describeDuid(duid: Duid): string {
  switch (duid.kind) {
    case 'link-layer-time':
      return `llt:${duid.address.toString('hex')}`;
    case 'enterprise':
      return `en:${duid.enterpriseNumber}:${duid.identifier.toString('hex')}`;
    case 'link-layer':
      return `ll:${duid.address.toString('hex')}`;
    case 'uuid':
      return `uuid:${duid.uuid}`;
    case 'other':
      return `type-${duid.type}:${duid.data.toString('hex')}`;
    default:
      return unreachableCase(duid, 'DUID');
  }
}

const uuidText = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

function uuidBytes(uuid: string): Buffer {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid))
    throw new DecodeError(`not a UUID: ${JSON.stringify(uuid.slice(0, 40))}`);
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}
