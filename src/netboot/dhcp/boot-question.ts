import type { BootRequest } from '../../domain/boot-policy.ts';

/** What was understood of a request, over IPv4 or IPv6. */
export type BootQuestion = {
  readonly mac: string;
  readonly client: Omit<BootRequest, 'channel' | 'messageType'>;
  /** First word of the client's vendor class, which a boot answer repeats. */
  readonly vendorClass: string;
  /** In both byte orders, the specified one first; empty when it told none. */
  readonly uuids: readonly string[];
  /** One line for the log, of what a stranger sent. */
  describe(): string;
};
