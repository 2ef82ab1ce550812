import type {
  ConsoleChunk,
  ConsoleMessage,
  ConsoleSeat,
  ConsoleText,
  ConsoleViewer,
} from '../../domain/ports/consoles.ts';
import { abortable } from '../../foundation/deadline.ts';
import { errorText } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { Line } from './line.ts';
import type { ConsoleSettings } from './options.ts';

/** Bytes of one message at most. */
const MESSAGE_BYTES = 64 * 1024;

/**
 * A place at a line. It holds no output, only how far its viewer has read: a slow viewer costs nobody anything. It reads
 * older text from disk until it has caught up; whoever falls behind the scroll-back after that is moved forward.
 */
export function createSeat(
  parts: { readonly line: Line; readonly consoleText: ConsoleText; readonly log: Log; readonly leave: () => void },
  viewer: ConsoleViewer,
  { firstBytes }: Pick<ConsoleSettings, 'firstBytes'>,
): ConsoleSeat {
  const { line, consoleText, log, leave } = parts;
  const { scrollBack } = line;
  let offset = Math.min(Math.max(0, viewer.from ?? scrollBack.end - firstBytes), scrollBack.end);
  /** Text from disk that is not told yet. */
  let stored: ConsoleChunk[] = [];
  let caughtUp = false;
  /** Whoever did not ask for a place is not told that there was something before it. */
  let quiet = viewer.from === undefined;
  let toldMark = -1;
  let toldVersion = 0;
  let types = false;
  let wake: (() => void) | undefined;
  const news = line.onNews(() => wake?.());

  /** @returns undefined when there is nothing to tell yet */
  const look = async (): Promise<ConsoleMessage | undefined> => {
    const { state, version, offset: since } = line.standing;
    const first = toldVersion === 0;
    // What is missing before this place came before the state did.
    const marked = toldMark !== offset && scrollBack.markAt(offset) !== undefined;
    if (version !== toldVersion && (first || (since <= offset && !marked))) {
      toldVersion = version;
      return { kind: 'state', state };
    }
    caughtUp ||= offset >= scrollBack.start;
    return offset < scrollBack.start ? await (caughtUp ? moveOn() : older()) : recent();
  };

  const recent = (): ConsoleMessage | undefined => {
    const why = scrollBack.markAt(offset);
    if (why !== undefined && toldMark !== offset) return lost(why);
    const bytes = scrollBack.read(offset, MESSAGE_BYTES);
    return bytes.length === 0 ? undefined : output(bytes);
  };

  const older = async (): Promise<ConsoleMessage | undefined> => {
    if (stored.length === 0) stored = await fromDisk();
    const [first] = stored;
    if (first === undefined || first.offset > offset) {
      // Removed from disk, or never there.
      offset = Math.min(first?.offset ?? scrollBack.start, scrollBack.start);
      if (first?.offset !== offset) stored = [];
      const why = first?.offset === offset && first.lost !== null ? first.lost : 'older output is not kept any more';
      return quiet && first?.lost == null ? undefined : lost(why);
    }
    stored.shift();
    if (first.lost === null) return output(first.bytes);
    return toldMark === offset ? undefined : lost(first.lost);
  };

  const fromDisk = async (): Promise<ConsoleChunk[]> => {
    try {
      return [...(await consoleText.read({ machineId: line.machine.id }, offset, MESSAGE_BYTES))];
    } catch (error) {
      log.error({ error: errorText(error), machineId: line.machine.id }, 'console text could not be read');
      return [];
    }
  };

  const moveOn = (): ConsoleMessage => {
    const missed = offset;
    offset = Math.max(scrollBack.start, scrollBack.end - firstBytes);
    return lost(`this viewer was too slow: ${offset - missed} bytes from ${missed} on were left out`);
  };

  const output = (bytes: Buffer): ConsoleMessage => {
    const message = { kind: 'output', offset, bytes } as const;
    offset += bytes.length;
    quiet = false;
    return message;
  };

  const lost = (why: string): ConsoleMessage => {
    toldMark = offset;
    quiet = false;
    return { kind: 'lost', offset, why };
  };

  const beginToType = async (): Promise<void> => {
    if (types) return;
    types = true;
    await line.tell({ type: 'console.input-taken', data: { actor: viewer.actor } });
  };

  return {
    async next(signal) {
      for (;;) {
        signal.throwIfAborted();
        line.over.throwIfAborted();
        const before = [offset, stored.length] as const;
        const { promise, resolve } = Promise.withResolvers<void>();
        // Before looking, so that what comes while it looks is not slept over.
        wake = resolve;
        const message = await look();
        if (message !== undefined) return message;
        if (before[0] !== offset || before[1] !== stored.length) continue;
        await abortable(promise, signal);
      }
    },
    async write(bytes, signal) {
      await beginToType();
      await line.write(bytes, signal);
    },
    async sendBreak(signal) {
      await beginToType();
      await line.sendBreak(signal);
    },
    reconnect: (options) => line.reconnect(options),
    async [Symbol.asyncDispose]() {
      news[Symbol.dispose]();
      leave();
    },
  };
}
