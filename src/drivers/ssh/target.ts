import type { Machine, SshSpec } from '../../domain/machine.ts';
import type { SecretRef } from '../../domain/secret-ref.ts';
import { ConfigError, InvalidRequestError } from '../../foundation/errors.ts';
import { type HostKey, parseHostKey, sameHostKey } from './host-key.ts';

/** The pinned keys of a machine's stages, parsed and proven to differ. */
export type PinnedKeys = { readonly stage1: readonly HostKey[]; readonly stage3: readonly HostKey[] };

/** Whom to connect to, in which stage, and what it must prove. */
export type SshTarget = {
  /** "m1 (10.0.0.7:22) in stage 1", for messages. */
  readonly describe: string;
  readonly stage: 1 | 3;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly identity: SecretRef;
  readonly pinned: PinnedKeys;
};

/**
 * Reads the pinned keys of both stages.
 * @throws ConfigError when a key cannot be read, or one key is pinned for both stages: the stage could not be told
 *   then, and a machine whose stage-3 key lies in its unencrypted initrd could be impersonated
 */
export function pinnedKeys(machine: Machine): PinnedKeys {
  const { name, stage1, stage3 } = machine.spec;
  const read = (spec: SshSpec | undefined, stage: string): readonly HostKey[] => {
    if (spec !== undefined && spec.hostKeys.length === 0) {
      throw new ConfigError(`machine ${name}: ${stage}.hostKeys is empty; enrol the key from the machine's console`);
    }
    return (spec?.hostKeys ?? []).map(parseHostKey);
  };
  const pinned = { stage1: read(stage1, 'stage1'), stage3: read(stage3, 'stage3') };
  for (const key of pinned.stage1) {
    if (pinned.stage3.some((other) => sameHostKey(key, other))) {
      throw new ConfigError(
        `machine ${name}: host key ${key.fingerprint} is pinned for stage 1 and stage 3; give the initrd a key of its own`,
        { details: { fingerprint: key.fingerprint } },
      );
    }
  }
  return pinned;
}

/** @throws InvalidRequestError when the machine has no such stage; ConfigError as {@link pinnedKeys} */
export function targetOf(machine: Machine, stage: 1 | 3): SshTarget {
  const { name, address, stage1, stage3 } = machine.spec;
  const spec = stage === 1 ? stage1 : stage3;
  if (spec === undefined) throw new InvalidRequestError(`machine ${name} has no stage1 section: nothing to unlock`);
  const port = portOf(spec);
  return {
    describe: `${name} (${address}:${port}) in stage ${stage}`,
    stage,
    address,
    port,
    user: spec.user ?? 'root',
    identity: spec.identity,
    pinned: pinnedKeys(machine),
  };
}

export function portOf(spec: SshSpec): number {
  return spec.port ?? 22;
}
