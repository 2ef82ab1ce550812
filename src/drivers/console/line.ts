import type { NewEvent } from '../../domain/event.ts';
import type { Machine } from '../../domain/machine.ts';
import type { Bmc } from '../../domain/ports/bmc.ts';
import type { Bmcs } from '../../domain/ports/bmcs.ts';
import type { ConsoleState, ConsoleText } from '../../domain/ports/consoles.ts';
import type { SerialConsole, SerialConsoleEvent } from '../../domain/ports/serial-console.ts';
import type { Timeline } from '../../domain/ports/timeline.ts';
import { errorText, InvalidRequestError, UnreachableError, unreachableCase } from '../../foundation/errors.ts';
import type { Log } from '../../foundation/log.ts';
import type { ConsoleSettings } from './options.ts';
import { createScrollBack, type ScrollBack } from './scroll-back.ts';
import type { TextKeeper } from './text-keeper.ts';

export type LineParts = {
  readonly bmcs: Pick<Bmcs, 'open'>;
  readonly consoleText: Pick<ConsoleText, 'end'>;
  readonly keeper: TextKeeper;
  readonly timeline: Pick<Timeline, 'append'>;
  readonly log: Log;
};

/** One machine's console, open, with what came from it lately. */
export type Line = {
  readonly machine: Machine;
  readonly scrollBack: ScrollBack;
  /** The state now, the place in the output where it began, and a number that changes with it. */
  readonly standing: { readonly state: ConsoleState; readonly offset: number; readonly version: number };
  /** Fires when nothing will come any more; its reason is for the viewers. */
  readonly over: AbortSignal;
  write(bytes: Buffer, signal: AbortSignal): Promise<void>;
  sendBreak(signal: AbortSignal): Promise<void>;
  reconnect(options: { readonly steal: boolean }): void;
  /** Goes on with the machine as it is declared now: through its new controller, when that has changed. */
  follow(machine: Machine): void;
  /** Calls `wake` after each change until disposed. */
  onNews(wake: () => void): Disposable;
  /** An event of the machine; one that cannot be recorded holds up nobody. */
  tell(event: Pick<NewEvent, 'type' | 'data'>): Promise<void>;
  /** Closes it and stores what is left. @param reason what its viewers are told */
  close(reason: unknown): Promise<void>;
};

const UNWATCHED = 'nobody watched the console before this point';

/** `current` ends when it is replaced: what it says after that is about another line. */
type Upstream = { readonly bmc: Bmc; readonly serial: SerialConsole; current: boolean };

/**
 * Opens a machine's console, never taking it from somebody else.
 * @throws InvalidRequestError when it has none; what opening its BMC throws
 */
