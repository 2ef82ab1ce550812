import type { Secret } from '../../foundation/secret.ts';
import type { Machine } from '../machine.ts';

/** Whom the SSH port shows, decided by the host key alone; nothing was authenticated and nothing secret was sent. */
export type HostSighting =
  | { readonly kind: 'absent'; readonly why: string }
  | { readonly kind: 'stage-1'; readonly fingerprint: string }
  | { readonly kind: 'stage-3'; readonly fingerprint: string }
  | {
      readonly kind: 'stranger';
      /** SHA256:… as OpenSSH prints it. */
      readonly seen: string;
      /** The public key line, for enrolling it after a look at the machine. */
      readonly seenKey: string;
      readonly expected: readonly { readonly stage: 1 | 3; readonly fingerprint: string }[];
    };

/** A prompt waiting in stage 1. `id` changes when the prompt is asked anew, so an unanswered one is recognised. */
export type PendingPrompt = { readonly disk: string; readonly id: string };

export type InitrdFlavour = 'initramfs' | 'systemd';

export type InitrdFacts = {
  readonly bootId: string;
  /** `init=` of the kernel command line: the generation about to boot; null when absent. */
  readonly init: string | null;
  readonly flavour: InitrdFlavour;
  readonly prompts: readonly PendingPrompt[];
  /** Disks already open in this boot. */
  readonly unlocked: readonly string[];
  /** Disks that take no further try in this boot. */
  readonly exhausted: readonly string[];
};

/** What became of one passphrase, from evidence and never from an exit code alone. */
export type UnlockVerdict = 'unlocked' | 'wrong' | 'nothing-pending' | 'exhausted' | 'unknown';

/** A session with the initrd, under a pinned stage-1 key. */
export type Initrd = AsyncDisposable & {
  look(signal: AbortSignal): Promise<InitrdFacts>;
  /** Sends the passphrase to that one prompt, once, and judges; the passphrase stays the caller's to wipe. */
  answer(prompt: PendingPrompt, passphrase: Secret, signal: AbortSignal): Promise<UnlockVerdict>;
};

export type SystemFacts = {
  readonly bootId: string;
  /** `systemctl is-system-running`: running, degraded, starting, initializing, maintenance, stopping, … */
  readonly state: string;
  readonly failedUnits: readonly string[];
  /** Store paths behind /run/booted-system, /run/current-system and the system profile; null when absent. */
  readonly booted: string | null;
  readonly current: string | null;
  readonly profile: string | null;
};

export type SessionFacts = {
  /** The user manager, `user@UID.service`: active, inactive, failed, … or null when there is no such user. */
  readonly manager: string | null;
  /** The user's default.target as the user manager sees it; null when it could not be asked. */
  readonly defaultTarget: string | null;
};

/** A session with the running system, under a pinned stage-3 key. */
export type System = AsyncDisposable & {
  look(signal: AbortSignal): Promise<SystemFacts>;
  session(user: string, signal: AbortSignal): Promise<SessionFacts>;
  /** Orders a reboot; the connection may drop before an answer, which is no failure. */
  reboot(signal: AbortSignal): Promise<void>;
};

/**
 * Access to machines by SSH. Connecting fails with HostKeyMismatchError when the key is pinned for neither stage,
 * UnreachableError when nobody answers in that stage, AuthenticationError when our key is refused.
 */
export type Hosts = {
  sight(machine: Machine, signal: AbortSignal): Promise<HostSighting>;
  initrd(machine: Machine, signal: AbortSignal): Promise<Initrd>;
  system(machine: Machine, signal: AbortSignal): Promise<System>;
};
