import type { Machine } from '../machine.ts';
import type { SerialConsoleEvent } from './serial-console.ts';

/**
 * What a viewer of a machine's console is told: the text from where it asked, then what comes, each thing at its place.
 * `offset` counts the bytes of the machine's console since it was first recorded, so that a viewer that comes back knows
 * what it has.
 */
export type ConsoleMessage =
  /** `offset` is that of the first byte; the bytes are a view that nobody changes. */
  | { readonly kind: 'output'; readonly offset: number; readonly bytes: Buffer }
  /** Output before this point is missing, and why. */
  | { readonly kind: 'lost'; readonly offset: number; readonly why: string }
  /** Only the latest is told when a viewer was too slow for all of them. */
  | { readonly kind: 'state'; readonly state: ConsoleState };

export type ConsoleState =
  | { readonly line: 'connecting' }
  | { readonly line: 'connected' }
  | ({ readonly line: 'disconnected' } & Omit<Extract<SerialConsoleEvent, { readonly kind: 'disconnected' }>, 'kind'>);

export type ConsoleViewer = {
  /** First byte wanted; one that is no longer kept, or not there yet, is moved to the nearest. Default: the last screens. */
  readonly from?: number;
  /** Who sits there, for the timeline when it begins to type. */
  readonly actor: string;
};

/** One viewer's place at a console; disposing it leaves. The line is closed some time after the last viewer. */
export type ConsoleSeat = AsyncDisposable & {
  /**
   * The next message; waits for one. A viewer reads at its own pace: it holds up nobody, and one that falls too far
   * behind is told that it lost output. One call at a time.
   * @throws NotFoundError when the machine was removed, UnreachableError when the service ends
   */
  next(signal: AbortSignal): Promise<ConsoleMessage>;
  /** Sends input; the first of each seat is an event of the machine. @throws as {@link SerialConsole.write} does */
  write(bytes: Buffer, signal: AbortSignal): Promise<void>;
  sendBreak(signal: AbortSignal): Promise<void>;
  /** Sets the line up anew, taking it from whoever has it when `steal` is set. */
  reconnect(options: { readonly steal: boolean }): void;
};

/** Machines' consoles: one line upstream each, however many look on. */
export type Consoles = {
  /**
   * Takes a seat; the line is opened when nobody sits there yet.
   * @throws InvalidRequestError when the machine has no console; ConflictError when there are too many viewers or lines;
   *   what opening its BMC throws
   */
  attach(machine: Machine, viewer: ConsoleViewer, signal: AbortSignal): Promise<ConsoleSeat>;
};

/** A stretch of console text as it is kept, or a mark between two. */
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

/** A chunk as it is handed in: the run is looked up. */
export type NewConsoleChunk = Omit<ConsoleChunk, 'runId'>;

/** New text of one machine, in order. */
export type ConsoleBatch = { readonly machineId: string; readonly chunks: readonly NewConsoleChunk[] };

export type ConsoleMatch = {
  /** Of the line's first byte. */
  readonly offset: number;
  readonly at: number;
  readonly runId: string | null;
  /** Without control sequences; a long line is cut around the match. */
  readonly line: string;
};

export type ConsoleTextFilter = { readonly machineId: string; readonly runId?: string };

/** Console text on disk, bounded per machine: the oldest goes first. Offsets never go back. */
export type ConsoleText = {
  /**
   * Stores text of any number of machines, all or none; the run that was active when each chunk came is looked up here.
   * Bytes before a console's end are skipped, a gap is kept with a mark, and a second mark at one place is dropped.
   */
  append(batches: readonly ConsoleBatch[]): Promise<void>;
  /** Where the machine's console ends; 0 when nothing was ever kept. */
  end(machineId: string): Promise<number>;
  /**
   * Chunks from `from` on, oldest first, at most so many bytes; the first is cut to begin there. A mark right at `from`
   * is among them, so one at the seam of two reads may come twice.
   */
  read(filter: ConsoleTextFilter, from: number, maximumBytes: number): Promise<readonly ConsoleChunk[]>;
  /** Lines that contain `text` (case ignored, control sequences left out), oldest first, at most `limit`. */
  search(filter: ConsoleTextFilter, text: string, limit: number): Promise<readonly ConsoleMatch[]>;
};
