import type { Machine } from '../machine.ts';
import type { RebuildAction } from '../run.ts';

export type RebuildOrder = {
  /** Names the unit and the folder on the machine; `[a-z0-9-]`, from the run's id and the step's index. */
  readonly job: string;
  readonly action: RebuildAction;
  readonly flake: string;
  readonly attribute: string;
  readonly refresh: boolean;
};

/** A job as the machine tells it. */
export type RebuildStatus =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly exitCode: number | null; readonly result: string };

/**
 * `nixos-rebuild` on the machine itself, detached from our connection: started under a unit named after the run, and
 * attached to again after a crash or a lost connection.
 */
export type SystemBuilder = {
  status(machine: Machine, job: string, signal: AbortSignal): Promise<RebuildStatus>;
  /** @throws ConflictError when the job exists already; RefusedError when nixos-rebuild is not there or cannot be elevated */
  start(machine: Machine, order: RebuildOrder, signal: AbortSignal): Promise<void>;
  /**
   * Streams the output from byte `offset` until the job ends or the connection drops; `onOutput` gets each chunk with
   * its offset and is awaited before the next, so a slow store slows the stream and loses nothing.
   */
  follow(
    machine: Machine,
    job: string,
    offset: number,
    onOutput: (offset: number, bytes: Buffer) => Promise<void>,
    signal: AbortSignal,
  ): Promise<RebuildStatus>;
  /** Ends a running job (cancellation) and removes what it left behind, tokens first. */
  stop(machine: Machine, job: string, signal: AbortSignal): Promise<void>;
  /** Removes the folder and the unit of an ended job. */
  tidy(machine: Machine, job: string, signal: AbortSignal): Promise<void>;
};
