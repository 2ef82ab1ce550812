import type { SerialConsoleEvent } from '../../../../domain/ports/serial-console.ts';
import { ByteReader } from '../../../../foundation/bytes/byte-reader.ts';
import type { Clock } from '../../../../foundation/clock.ts';
import type { Entropy } from '../../../../foundation/entropy.ts';
import { DecodeError } from '../../../../foundation/errors.ts';
import type { Log } from '../../../../foundation/log.ts';
import {
  decodeSolControllerPacket,
  EMPTY_CONSOLE_PACKET,
  encodeSolConsolePacket,
  type SolConsolePacket,
  type SolControllerPacket,
} from '../../../../protocols/ipmi/sol/sol-packet.ts';
import type { SolActivated } from './sol-activation.ts';
import { createSolInput, type SolInputQueue } from './sol-input.ts';
import { createSolOutbox } from './sol-outbox.ts';
import type { SolOwner } from './sol-owner.ts';
import { newSolReceiver, receiveSolPacket } from './sol-receiver.ts';
import {
  acknowledgeSol,
  newSolSender,
  nextSolPacket,
  type SolSender,
  solOverdue,
  solPathWorks,
  solWaitMs,
} from './sol-sender.ts';
import type { SolTransport } from './sol-transport.ts';
import { createSolWatch, type SolEnd } from './sol-watch.ts';
import { createWakeUp } from './wake-up.ts';

export type SolSessionOptions = {
  readonly instance: number;
  /** Time between two questions who has the console, milliseconds; up to a quarter less, at random. */
  readonly keepAliveMs: number;
};

/** One activation of the console, from its success to its end. */
export type SolSession = Pick<SolInputQueue, 'write' | 'sendBreak'> & {
  /** Who has the console while it is ours, see {@link SolWatch}. */
  readonly ours: () => SolOwner;
  /** Carries the console until it ends by itself. @throws the signal's reason */
  run(signal: AbortSignal): Promise<SolEnd>;
};

/** @param onEvent told `output`, `lost` and `break` */
export function createSolSession(
  deps: { readonly clock: Clock; readonly entropy: Entropy; readonly log: Log },
  transport: SolTransport,
  activated: SolActivated,
  options: SolSessionOptions,
  onEvent: (event: SerialConsoleEvent) => void,
): SolSession {
  const { clock, log } = deps;
  let receiver = newSolReceiver;
  let sender: SolSender = newSolSender(activated.maximumCharacters);
  const outbox = createSolOutbox(clock, log, transport);
  const sent = createWakeUp(clock);
  const watch = createSolWatch(deps, transport, options, () => {
    sender = solPathWorks(sender);
  });
  const input = createSolInput(transport.name, {
    sender: () => sender,
    enter(next) {
      sender = next;
      proceed();
    },
  });

  const send = (packet: SolConsolePacket): void => outbox.put(encodeSolConsolePacket(packet));

  /** Sends what can be sent. The wait for an answer begins anew with a new packet, and not with each keystroke. */
  function proceed(): void {
    const next = nextSolPacket(sender);
    sender = next.sender;
    if (next.packet === undefined) return;
    send(next.packet);
    sent.wake();
  }

  function receive(payload: Buffer): void {
    let packet: SolControllerPacket;
    try {
      packet = decodeSolControllerPacket(new ByteReader(payload));
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      log.debug({ bmc: transport.name, error }, 'SOL packet dropped');
      return;
    }
    watch.heard();
    const reception = receiveSolPacket(receiver, packet);
    receiver = reception.receiver;
    // At once and alone: OpenBMC sends again after 100 ms, and drops data that carries an acknowledgement it has had.
    if (reception.acknowledge) {
      const { sequence: acknowledgedSequence, acceptedCharacters } = reception.acknowledge;
      send({ ...EMPTY_CONSOLE_PACKET, acknowledgedSequence, acceptedCharacters });
    }
    const before = sender;
    sender = acknowledgeSol(sender, packet);
    if (sender !== before) {
      input.progressed();
      proceed();
      sent.wake();
    }
    for (const report of reception.reports) onEvent(report);
    if (packet.deactivated) watch.deactivated();
  }

  /** Sends again what is not answered in its time. */
  async function repeat(signal: AbortSignal): Promise<SolEnd> {
    for (;;) {
      if (await sent.wait(solWaitMs(sender), signal)) continue;
      const overdue = solOverdue(sender);
      sender = overdue.sender;
      if (overdue.packet) send(overdue.packet);
      if (overdue.check) watch.check();
      if (overdue.dead) return { reason: 'lost', why: `BMC ${transport.name} answers commands, but takes no input` };
      input.progressed();
    }
  }

  return {
    write: input.write,
    sendBreak: input.sendBreak,
    ours: watch.ours,
    async run(signal) {
      using _receiving = transport.onPayload(receive);
      // The line's signals are raised by the first packet where the controller leaves them to us.
      if (activated.handshakeByConsole) send(EMPTY_CONSOLE_PACKET);
      const end = await firstToEnd([repeat, watch.run, outbox.run, untilEnded(transport)], signal).catch(
        (error: unknown) => {
          input.close('the console was closed');
          throw error;
        },
      );
      input.close(end.why);
      return end;
    },
  };
}

function untilEnded(transport: SolTransport): (signal: AbortSignal) => Promise<SolEnd> {
  return (signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<SolEnd>();
    const onEnded = (): void =>
      resolve({
        reason: 'lost',
        why: `the session with BMC ${transport.name} is over: ${reasonText(transport.ended)}`,
      });
    const onAbort = (): void => reject(signal.reason);
    transport.ended.addEventListener('abort', onEnded);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    if (transport.ended.aborted) onEnded();
    return promise.finally(() => {
      transport.ended.removeEventListener('abort', onEnded);
      signal.removeEventListener('abort', onAbort);
    });
  };
}

function reasonText(signal: AbortSignal): string {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason.message : String(reason);
}

/** Runs all until the first ends or fails, then stops the others and waits for them. */
async function firstToEnd(
  loops: readonly ((signal: AbortSignal) => Promise<SolEnd>)[],
  signal: AbortSignal,
): Promise<SolEnd> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const running = loops.map((loop) => loop(stop.signal));
  try {
    return await Promise.race(running);
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop.abort();
    await Promise.allSettled(running);
  }
}
