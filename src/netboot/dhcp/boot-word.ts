import type { FirmwareSpec } from '../../domain/boot/firmware-spec.ts';
import type { LoaderNames } from '../../domain/boot/loader-names.ts';
import type { BootAnswer, BootRequest } from '../../domain/boot-policy.ts';
import { unreachableCase } from '../../foundation/errors.ts';
import { STOP_TEXT, stopScriptName } from '../assets/served-scripts.ts';
import { attemptUrl, SCRIPT_NAME } from '../boot-urls.ts';

/** How a reply's boot part is to be read; what becomes of it in options is in `boot-options.ts`. */
export type BootWord =
  /** A file of our TFTP server, or a URL for iPXE; `bytes` where they are known. */
  | { readonly kind: 'file'; readonly file: string; readonly vendorClass: string; readonly bytes?: number }
  /** The same, for firmware that wants neither option 60 nor 43. */
  | { readonly kind: 'plain-file'; readonly file: string; readonly bytes?: number }
  /** The same, for the boot ROM of a Raspberry Pi. */
  | { readonly kind: 'raspberry-pi'; readonly file: string }
  /** A URL for a UEFI HTTP boot client, or for iPXE over IPv6. */
  | { readonly kind: 'url'; readonly url: string }
  /** No file: ask the boot server on port 4011. */
  | { readonly kind: 'boot-server'; readonly vendorClass: string }
  /** A line for the screen, and on to the next boot device. */
  | { readonly kind: 'message'; readonly text: string; readonly vendorClass: string };

export type BootWordParts = {
  readonly request: Pick<BootRequest, 'channel' | 'client' | 'loader' | 'board'>;
  /** First word of the client's option 60. */
  readonly vendorClass: string;
  readonly firmware: FirmwareSpec | undefined;
  readonly loaders: LoaderNames;
  /** Where scripts and loaders are served over HTTP: `http://10.77.0.1:8480`. */
  readonly baseUrl: string;
};

/** Puts the policy's answer into words for this client; undefined: an address and nothing else. */
export function bootWordOf(answer: BootAnswer, parts: BootWordParts): BootWord | undefined {
  const { request, vendorClass, firmware, loaders, baseUrl } = parts;
  if (request.channel === 'dhcpv6') return urlWordOf(answer, parts);
  switch (answer.kind) {
    case 'ignore':
    case 'lease':
      return undefined;
    case 'script':
      return { kind: 'file', file: attemptUrl(baseUrl, answer.attempt, SCRIPT_NAME), vendorClass: 'PXEClient' };
    case 'stop':
      if (request.loader === 'ipxe')
        return { kind: 'file', file: stopScriptName(answer.why), vendorClass: 'PXEClient' };
      // UEFI HTTP boot has no way to show a text.
      if (request.client === 'http') return undefined;
      return { kind: 'message', text: STOP_TEXT[answer.why], vendorClass };
    case 'loader': {
      if (answer.by === 'http') return { kind: 'url', url: loaderUrl(baseUrl, answer.name) };
      if (request.board === 'raspberry-pi') return { kind: 'raspberry-pi', file: answer.name };
      const bytes = loaders.sizes.get(answer.name);
      const file = { file: answer.name, ...(bytes === undefined ? {} : { bytes }) };
      if (firmware?.noVendorClass === true) return { kind: 'plain-file', ...file };
      const isFirmware = request.loader === 'firmware';
      if (firmware?.noBypass === true && isFirmware && request.channel === 'dhcp')
        return { kind: 'boot-server', vendorClass };
      return { kind: 'file', vendorClass, ...file };
    }
    default:
      return unreachableCase(answer, 'boot answer');
  }
}

/** DHCPv6 has one option for what to boot, a URL (RFC 5970 §3.1), and none to show a text by. */
function urlWordOf(answer: BootAnswer, { request, baseUrl }: BootWordParts): BootWord | undefined {
  switch (answer.kind) {
    case 'ignore':
    case 'lease':
      return undefined;
    case 'script':
      return { kind: 'url', url: attemptUrl(baseUrl, answer.attempt, SCRIPT_NAME) };
    case 'loader':
      return { kind: 'url', url: loaderUrl(baseUrl, answer.name) };
    case 'stop':
      return request.loader === 'ipxe'
        ? { kind: 'url', url: loaderUrl(baseUrl, stopScriptName(answer.why)) }
        : undefined;
    default:
      return unreachableCase(answer, 'boot answer');
  }
}

/** An address in it, since some firmware gets no name server; its extension last, by which firmware tells what it is. */
export function loaderUrl(baseUrl: string, name: string): string {
  return `${baseUrl}/loaders/${name}`;
}
