import type { Machine } from '../machine.ts';
import type { SerialConsoleEvent } from './serial-console.ts';

/**
 * What a viewer of a machine's console is told, in order: first the scroll-back, then what happens. `offset` counts the
 * bytes of the machine's console since it was first recorded, so that a viewer that comes back knows what it has.
 */
export type ConsoleMessage =
  | { readonly kind: 'output'; readonly offset: number; readonly bytes: Buffer }
  /** Output before this point is missing, and why. */
  | { readonly kind: 'lost'; readonly offset: number; readonly why: string }
  | { readonly kind: 'state'; readonly state: ConsoleState };

export type ConsoleState =
  | { readonly line: 'connecting' }
  | { readonly line: 'connected' }
  | ({ readonly line: 'disconnected' } & Omit<Extract<SerialConsoleEvent, { readonly kind: 'disconnected' }>, 'kind'>);

/** One viewer's place at a console; disposing it leaves. The line is closed some time after the last viewer. */
export type ConsoleSeat = AsyncDisposable & {
  write(bytes: Buffer, signal: AbortSignal): Promise<void>;
  sendBreak(signal: AbortSignal): Promise<void>;
  /** Sets the line up anew, taking it from whoever has it when `steal` is set. */
  reconnect(options: { readonly steal: boolean }): void;
};

/** Machines' consoles: one line upstream each, however many look on. */
export type Consoles = {
  /**
   * Takes a seat. `onMessage` is called at once with the scroll-back, from `from` on where that much is kept.
   * @throws InvalidRequestError when the machine has no console; what opening its BMC throws
   */
  attach(
    machine: Machine,
    viewer: { readonly from?: number; readonly onMessage: (message: ConsoleMessage) => void },
    signal: AbortSignal,
  ): Promise<ConsoleSeat>;
};

/** A stretch of console text as it is kept. */
export type ConsoleChunk = {
  /** Offset of its first byte in the machine's console. */
  readonly offset: number;
  /** Epoch ms when its first byte came. */
  readonly at: number;
  /** The run that was active then. */
  readonly runId: string | null;
  /** Empty for a mark. */
  readonly bytes: Buffer;
  /** Why output before this point is missing; null for text. */
  readonly lost: string | null;
};

export type ConsoleMatch = {
  readonly offset: number;
  readonly at: number;
  readonly runId: string | null;
  readonly line: string;
};

export type ConsoleTextFilter = { readonly machineId: string; readonly runId?: string };

/** Console text on disk, bounded per machine: the oldest goes first. */
export type ConsoleText = {
  /** Stores chunks in order; the run active at that time is looked up here. */
  append(machineId: string, chunks: readonly Omit<ConsoleChunk, 'runId'>[]): Promise<void>;
  /** Where the machine's console ends; 0 when nothing was ever kept. */
  end(machineId: string): Promise<number>;
  /** Chunks from `from` on, `maximumBytes` at most, oldest first. */
  read(filter: ConsoleTextFilter, from: number, maximumBytes: number): Promise<readonly ConsoleChunk[]>;
  /** Lines that contain `text` (case ignored, control sequences left out), oldest first, at most `limit`. */
  search(filter: ConsoleTextFilter, text: string, limit: number): Promise<readonly ConsoleMatch[]>;
};
