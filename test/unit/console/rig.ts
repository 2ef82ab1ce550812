import type { ConsoleMessage, ConsoleSeat } from '../../../src/domain/ports/consoles.ts';
import { createConsoles } from '../../../src/drivers/console/consoles.ts';
import type { ConsoleOptions } from '../../../src/drivers/console/options.ts';
import { systemEntropy } from '../../../src/foundation/entropy.ts';
import { silentLog } from '../../../src/foundation/log.ts';
import { openStore } from '../../../src/store/store.ts';
import { createConsoleBmcs } from '../../support/console-rig.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';
import { SPEC } from '../../support/step-view.ts';

export const NEVER = new AbortController().signal;

/** The hub over a real store in memory and consoles that do what a test says. */
export async function openConsoleRig(options: ConsoleOptions & { readonly connects?: boolean } = {}) {
  const { connects = true, ...rest } = options;
  const clock = createManualClock();
  const store = await openStore({ clock, entropy: systemEntropy, log: silentLog }, { path: ':memory:' });
  const bmcs = createConsoleBmcs({ connects });
  const consoles = createConsoles({ ...store, bmcs, clock, log: silentLog }, rest);
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  return {
    clock,
    store,
    bmcs,
    consoles,
    machine: (spec: Partial<typeof SPEC> = {}) => store.machines.declare({ ...SPEC, ...spec }, 'api', 'tester'),
    async start() {
      running = consoles.run(stop.signal);
      await clock.advance(200);
    },
    async stop() {
      stop.abort(new Error('the test ends'));
      await running;
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the test ends'));
      await running;
      await store.close();
    },
  };
}

/** Everything a seat can tell without waiting. */
export async function drain(seat: ConsoleSeat): Promise<ConsoleMessage[]> {
  const messages: ConsoleMessage[] = [];
  for (;;) {
    const enough = new AbortController();
    const next = seat.next(enough.signal).catch(() => undefined);
    const none = settle().then(() => 'none' as const);
    const first = await Promise.race([next, none]);
    if (first === 'none') enough.abort(new Error('enough'));
    const message = await next;
    if (message === undefined) return messages;
    messages.push(message);
  }
}

/** Messages as a test writes them: output joined, marks and states by their words. */
export function told(messages: readonly ConsoleMessage[]): string[] {
  const words: string[] = [];
  let joined = false;
  for (const message of messages) {
    if (message.kind === 'output') {
      const text = message.bytes.toString('latin1');
      if (joined) words.push(`${words.pop() ?? ''}${text}`);
      else words.push(`${message.offset}:${text}`);
    } else if (message.kind === 'lost') words.push(`lost@${message.offset}: ${message.why}`);
    else
      words.push(
        `state ${message.state.line}${message.state.line === 'disconnected' ? ` ${message.state.reason}` : ''}`,
      );
    joined = message.kind === 'output';
  }
  return words;
}
