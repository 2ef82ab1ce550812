import { ByteReader } from '../../foundation/bytes/byte-reader.ts';
import { DecodeError } from '../../foundation/errors.ts';

/**
 * Sub-options of option 175. Those a client sends say what it was built with; a server sends orders.
 * @see iPXE src/include/ipxe/dhcp.h (DHCP_EB_*), src/include/ipxe/features.h (DHCP_EB_FEATURE_*)
 */
export const IPXE_OPTION = {
  priority: 1, // order: signed 8-bit
  featurePxeExtensions: 16,
  featureIscsi: 17,
  featureHttp: 19,
  featureHttps: 20,
  featureTftp: 21,
  featureBzImage: 24,
  featureEfi: 36,
  /** Order: do not wait for, nor ask, another proxyDHCP server. Saves 3 s a boot. */
  noPxeDhcp: 176,
  version: 235,
} as const;

/** What the resident iPXE can do, as far as this service cares. */
export type IpxeFeatures = {
  readonly http: boolean;
  /** Starts a Linux kernel by itself (BIOS) or through the firmware (EFI). */
  readonly kernel: boolean;
};

/** Reads option 175. @param data views into it are kept @throws DecodeError when a length runs past the value */
export function decodeIpxeOptions(data: Buffer): ReadonlyMap<number, Buffer> {
  const options = new Map<number, Buffer>();
  const reader = new ByteReader(data);
  while (reader.left > 0) {
    const code = reader.u8('iPXE option code');
    if (code === 255) break;
    if (code === 0) continue;
    options.set(code, reader.bytes(reader.u8(`length of iPXE option ${code}`), `iPXE option ${code}`));
  }
  return options;
}

/** Writes option 175; it carries no end mark, its length is the outer option's. @throws DecodeError */
export function encodeIpxeOptions(options: ReadonlyMap<number, Buffer>): Buffer {
  const parts: Buffer[] = [];
  for (const [code, data] of options) {
    if (code <= 0 || code >= 255 || data.length > 255)
      throw new DecodeError(`iPXE option ${code} of ${data.length} bytes cannot be sent`);
    parts.push(Buffer.from([code, data.length]), data);
  }
  return Buffer.concat(parts);
}

/** The feature bits of a client's option 175. */
export function ipxeFeatures(options: ReadonlyMap<number, Buffer>): IpxeFeatures {
  const has = (code: number): boolean => (options.get(code)?.[0] ?? 0) !== 0;
  return { http: has(IPXE_OPTION.featureHttp), kernel: has(IPXE_OPTION.featureBzImage) || has(IPXE_OPTION.featureEfi) };
}
