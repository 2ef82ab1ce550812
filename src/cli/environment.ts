import { homedir } from 'node:os';
import { join } from 'node:path';
import { scheduler } from 'node:timers/promises';

/** What the command takes from around it. This is the one file that looks there. */
export type CliEnvironment = {
  /** BOOTWRIGHT_URL, else the address of a service on this host with its default settings. */
  readonly url: string;
  /** BOOTWRIGHT_TOKEN_FILE, else `bootwright/token` below the user's configuration folder. */
  readonly tokenFile: string;
  /** Whether standard output is a terminal that wants colours. */
  readonly color: boolean;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly stdin: NodeJS.ReadableStream;
  /** Whether a person sits at a terminal: both standard input and output are one. */
  readonly interactive: boolean;
  /** Takes every key as it is pressed, Ctrl-C too, until disposed. */
  takeKeyboard(): Disposable;
  /** Nothing is read any more, so that the process can end. */
  closeInput(): void;
  /** From now on the first Ctrl-C fires this signal instead of ending the process; a second one ends it as usual. */
  catchInterrupt(): AbortSignal;
  /** @throws the signal's reason when it fires first */
  delay(ms: number, signal: AbortSignal): Promise<void>;
};

export function readCliEnvironment(): CliEnvironment {
  const { env, stdout, stderr, stdin } = process;
  const configuration = env.XDG_CONFIG_HOME || join(homedir(), '.config');
  return {
    url: env.BOOTWRIGHT_URL || 'http://127.0.0.1:8470',
    tokenFile: env.BOOTWRIGHT_TOKEN_FILE || join(configuration, 'bootwright', 'token'),
    color: stdout.isTTY === true && !env.NO_COLOR,
    stdout,
    stderr,
    stdin,
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    takeKeyboard() {
      stdin.setRawMode(true);
      return { [Symbol.dispose]: () => void stdin.setRawMode(false) };
    },
    closeInput: () => void stdin.destroy(),
    catchInterrupt() {
      const interrupt = new AbortController();
      process.once('SIGINT', () => interrupt.abort(new DOMException('interrupted', 'AbortError')));
      return interrupt.signal;
    },
    delay: (ms, signal) => scheduler.wait(ms, { signal }),
  };
}
