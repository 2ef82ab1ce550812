import { abortable } from '../../../../foundation/deadline.ts';
import { ConflictError, UnreachableError } from '../../../../foundation/errors.ts';
import { enterSolInput, type SolInput, type SolSender } from './sol-sender.ts';

/** Input that waits for the controller, at most. Pastes are shorter; more means that nothing is read at the other end. */
const PENDING_BYTES = 64 * 1024;

/** Those who wait for the controller to take what they wrote. */
export type SolInputQueue = {
  /**
   * Resolves when the controller has taken all. Firing the signal ends the wait, not what is queued already.
   * @throws UnreachableError when the line goes down first, with `details.taken`; ConflictError when too much is pending
   */
  write(bytes: Buffer, signal: AbortSignal): Promise<void>;
  sendBreak(signal: AbortSignal): Promise<void>;
  /** The controller may have taken more: settles those that are done. */
  progressed(): void;
  /** The line is down: rejects all that wait, and all that come. */
  close(why: string): void;
};

type Waiter = {
  /** Units of the sender's count at which the input begins and ends. */
  readonly start: number;
  readonly end: number;
  readonly resolve: () => void;
  readonly reject: (error: UnreachableError) => void;
};

/** @param name the BMC's, for messages */
export function createSolInput(
  name: string,
  access: { readonly sender: () => SolSender; readonly enter: (sender: SolSender) => void },
): SolInputQueue {
  let waiters: readonly Waiter[] = [];
  let closed: string | undefined;

  const down = (why: string, taken: number): UnreachableError =>
    new UnreachableError(`write to the console of BMC ${name}: ${why}`, { details: { taken } });

  async function put(input: SolInput, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (closed !== undefined) throw down(closed, 0);
    const sender = access.sender();
    const size = input.kind === 'break' ? 1 : input.bytes.length;
    const pending = sender.entered - sender.taken;
    if (pending + size > PENDING_BYTES) {
      throw new ConflictError(
        `write ${size} bytes to the console of BMC ${name}: ${pending} bytes wait already, ${PENDING_BYTES} is the most`,
        { details: { pending, taken: 0 }, retry: 'retry' },
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiters = [...waiters, { start: sender.entered, end: sender.entered + size, resolve, reject }];
    access.enter(enterSolInput(sender, input));
    await abortable(promise, signal);
  }

  return {
    async write(bytes, signal) {
      if (bytes.length === 0) return signal.throwIfAborted();
      await put({ kind: 'characters', bytes: Buffer.from(bytes) }, signal);
    },
    sendBreak: (signal) => put({ kind: 'break' }, signal),
    progressed() {
      const { taken } = access.sender();
      const done = waiters.filter(({ end }) => end <= taken);
      if (done.length === 0) return;
      waiters = waiters.filter(({ end }) => end > taken);
      for (const { resolve } of done) resolve();
    },
    close(why) {
      closed ??= why;
      const { taken } = access.sender();
      for (const { start, reject } of waiters) reject(down(why, Math.max(0, taken - start)));
      waiters = [];
    },
  };
}
