import type { Consoles, ConsoleText } from '../../domain/ports/consoles.ts';
import type { Timeline } from '../../domain/ports/timeline.ts';
import type { LineParts } from './line.ts';
import { createLines } from './lines.ts';
import { type ConsoleOptions, consoleSettings } from './options.ts';
import { createRecorder, type RecorderParts } from './recorder.ts';
import { createSeat } from './seat.ts';
import { createTextKeeper } from './text-keeper.ts';

export type ConsolesParts = Pick<LineParts, 'bmcs'> & { readonly consoleText: ConsoleText } & Omit<
    RecorderParts,
    'lines' | 'timeline'
  > & { readonly timeline: Pick<Timeline, 'append' | 'onChange'> };

/** Consoles of machines, shared by all who look on, and recorded where their machines say so. */
export type ConsoleHub = Consoles & {
  /** Records until the signal fires; then ends every line, with what came from it stored. */
  run(signal: AbortSignal): Promise<void>;
};

export function createConsoles(parts: ConsolesParts, options: ConsoleOptions = {}): ConsoleHub {
  const settings = consoleSettings(options);
  const log = parts.log.child({ part: 'console' });
  const { flushMs, batchBytes, scrollBackBytes } = settings;
  const keeper = createTextKeeper(
    { ...parts, log },
    { flushMs, batchBytes, waitingBytes: scrollBackBytes, retryMs: Math.max(flushMs, 1000) },
  );
  const lines = createLines({ ...parts, log, keeper }, settings);
  const recorder = createRecorder({ ...parts, log, lines }, settings);
  return {
    async attach(machine, viewer, signal) {
      const { line, release } = await lines.hold(machine, { viewer: true }, signal);
      return createSeat({ line, consoleText: parts.consoleText, log, leave: release }, viewer, settings);
    },
    async run(signal) {
      try {
        await recorder.run(signal);
      } catch (error) {
        // It ends by its signal, which is how it is told to end.
        if (!signal.aborted) throw error;
      } finally {
        await lines.close();
      }
    },
  };
}
