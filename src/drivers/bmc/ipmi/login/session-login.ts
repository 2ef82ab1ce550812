import type { Secret } from '../../../../foundation/secret.ts';
import type { IpmiLogin } from '../target.ts';

/** Who logs in: a checked target with its secrets. */
export type SessionLogin = IpmiLogin & {
  readonly password: Secret;
  readonly kg: Secret | undefined;
  /** The credential's name in the BMC's memory. */
  readonly credential: string;
};
