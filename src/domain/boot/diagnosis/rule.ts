import type { BootEvidence } from './evidence.ts';
import type { OtherServerSeen } from './observation.ts';

/** What can be found; the whole list, and what each means, is in the README of `netboot/doctor`. */
export const FINDING_CODES = [
  'nothing-heard',
  'own-disk-booted',
  'relay-subnet-unknown',
  'no-address',
  'architecture-unsupported',
  'address-in-use',
  'address-refused',
  'other-server-chosen',
  'relay-not-answering',
  'offer-not-taken',
  'boot-server-filtered',
  'loader-not-asked',
  'size-probe-only',
  'tftp-replies-lost',
  'tftp-stalled',
  'loader-aborted',
  'loader-refused',
  'loader-hangs',
  'loader-not-started',
  'boot-loops',
  'ipxe-cannot-boot',
  'script-not-fetched',
  'script-refused',
  'kernel-not-fetched',
  'initrd-not-fetched',
  'boot-file-refused',
] as const;
export type FindingCode = (typeof FINDING_CODES)[number];

/** `warning`: the boot may still go on by itself. */
export type FindingSeverity = 'error' | 'warning';

/** What is wrong with a boot, fit to show: nothing secret is in it. */
export type FindingText = {
  readonly message: string;
  /** What the operator can do about it. */
  readonly hint: string;
  /** What was seen, a line each. */
  readonly evidence: readonly string[];
};

export type Diagnosis = FindingText & { readonly code: FindingCode; readonly severity: FindingSeverity };

/** One thing that can be wrong. */
export type Rule = {
  readonly code: FindingCode;
  readonly severity: FindingSeverity;
  /** The time at which its sign has lasted long enough, epoch ms, possibly in the future; undefined while there is no sign. */
  dueAt(evidence: BootEvidence): number | undefined;
  /** Asked only while there is a sign. */
  tell(evidence: BootEvidence): FindingText;
};

/** "4 DISCOVERs", "1 offer". */
export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

/** "10.0.0.5 (MAC 52:54:00:00:00:05)". */
export function serverText(address: string, others: readonly OtherServerSeen[]): string {
  const mac = others.find((other) => other.address === address)?.mac;
  return mac == null ? address : `${address} (MAC ${mac})`;
}

/** A hint that another server stands on the segment, with the space before it; empty where none was seen. */
export function othersText(others: readonly OtherServerSeen[]): string {
  if (others.length === 0) return '';
  const names = others.map(({ address, proxy }) => `${serverText(address, others)}${proxy ? ', a boot server' : ''}`);
  return ` Other DHCP servers were seen there: ${names.join('; ')}.`;
}
