import { type LanParameter, LanParameterNumber } from './lan-parameters.ts';

/** Parameter 51. @see IPMI v2.0 rev. 1.1 Table 23-4, as amended by errata E442 */
export const Ipv6Enables = { ipv6Disabled: 0, ipv6Only: 1, ipv6AndIpv4: 2 } as const;

/** How a dynamic address was got: parameter 59. @see Table 23-4 */
export const Ipv6AddressSource = { static: 0, slaac: 1, dhcpv6: 2 } as const;

/** @see Table 23-4 parameters 56 and 59 */
export const Ipv6AddressStatus = { active: 0, disabled: 1, pending: 2, failed: 3, deprecated: 4, invalid: 5 } as const;

/** Parameter 50. */
export type Ipv6Support = {
  readonly ipv6Only: boolean;
  readonly ipv6AndIpv4: boolean;
  readonly ipv6Alerting: boolean;
};

/** Parameter 55. */
export type Ipv6Status = {
  readonly staticAddressMaximum: number;
  readonly dynamicAddressMaximum: number;
  readonly dhcpv6Supported: boolean;
  readonly slaacSupported: boolean;
};

/** Parameters 56 and 59: one address, chosen by the request's set selector. */
export type Ipv6Address = {
  readonly setSelector: number;
  /** Static addresses only. */
  readonly enabled: boolean;
  /** See {@link Ipv6AddressSource}; 4 bits. */
  readonly source: number;
  /** 16 bytes. */
  readonly address: Buffer;
  readonly prefixLength: number;
  /** See {@link Ipv6AddressStatus}. */
  readonly status: number;
};

/** Data: bit 2 alerting to IPv6, bit 1 IPv6 beside IPv4, bit 0 IPv6 alone. @see Table 23-4 parameter 50 */
export const ipv6Support: LanParameter<Ipv6Support> = {
  name: 'IPv6/IPv4 Support',
  parameter: LanParameterNumber.ipv6Support,
  decode(reader) {
    const bits = reader.u8('IPv6 support');
    return { ipv6Only: (bits & 0x01) !== 0, ipv6AndIpv4: (bits & 0x02) !== 0, ipv6Alerting: (bits & 0x04) !== 0 };
  },
  encode: (value, writer) =>
    void writer.u8((value.ipv6Only ? 0x01 : 0) | (value.ipv6AndIpv4 ? 0x02 : 0) | (value.ipv6Alerting ? 0x04 : 0)),
};

/** Data: one byte, see {@link Ipv6Enables}. @see Table 23-4 parameter 51 */
export const ipv6Enables: LanParameter<number> = {
  name: 'IPv6/IPv4 Addressing Enables',
  parameter: LanParameterNumber.ipv6Enables,
  decode: (reader) => reader.u8('IPv6 enables'),
  encode: (value, writer) => void writer.u8(value),
};

/** Data: number of static, of dynamic addresses; bit 1 SLAAC, bit 0 DHCPv6. @see Table 23-4 parameter 55 */
export const ipv6Status: LanParameter<Ipv6Status> = {
  name: 'IPv6 Status',
  parameter: LanParameterNumber.ipv6Status,
  decode(reader) {
    const staticAddressMaximum = reader.u8('static address maximum');
    const dynamicAddressMaximum = reader.u8('dynamic address maximum');
    const bits = reader.u8('IPv6 capabilities');
    const dhcpv6Supported = (bits & 0x01) !== 0;
    return { staticAddressMaximum, dynamicAddressMaximum, dhcpv6Supported, slaacSupported: (bits & 0x02) !== 0 };
  },
  encode: (value, writer) =>
    void writer
      .u8(value.staticAddressMaximum)
      .u8(value.dynamicAddressMaximum)
      .u8((value.dhcpv6Supported ? 0x01 : 0) | (value.slaacSupported ? 0x02 : 0)),
};

export const ipv6StaticAddress = ipv6AddressParameter('IPv6 Static Address', LanParameterNumber.ipv6StaticAddress);
export const ipv6DynamicAddress = ipv6AddressParameter('IPv6 Dynamic Address', LanParameterNumber.ipv6DynamicAddress);

/** Data: set selector; bit 7 enabled, bits 3:0 source; 16 bytes address; prefix length; status. @see Table 23-4 */
function ipv6AddressParameter(name: string, parameter: number): LanParameter<Ipv6Address> {
  return {
    name,
    parameter,
    decode(reader) {
      const setSelector = reader.u8('set selector');
      const source = reader.u8('address source');
      return {
        setSelector,
        enabled: (source & 0x80) !== 0,
        source: source & 0x0f,
        address: reader.bytes(16, 'IPv6 address'),
        prefixLength: reader.u8('prefix length'),
        status: reader.u8('address status'),
      };
    },
    encode: (value, writer) =>
      void writer
        .u8(value.setSelector)
        .u8((value.enabled ? 0x80 : 0) | value.source)
        .fixed(value.address, 16)
        .u8(value.prefixLength)
        .u8(value.status),
  };
}
