import { ByteWriter } from '../../foundation/bytes/byte-writer.ts';
import { LanParameterCode } from '../../protocols/ipmi/commands/transport/get-lan-configuration-parameters.ts';
import * as ipv6 from '../../protocols/ipmi/commands/transport/lan-ipv6-parameters.ts';
import * as lan from '../../protocols/ipmi/commands/transport/lan-parameters.ts';
import { CompletionCode } from '../../protocols/ipmi/completion-code.ts';
import { PrivilegeLevel } from '../../protocols/ipmi/privilege-level.ts';

/** What a controller's LAN channel is set to. Addresses are bytes as on the wire. */
export type LanSettings = {
  readonly ipAddress: Buffer;
  /** See IpAddressSource of lan-parameters.ts. */
  readonly ipAddressSource: number;
  readonly subnetMask: Buffer;
  readonly macAddress: Buffer;
  readonly defaultGateway: Buffer;
  readonly defaultGatewayMacAddress: Buffer;
  readonly backupGateway: Buffer;
  readonly communityString: string;
  readonly vlan: lan.VlanId;
  readonly vlanPriority: number;
  /** See Ipv6Enables. */
  readonly ipv6Enables: number;
  readonly ipv6StaticAddresses: readonly ipv6.Ipv6Address[];
  readonly ipv6DynamicAddresses: readonly ipv6.Ipv6Address[];
  /** Numbers of parameters that this controller does not have. */
  readonly missing: readonly number[];
};

/** @param address of the BMC; its MAC address is made from it */
export function defaultLanSettings(address: string): LanSettings {
  const ipAddress = ipv4Bytes(address);
  return {
    ipAddress,
    ipAddressSource: lan.IpAddressSource.static,
    subnetMask: Buffer.of(255, 255, 255, 0),
    macAddress: Buffer.concat([Buffer.of(0x02, 0x00), ipAddress]),
    defaultGateway: Buffer.alloc(4),
    defaultGatewayMacAddress: Buffer.alloc(6),
    backupGateway: Buffer.alloc(4),
    communityString: 'public',
    vlan: { enabled: false, id: 0 },
    vlanPriority: 0,
    ipv6Enables: ipv6.Ipv6Enables.ipv6Disabled,
    ipv6StaticAddresses: [],
    ipv6DynamicAddresses: [],
    missing: [],
  };
}

/** The 4 bytes of an IPv4 address; zeros for anything else, which the fields of IPMI have no room for. */
export function ipv4Bytes(address: string): Buffer {
  const parts = address.split('.').map(Number);
  const valid = parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255);
  return valid ? Buffer.from(parts) : Buffer.alloc(4);
}

/** What the LAN channel knows of logins; it belongs to the sessions, not to the settings. */
export type LanLogins = {
  readonly cipherSuites: readonly number[];
  /** The highest level by suite id; administrator where there is none. */
  readonly suitePrivileges: Readonly<Record<number, number>>;
  /** Bit mask of v1.5 authentication types. */
  readonly authenticationTypes: number;
};