export async function openLine(
  parts: LineParts,
  declared: Machine,
  settings: ConsoleSettings,
  signal: AbortSignal,
): Promise<Line> {
  const { bmcs, consoleText, keeper, timeline } = parts;
  const log = parts.log.child({ machineId: declared.id });
  const scrollBack = createScrollBack(await consoleText.end(declared.id), settings.scrollBackBytes);
  const over = new AbortController();
  const listeners = new Set<() => void>();
  let machine = declared;
  let standing: Line['standing'] = { state: { line: 'connecting' }, offset: scrollBack.end, version: 1 };
  /** Why output may be missing when the line comes up; null while it is up. */
  let gap: string | null = UNWATCHED;
  let upstream: Upstream | undefined;
  /** Changes of the upstream come one after the other. */
  let turn: Promise<void> = Promise.resolve();

  const wakeAll = (): void => {
    for (const wake of [...listeners]) wake();
  };
  const mark = (why: string): void => {
    if (scrollBack.mark(why)) writer.mark(scrollBack.end, why);
  };
  const become = (state: ConsoleState): void => {
    if (JSON.stringify(state) === JSON.stringify(standing.state)) return;
    standing = { state, offset: scrollBack.end, version: standing.version + 1 };
  };
  const hear = (event: SerialConsoleEvent): void => {
    switch (event.kind) {
      case 'connected':
        // Before the first byte ever, nothing is missing that anybody had.
        if (gap !== null && scrollBack.end > 0) mark(gap);
        gap = null;
        become({ line: 'connected' });
        break;
      case 'output': {
        const bytes = Buffer.from(event.bytes);
        writer.add(scrollBack.end, bytes);
        scrollBack.append(bytes);
        break;
      }
      case 'lost':
        mark(event.why);
        break;
      case 'break':
        log.debug({}, 'the machine sent a break');
        return;
      case 'disconnected': {
        const { kind: _kind, ...rest } = event;
        const { state } = standing;
        if (rest.reason === 'stolen' && !(state.line === 'disconnected' && state.reason === 'stolen')) {
          void tell({ type: 'console.stolen', data: { why: rest.why } });
        }
        gap ??= `the console was disconnected: ${rest.why}`;
        become({ line: 'disconnected', ...rest });
        break;
      }
      default:
        unreachableCase(event, 'serial console event');
    }
    wakeAll();
  };
  const tell: Line['tell'] = async (event) => {
    try {
      await timeline.append(declared.id, [{ ...event, source: 'console' }]);
    } catch (error) {
      log.error({ error: errorText(error), type: event.type }, 'a console event could not be recorded');
    }
  };
  const connect = async (inner: AbortSignal): Promise<void> => {
    const bmc = await bmcs.open(machine, inner);
    if (bmc.console === undefined) {
      await bmc[Symbol.asyncDispose]();
      throw new InvalidRequestError(`the BMC of ${machine.spec.name} offers no serial console`);
    }
    const own = { current: true };
    const onEvent = (event: SerialConsoleEvent): void => {
      if (own.current) hear(event);
    };
    upstream = Object.assign(own, { bmc, serial: bmc.console(onEvent, { steal: false }) });
  };
  const disconnect = async (): Promise<void> => {
    const old = upstream;
    upstream = undefined;
    if (old !== undefined) old.current = false;
    try {
      await old?.serial[Symbol.asyncDispose]();
      await old?.bmc[Symbol.asyncDispose]();
    } catch (error) {
      log.warn({ error: errorText(error) }, 'the console did not close properly');
    }
  };
  const reopen = (): void => {
    turn = turn.then(async () => {
      if (over.signal.aborted) return;
      await disconnect();
      become({ line: 'connecting' });
      gap ??= 'the console was connected anew';
      try {
        await connect(over.signal);
      } catch (error) {
        if (over.signal.aborted) return;
        hear({ kind: 'disconnected', reason: 'refused', why: errorText(error), retryMs: null });
      }
      wakeAll();
    });
  };
  const line = (): SerialConsole => {
    if (upstream !== undefined) return upstream.serial;
    throw new UnreachableError(`the console of ${machine.spec.name} is not connected`, { details: { taken: 0 } });
  };

  const writer = keeper.writer(declared.id);
  try {
    await connect(signal);
  } catch (error) {
    await writer.close();
    throw error;
  }
  return {
    get machine() {
      return machine;
    },
    scrollBack,
    get standing() {
      return standing;
    },
    over: over.signal,
    write: async (bytes, inner) => await line().write(bytes, inner),
    sendBreak: async (inner) => await line().sendBreak(inner),
    reconnect({ steal }) {
      if (upstream === undefined) reopen();
      else upstream.serial.reconnect({ steal });
    },
    follow(next) {
      // Whoever asks may have read the machine a moment before somebody changed it.
      if (next.updatedAt < machine.updatedAt) return;
      const changed = JSON.stringify(next.spec.bmcs) !== JSON.stringify(machine.spec.bmcs);
      machine = next;
      if (changed) reopen();
    },
    onNews(wake) {
      listeners.add(wake);
      return { [Symbol.dispose]: () => void listeners.delete(wake) };
    },
    tell,
    async close(reason) {
      over.abort(reason);
      wakeAll();
      await turn;
      await disconnect();
      await writer.close();
    },
  };
}
