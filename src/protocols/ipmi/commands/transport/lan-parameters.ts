import type { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { ByteWriter } from '../../../../foundation/bytes/byte-writer.ts';
import { DecodeError } from '../../../../foundation/errors.ts';

/** Numbers of the LAN parameters. @see IPMI v2.0 rev. 1.1 §23.2, Table 23-4 */
export const LanParameterNumber = {
  setInProgress: 0,
  authenticationTypeSupport: 1,
  authenticationTypeEnables: 2,
  ipAddress: 3,
  ipAddressSource: 4,
  macAddress: 5,
  subnetMask: 6,
  ipv4HeaderParameters: 7,
  arpControl: 10,
  gratuitousArpInterval: 11,
  defaultGateway: 12,
  defaultGatewayMacAddress: 13,
  backupGateway: 14,
  backupGatewayMacAddress: 15,
  /** A password of its kind: read it only to compare, never show it. */
  communityString: 16,
  vlanId: 20,
  vlanPriority: 21,
  cipherSuiteSupport: 22,
  cipherSuites: 23,
  cipherSuitePrivilegeLevels: 24,
  ipv6Support: 50,
  ipv6Enables: 51,
  ipv6Status: 55,
  ipv6StaticAddress: 56,
  ipv6DynamicAddress: 59,
} as const;

/** One parameter: its number, and how its data are read and written. Data longer than defined are let pass. */
export type LanParameter<Value> = {
  readonly name: string;
  readonly parameter: number;
  decode(reader: ByteReader): Value;
  encode(value: Value, writer: ByteWriter): void;
};

/** Bit mask of authentication types: OEM (5), password (4), MD5 (2), MD2 (1), none (0). @see Table 23-4 parameter 1 */
export type AuthenticationTypes = number;

/** Parameter 4. @see Table 23-4 */
export const IpAddressSource = { unspecified: 0, static: 1, dhcp: 2, bios: 3, other: 4 } as const;

/** Parameter 2: what each level may log in with. */
export type AuthenticationTypeEnables = {
  readonly callback: AuthenticationTypes;
  readonly user: AuthenticationTypes;
  readonly operator: AuthenticationTypes;
  readonly administrator: AuthenticationTypes;
  readonly oem: AuthenticationTypes;
};

/** Parameter 20. */
export type VlanId = {
  readonly enabled: boolean;
  /** 12 bits. */
  readonly id: number;
};

/** Most entries of parameters 23 and 24. */
export const MAXIMUM_CIPHER_SUITES = 16;

/** A parameter of one byte, of which `mask` are kept. */
function byteParameter(name: string, parameter: number, mask: number): LanParameter<number> {
  return {
    name,
    parameter,
    decode: (reader) => reader.u8(name) & mask,
    encode: (value, writer) => void writer.u8(value & mask),
  };
}

/** A parameter that is an address, as it stands on the wire: most significant byte first. */
function addressParameter(name: string, parameter: number, length: number): LanParameter<Buffer> {
  return {
    name,
    parameter,
    decode: (reader) => reader.bytes(length, name),
    encode: (value, writer) => void writer.fixed(value, length),
  };
}

const IPV4_BYTES = 4;
const MAC_BYTES = 6;

/** 0 complete, 1 in progress, 2 commit. @see Table 23-4 parameter 0 */
export const setInProgress = byteParameter('Set In Progress', LanParameterNumber.setInProgress, 0x03);
/** See {@link AuthenticationTypes}. */
export const authenticationTypeSupport = byteParameter(
  'Authentication Type Support',
  LanParameterNumber.authenticationTypeSupport,
  0x3f,
);
export const ipAddress = addressParameter('IP Address', LanParameterNumber.ipAddress, IPV4_BYTES);
/** See {@link IpAddressSource}. */
export const ipAddressSource = byteParameter('IP Address Source', LanParameterNumber.ipAddressSource, 0x0f);
export const macAddress = addressParameter('MAC Address', LanParameterNumber.macAddress, MAC_BYTES);
export const subnetMask = addressParameter('Subnet Mask', LanParameterNumber.subnetMask, IPV4_BYTES);
export const defaultGateway = addressParameter('Default Gateway', LanParameterNumber.defaultGateway, IPV4_BYTES);
export const defaultGatewayMacAddress = addressParameter(
  'Default Gateway MAC Address',
  LanParameterNumber.defaultGatewayMacAddress,
  MAC_BYTES,
);
export const backupGateway = addressParameter('Backup Gateway', LanParameterNumber.backupGateway, IPV4_BYTES);
export const backupGatewayMacAddress = addressParameter(
  'Backup Gateway MAC Address',
  LanParameterNumber.backupGatewayMacAddress,
  MAC_BYTES,
);
export const vlanPriority = byteParameter('VLAN Priority', LanParameterNumber.vlanPriority, 0x07);
/** Number of entries in parameters 23 and 24. */
export const cipherSuiteSupport = byteParameter('Cipher Suite Support', LanParameterNumber.cipherSuiteSupport, 0x1f);

/** Data: callback, user, operator, administrator, OEM, a bit mask each. @see Table 23-4 parameter 2 */
export const authenticationTypeEnables: LanParameter<AuthenticationTypeEnables> = {
  name: 'Authentication Type Enables',
  parameter: LanParameterNumber.authenticationTypeEnables,
  decode: (reader) => ({
    callback: reader.u8('callback authentication types') & 0x3f,
    user: reader.u8('user authentication types') & 0x3f,
    operator: reader.u8('operator authentication types') & 0x3f,
    administrator: reader.u8('administrator authentication types') & 0x3f,
    oem: reader.u8('OEM authentication types') & 0x3f,
  }),
  encode: (value, writer) =>
    void writer.u8(value.callback).u8(value.user).u8(value.operator).u8(value.administrator).u8(value.oem),
};

/** Data: low 8 bits; bit 7 enabled, bits 3:0 high 4 bits. @see Table 23-4 parameter 20 */
export const vlanId: LanParameter<VlanId> = {
  name: 'VLAN ID',
  parameter: LanParameterNumber.vlanId,
  decode(reader) {
    const low = reader.u8('VLAN id');
    const high = reader.u8('VLAN enable');
    return { enabled: (high & 0x80) !== 0, id: low | ((high & 0x0f) << 8) };
  },
  encode: ({ enabled, id }, writer) => void writer.u8(id & 0xff).u8((enabled ? 0x80 : 0) | (id >> 8)),
};

/** Data: a reserved byte, then up to 16 suite ids; how many count is parameter 22. @see Table 23-4 parameter 23 */
export const cipherSuites: LanParameter<readonly number[]> = {
  name: 'Cipher Suite Entries',
  parameter: LanParameterNumber.cipherSuites,
  decode(reader) {
    reader.u8('reserved');
    return [...reader.bytes(Math.min(reader.left, MAXIMUM_CIPHER_SUITES), 'cipher suite ids')];
  },
  encode: (ids, writer) => void writer.u8(0).bytes(Buffer.from(ids)),
};

/**
 * Data: a reserved byte, then 8 bytes with a level in each half, the lower half first; the n-th belongs to the n-th
 * entry of parameter 23, and 0 means that the suite may not be used.
 * @see Table 23-4 parameter 24
 */
export const cipherSuitePrivilegeLevels: LanParameter<readonly number[]> = {
  name: 'Cipher Suite Privilege Levels',
  parameter: LanParameterNumber.cipherSuitePrivilegeLevels,
  decode(reader) {
    reader.u8('reserved');
    return [...reader.bytes(MAXIMUM_CIPHER_SUITES / 2, 'privilege levels')].flatMap((byte) => [byte & 0x0f, byte >> 4]);
  },
  encode(levels, writer) {
    writer.u8(0);
    for (let at = 0; at < MAXIMUM_CIPHER_SUITES; at += 2) writer.u8((levels[at] ?? 0) | ((levels[at + 1] ?? 0) << 4));
  },
};

const COMMUNITY_STRING_BYTES = 18;

/**
 * Data: 18 bytes, filled up with 00h. What comes out is whether it still is the well-known "public": the string itself
 * is a secret and does not leave this function.
 * @see Table 23-4 parameter 16
 */
export function decodeCommunityStringIsPublic(reader: ByteReader): boolean {
  const field = reader.bytes(Math.min(reader.left, COMMUNITY_STRING_BYTES), 'community string');
  if (field.length === 0) throw new DecodeError('community string: no data');
  const end = field.indexOf(0);
  return (end === -1 ? field : field.subarray(0, end)).equals(Buffer.from('public'));
}

/** Writes parameter 16. @param communityString at most 18 bytes */
export function encodeCommunityString(communityString: string, writer: ByteWriter): void {
  writer.fixed(Buffer.from(communityString), COMMUNITY_STRING_BYTES);
}
