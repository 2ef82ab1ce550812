import type { Secret } from '../../foundation/secret.ts';
import type { SecretRef } from '../secret-ref.ts';

export type Secrets = {
  /**
   * Reads the value now; the caller disposes of it after use.
   * @throws ConfigError when the reference cannot be read, or a file is readable by others; never with the value
   */
  open(ref: SecretRef, signal: AbortSignal): Promise<Secret>;
};
