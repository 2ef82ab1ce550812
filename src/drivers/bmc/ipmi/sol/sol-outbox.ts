import type { Clock } from '../../../../foundation/clock.ts';
import { rethrowAbort } from '../../../../foundation/errors.ts';
import type { Log } from '../../../../foundation/log.ts';
import type { SolTransport } from './sol-transport.ts';
import { createWakeUp } from './wake-up.ts';

/** More than that wait only when the network takes nothing; the oldest goes, as on a full wire. */
const CAPACITY = 64;

/** Packets on their way to the transport, in order: receiving one must not wait for the sending of another. */
export type SolOutbox = {
  put(payload: Buffer): void;
  /** Sends until the signal fires; never ends by itself. A packet that cannot be sent is one that was lost. */
  run(signal: AbortSignal): Promise<never>;
};

export function createSolOutbox(clock: Clock, log: Log, transport: SolTransport): SolOutbox {
  const waiting: Buffer[] = [];
  const wakeUp = createWakeUp(clock);
  return {
    put(payload) {
      if (waiting.length === CAPACITY) waiting.shift();
      waiting.push(payload);
      wakeUp.wake();
    },
    async run(signal) {
      for (;;) {
        for (let payload = waiting.shift(); payload !== undefined; payload = waiting.shift()) {
          try {
            await transport.send(payload);
          } catch (error) {
            rethrowAbort(signal);
            log.debug({ bmc: transport.name, error }, 'SOL packet not sent');
          }
        }
        await wakeUp.wait(undefined, signal);
      }
    },
  };
}
