import { text } from 'node:stream/consumers';
import { type Command, InvalidArgumentError } from 'commander';
import type { RawAnswerBody, RawCommandBody } from '../../api/schema/hardware.ts';
import { CliError, EXIT, type ExitCode } from '../cli-error.ts';
import { contextOf, type Exits } from '../context.ts';
import { hexByte } from '../describe-event.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Terminal } from '../terminal.ts';
import { callBmc } from './bmc-call.ts';

type RawOptions = { readonly lun?: number };
const BYTES_A_LINE = 16;

/** `bootwright raw NAME 0x06 0x01 …`; ends with 1 when the controller refused or fell silent. */
export function addRawCommand(program: Command, environment: CliEnvironment, exits: Exits): void {
  program
    .command('raw')
    .argument('<machine>', 'name or id')
    .argument('<bytes...>', 'network function, command, data; each 0x06 or 6; - reads them from standard input')
    .option('--lun <number>', 'logical unit, 0 to 3', parseLun)
    .description('send an IPMI command as bytes, once (admin)')
    .action(async (name: string, texts: readonly string[], { lun }: RawOptions, command: Command) => {
      // Arguments can be read by every user of the host, and some commands carry a password.
      const words =
        texts.length === 1 && texts[0] === '-' ? (await text(environment.stdin)).trim().split(/\s+/) : texts;
      const order = rawOrder(words, lun);
      const context = contextOf(command, environment);
      const answer = (await callBmc(context, 'POST', name, 'raw', order)) as RawAnswerBody;
      if (context.terminal.json) context.terminal.value(answer);
      exits.set(report(context.terminal, answer));
    });
}

/** @throws CliError when the words are no bytes */
export function rawOrder(texts: readonly string[], lun?: number): RawCommandBody {
  const [netFn, command, ...data] = texts.map((word) => {
    const byte = byteOf(word);
    if (byte === undefined) throw new CliError(EXIT.usage, `${word} is no byte: write 0x00 to 0xff, or 0 to 255`);
    return byte;
  });
  if (netFn === undefined || command === undefined)
    throw new CliError(EXIT.usage, 'a network function and a command are needed: raw NAME 0x06 0x01');
  return { netFn, command, data: Buffer.from(data).toString('hex'), ...(lun === undefined ? {} : { lun }) };
}

function report(terminal: Terminal, answer: RawAnswerBody): ExitCode {
  if (answer.outcome === 'unknown') {
    terminal.remark('no answer came: whether it was carried out is not known');
    return EXIT.failed;
  }
  if (!terminal.json) for (const line of hexLines(answer.data)) terminal.line(line);
  if (answer.completionCode === 0) return EXIT.ok;
  terminal.remark(`refused with completion code ${hexByte(answer.completionCode)}: ${answer.meaning}`);
  return EXIT.failed;
}

/** "20 01 02 …", sixteen a line. */
export function hexLines(hex: string): string[] {
  const bytes = hex.match(/../g) ?? [];
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; from += BYTES_A_LINE)
    lines.push(bytes.slice(from, from + BYTES_A_LINE).join(' '));
  return lines;
}

/** 010 is refused: to some tools it is eight, to people ten. */
function byteOf(word: string): number | undefined {
  if (!/^(0x[0-9a-f]{1,2}|0|[1-9][0-9]{0,2})$/i.test(word)) return undefined;
  const value = Number(word);
  return value <= 255 ? value : undefined;
}

function parseLun(word: string): number {
  const value = byteOf(word);
  if (value === undefined || value > 3) throw new InvalidArgumentError('a number from 0 to 3 is needed.');
  return value;
}
