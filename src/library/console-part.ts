import type { SerialConsoleEvent, SerialConsoleOptions } from '../domain/ports/serial-console.ts';
import { keeperTransport } from '../drivers/bmc/ipmi/sol/keeper-transport.ts';
import { createSolConsole, type SolConsoleOptions } from '../drivers/bmc/ipmi/sol/sol-console.ts';
import type { CallOptions } from './calls.ts';
import { checkFunction } from './checks.ts';
import type { PartDeps } from './part.ts';

/** Times in milliseconds; `steal` takes the console from whoever has it, once. */
export type ConsoleOptions = SerialConsoleOptions &
  Pick<SolConsoleOptions, 'instance' | 'keepAliveMs' | 'firstRetryMs' | 'longestRetryMs'>;

/** A machine's serial console; disposing gives it up. */
export type IpmiConsole = AsyncDisposable & {
  /**
   * Sends input, in order with other writes; resolves when the controller has taken all of it.
   * @throws UnreachableError when the line is down or goes down first; `details.taken` tells how much was taken
   */
  write(data: string | Uint8Array, options?: CallOptions): Promise<void>;
  /** Sends a break. @throws as `write` */
  sendBreak(options?: CallOptions): Promise<void>;
  /** Sets the line up now, after it was stolen, occupied or refused. */
  reconnect(options?: SerialConsoleOptions): void;
};

export type ConsolePart = {
  /**
   * Opens the serial console in the session that the commands use, watches it, and sets it up again when it is lost.
   * @param onEvent called in order with what comes; `bytes` is a view to be copied by who keeps it
   * @throws InvalidRequestError, from the call itself, when it is no function
   * @see IPMI v2.0 rev. 1.1 §15, §24
   */
  openConsole(onEvent: (event: SerialConsoleEvent) => void, options?: ConsoleOptions): IpmiConsole;
};

/** @returns also the end of all consoles that are open, for the end of the client */
export function createConsolePart({ board, calls, clock, entropy, log }: PartDeps): ConsolePart & {
  readonly closeConsoles: () => Promise<void>;
} {
  const open = new Set<IpmiConsole>();

  function openConsole(onEvent: (event: SerialConsoleEvent) => void, options: ConsoleOptions = {}): IpmiConsole {
    calls.check();
    checkFunction('onEvent', onEvent);
    const deps = { clock, entropy, log: log.child({ bmc: board.name }), open: keeperTransport(board) };
    const sol = createSolConsole(deps, options, (event) => tell(onEvent, event));
    const console: IpmiConsole = {
      write: (data, call) => calls.run(call, (signal) => sol.write(bufferOf(data), signal)),
      sendBreak: (call) => calls.run(call, (signal) => sol.sendBreak(signal)),
      reconnect: (how = {}) => sol.reconnect(how),
      async [Symbol.asyncDispose]() {
        open.delete(console);
        await sol[Symbol.asyncDispose]();
      },
    };
    open.add(console);
    return console;
  }

  return {
    openConsole,
    closeConsoles: async () => void (await Promise.all([...open].map((console) => console[Symbol.asyncDispose]()))),
  };
}

/** What a listener throws is its program's failure, told as uncaught; the line must not go down with it. */
function tell(onEvent: (event: SerialConsoleEvent) => void, event: SerialConsoleEvent): void {
  try {
    onEvent(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function bufferOf(data: string | Uint8Array): Buffer {
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : Buffer.from(data);
}
