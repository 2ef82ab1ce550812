import type { ConsoleServerMessageBody } from '../../api/schema/console.ts';
import type { CliEnvironment } from '../environment.ts';
import { printable } from '../terminal.ts';

/** Where a console is shown: output as it comes, remarks apart from it. */
export type Screen = {
  /** @returns false when the terminal or pipe takes no more for now; `whenTaken` is then called */
  output(bytes: Buffer, whenTaken: () => void): boolean;
  remark(...lines: readonly string[]): void;
};

/** @param raw whether the terminal is in raw mode, where a line's end needs both its characters */
export function createScreen({ stdout, stderr }: CliEnvironment, raw: boolean): Screen {
  return {
    output(bytes, whenTaken) {
      if (stdout.write(bytes)) return true;
      stdout.once('drain', whenTaken);
      return false;
    },
    remark(...lines) {
      const text = lines.map((line) => `[${printable(line)}]`);
      stderr.write(raw ? `\r\n${text.join('\r\n')}\r\n` : `${text.join('\n')}\n`);
    },
  };
}

/** A control message in words; undefined for one that is not for people. */
export function describeMessage(message: ConsoleServerMessageBody): string | undefined {
  switch (message.type) {
    case 'offset':
      return undefined;
    case 'lost':
      return `output is missing here: ${message.why}`;
    case 'error':
      return `not done: ${message.message} (${message.code})`;
    case 'state':
      return describeState(message);
  }
}

function describeState({ line, reason, why, retryMs }: Extract<ConsoleServerMessageBody, { type: 'state' }>): string {
  if (line === 'connecting') return 'connecting to the console';
  if (line === 'connected') return 'console connected';
  const words = `console disconnected (${reason ?? 'lost'})${why === undefined ? '' : `: ${why}`}`;
  if (typeof retryMs === 'number') return `${words}; it will be tried again`;
  return `${words}; ~R connects it again, ~T takes it from whoever has it`;
}
