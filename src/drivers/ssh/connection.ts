import type { Secrets } from '../../domain/ports/secrets.ts';
import type { Clock } from '../../foundation/clock.ts';
import { withDeadline } from '../../foundation/deadline.ts';
import { UnreachableError } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import { type ExecEnd, type ExecOptions, type ExecResult, type ExecSinks, exec, stream } from './exec.ts';
import { type Handshake, handshake } from './handshake.ts';
import { ALL_HOST_KEY_ALGORITHMS, algorithmsFor, type HostKey, sameHostKey } from './host-key.ts';
import { HostKeyMismatchError } from './host-key-mismatch-error.ts';
import { openIdentity } from './identity.ts';
import type { SshTarget } from './target.ts';

export type SshParts = { readonly clock: Clock; readonly log: Log; readonly secrets: Secrets };

/** An authenticated connection under a pinned host key. A command that is aborted takes the connection with it. */
export type SshConnection = AsyncDisposable & {
  /** "m1 (10.0.0.7:22) in stage 1". */
  readonly describe: string;
  readonly user: string;
  /** SHA256 of the host key it was made under. */
  readonly fingerprint: string;
  /** Whether it can still be used: no command on it was aborted, and the other end did not hang up. */
  isOpen(): boolean;
  exec(command: string, options: ExecOptions, signal: AbortSignal): Promise<ExecResult>;
  stream(command: string, sinks: ExecSinks, signal: AbortSignal): Promise<ExecEnd>;
};

/** From dialling to being let in; a booting machine's key exchange alone has been seen to take 4 s. */
const CONNECT_MS = 20_000;

/**
 * Connects to a machine in one stage. Host keys of both stages are asked for, so that a machine in the other stage is
 * recognised (it may have booted on since it was seen, which passes); only this stage's are accepted.
 * @throws HostKeyMismatchError, AuthenticationError, UnreachableError, DeadlineError
 */
export async function connect(parts: SshParts, target: SshTarget, signal: AbortSignal): Promise<SshConnection> {
  const { clock, log, secrets } = parts;
  const { describe, stage, pinned, user } = target;
  const ours = stage === 1 ? pinned.stage1 : pinned.stage3;
  const identity = await openIdentity(secrets, target.identity, signal);
  const result = await withDeadline(clock, CONNECT_MS, signal, `connect to ${describe} by SSH`, async (during) => {
    const accept = (key: HostKey): boolean => ours.some((other) => sameHostKey(key, other));
    const common = { describe, address: target.address, port: target.port, user, accept };
    const algorithms = algorithmsFor([...ours, ...pinned.stage1, ...pinned.stage3]);
    const first = await handshake(clock, { ...common, algorithms, identity }, during);
    // A machine whose only keys are of other types: look again, without our identity, to be able to say which key it has.
    return first.kind === 'no-such-key'
      ? handshake(clock, { ...common, algorithms: ALL_HOST_KEY_ALGORITHMS }, during)
      : first;
  });
  if (result.kind !== 'open') throw notOpened(result, target, ours);
  const { client, socket } = result;
  log.debug({ host: describe, fingerprint: result.key.fingerprint }, 'SSH connection open');
  const guarded = async <T>(work: Promise<T>, during: AbortSignal): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      // What the aborted command does now cannot be known over this connection any more.
      if (during.aborted) socket.destroy();
      throw error;
    }
  };
  return {
    describe,
    user,
    fingerprint: result.key.fingerprint,
    isOpen: () => !socket.destroyed && socket.writable,
    exec: (command, options, during) => guarded(exec(client, command, options, during), during),
    stream: (command, sinks, during) => guarded(stream(client, command, sinks, during), during),
    async [Symbol.asyncDispose]() {
      if (socket.closed) return;
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      // Says goodbye, so that the server does not log a lost connection, and does not wait for its answer.
      client.end();
      socket.destroySoon();
      socket.destroy();
      await closed;
      log.debug({ host: describe }, 'SSH connection closed');
    },
  };
}

function notOpened(result: Exclude<Handshake, { kind: 'open' }>, target: SshTarget, ours: readonly HostKey[]): Error {
  const { describe, stage, pinned } = target;
  if (result.kind === 'no-such-key') return new UnreachableError(`${describe}: ${result.why}`);
  const others = stage === 1 ? pinned.stage3 : pinned.stage1;
  if (others.some((key) => sameHostKey(key, result.key))) {
    // A look and the connection after it are two moments, and in between a machine boots on: nobody answers in that stage.
    const other = stage === 1 ? 3 : 1;
    return new UnreachableError(
      `${describe}: the pinned key of stage ${other} answered, so the machine is in stage ${other}; nothing was sent`,
      { details: { stage, seen: result.key.fingerprint } },
    );
  }
  return new HostKeyMismatchError(describe, stage, ours, result.key);
}
