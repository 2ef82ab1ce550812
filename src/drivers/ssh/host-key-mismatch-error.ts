import { AuthenticationError } from '../../foundation/errors.ts';
import type { HostKey } from './host-key.ts';

/** The machine showed a host key that is pinned for neither stage; nothing was sent to it. Never retried. */
export class HostKeyMismatchError extends AuthenticationError {
  override readonly code: string = 'host-key-mismatch';

  /** @param where "m1 (10.0.0.7:22) in stage 1" @param stage whose pinned keys were expected */
  constructor(where: string, stage: 1 | 3, expected: readonly HostKey[], seen: HostKey) {
    const pinned = expected.map((key) => key.fingerprint);
    super(`${where}: expected host key ${pinned.join(' or ')}, seen ${seen.fingerprint}; nothing was sent`, {
      details: {
        stage,
        expected: pinned,
        seen: seen.fingerprint,
        seenKey: seen.line,
        hint: `if the key was changed on purpose, compare the fingerprint on the machine's own console, then put the seen key line into the machine's stage${stage}.hostKeys`,
      },
    });
  }
}