/** @returns the parameter's data, or the completion code that refuses it @see IPMI v2.0 rev. 1.1 §23.2, Table 23-4 */
export function lanParameterData(
  settings: LanSettings,
  { cipherSuites, suitePrivileges, authenticationTypes: types }: LanLogins,
  parameter: number,
  setSelector: number,
): Buffer | number {
  if (settings.missing.includes(parameter)) return LanParameterCode.notSupported;
  const number = lan.LanParameterNumber;
  switch (parameter) {
    case number.setInProgress:
      return dataOf(lan.setInProgress, 0);
    case number.authenticationTypeSupport:
      return dataOf(lan.authenticationTypeSupport, types);
    case number.authenticationTypeEnables: {
      const enables = { callback: types, user: types, operator: types, administrator: types, oem: 0 };
      return dataOf(lan.authenticationTypeEnables, enables);
    }
    case number.ipAddress:
      return dataOf(lan.ipAddress, settings.ipAddress);
    case number.ipAddressSource:
      return dataOf(lan.ipAddressSource, settings.ipAddressSource);
    case number.macAddress:
      return dataOf(lan.macAddress, settings.macAddress);
    case number.subnetMask:
      return dataOf(lan.subnetMask, settings.subnetMask);
    case number.ipv4HeaderParameters:
      // Time to live 64; don't fragment; type of service "minimize delay".
      return Buffer.of(0x40, 0x40, 0x10);
    case number.arpControl:
      // Answers ARP requests; sends none of its own accord.
      return Buffer.of(0x02);
    case number.gratuitousArpInterval:
      return Buffer.of(0x00);
    case number.defaultGateway:
      return dataOf(lan.defaultGateway, settings.defaultGateway);
    case number.defaultGatewayMacAddress:
      return dataOf(lan.defaultGatewayMacAddress, settings.defaultGatewayMacAddress);
    case number.backupGateway:
      return dataOf(lan.backupGateway, settings.backupGateway);
    case number.backupGatewayMacAddress:
      return dataOf(lan.backupGatewayMacAddress, Buffer.alloc(6));
    case number.communityString: {
      const writer = new ByteWriter(MAXIMUM_PARAMETER_BYTES);
      lan.encodeCommunityString(settings.communityString, writer);
      return writer.done();
    }
    case number.vlanId:
      return dataOf(lan.vlanId, settings.vlan);
    case number.vlanPriority:
      return dataOf(lan.vlanPriority, settings.vlanPriority);
    case number.cipherSuiteSupport:
      return dataOf(lan.cipherSuiteSupport, Math.min(cipherSuites.length, lan.MAXIMUM_CIPHER_SUITES));
    case number.cipherSuites:
      return dataOf(lan.cipherSuites, sixteen(cipherSuites));
    case number.cipherSuitePrivilegeLevels:
      return dataOf(
        lan.cipherSuitePrivilegeLevels,
        sixteen(cipherSuites.map((id) => suitePrivileges[id] ?? PrivilegeLevel.administrator)),
      );
    default:
      return ipv6ParameterData(settings, parameter, setSelector);
  }
}

const MAXIMUM_PARAMETER_BYTES = 32;

function ipv6ParameterData(settings: LanSettings, parameter: number, setSelector: number): Buffer | number {
  const number = lan.LanParameterNumber;
  switch (parameter) {
    case number.ipv6Support:
      return dataOf(ipv6.ipv6Support, { ipv6Only: false, ipv6AndIpv4: true, ipv6Alerting: false });
    case number.ipv6Enables:
      return dataOf(ipv6.ipv6Enables, settings.ipv6Enables);
    case number.ipv6Status:
      return dataOf(ipv6.ipv6Status, {
        staticAddressMaximum: settings.ipv6StaticAddresses.length,
        dynamicAddressMaximum: settings.ipv6DynamicAddresses.length,
        dhcpv6Supported: true,
        slaacSupported: true,
      });
    case number.ipv6StaticAddress: {
      const address = settings.ipv6StaticAddresses[setSelector];
      return address ? dataOf(ipv6.ipv6StaticAddress, address) : CompletionCode.parameterOutOfRange;
    }
    case number.ipv6DynamicAddress: {
      const address = settings.ipv6DynamicAddresses[setSelector];
      return address ? dataOf(ipv6.ipv6DynamicAddress, address) : CompletionCode.parameterOutOfRange;
    }
    default:
      return LanParameterCode.notSupported;
  }
}

function dataOf<Value>(parameter: lan.LanParameter<Value>, value: Value): Buffer {
  const writer = new ByteWriter(MAXIMUM_PARAMETER_BYTES);
  parameter.encode(value, writer);
  return writer.done();
}

/** As controllers send these lists: always their full length. */
function sixteen(values: readonly number[]): readonly number[] {
  return Array.from({ length: lan.MAXIMUM_CIPHER_SUITES }, (_none, at) => values[at] ?? 0);
}
