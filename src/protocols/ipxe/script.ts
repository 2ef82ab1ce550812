import { DecodeError, InvalidRequestError } from '../../foundation/errors.ts';

/** A boot script: fetch a kernel and its initrds, start them, and say what to do when that fails. */
export type IpxeBootScript = {
  /** Lines shown on the console first. */
  readonly banner: readonly string[];
  readonly kernel: { readonly url: string; readonly commandLine: string };
  /** In order. The name is how EFI kernels are told about it: `initrd=NAME`. */
  readonly initrds: readonly { readonly url: string; readonly name: string }[];
  readonly onFailure: {
    readonly message: string;
    readonly waitSeconds: number;
    /** `exit` hands back to the firmware, which tries its next boot device. */
    readonly next: 'exit' | 'reboot';
  };
};

/**
 * Writes the script. iPXE has no quoting: it splits at blanks, stops at `||`, `&&`, `;` and at a word that starts with
 * `#`, and expands `${…}`. What cannot be said in it is refused, never sent in another meaning. The kernel command
 * line is otherwise inserted verbatim (runs of blanks become one on the way, iPXE joins words again by one).
 * @throws InvalidRequestError naming the word that iPXE would misread
 * @see iPXE src/core/exec.c (command_terminator, expand_tokens); src/image/script.c
 */
export function formatIpxeScript(script: IpxeBootScript): string {
  const names = script.initrds.map(({ name }) => `initrd=${oneWord(name, 'initrd name')}`);
  const commandLine = plain(script.kernel.commandLine, 'kernel command line').trim();
  const kernel = ['kernel', oneWord(script.kernel.url, 'kernel URL'), ...names];
  if (commandLine !== '') kernel.push(commandLine);
  const { message, waitSeconds, next } = script.onFailure;
  return [
    '#!ipxe',
    ...script.banner.map((line) => `echo ${plain(line, 'banner')}`),
    `${kernel.join(' ')} || goto failed`,
    ...script.initrds.map(({ url, name }) => `initrd --name ${name} ${oneWord(url, 'initrd URL')} || goto failed`),
    'boot || goto failed',
    ':failed',
    `echo ${plain(message, 'failure message')}`,
    `sleep ${Math.max(0, Math.round(waitSeconds))}`,
    next === 'reboot' ? 'reboot' : 'exit 1',
    '',
  ].join('\n');
}

/** One line of a script: its words up to the first terminator, and the label to go to when the command fails. */
export type IpxeCommand = { readonly words: readonly string[]; readonly onFailure: string | null };

/**
 * Reads a script into commands, labels as `[':name']`. Only `|| goto LABEL` is understood of iPXE's connectives.
 * @throws DecodeError without `#!ipxe` on the first line (iPXE then does not take it for a script)
 */
export function parseIpxeScript(text: string): readonly IpxeCommand[] {
  const [first = '', ...lines] = text.split(/\r?\n/);
  if (!/^#!ipxe\s*$/.test(first)) throw new DecodeError('iPXE script: first line is not "#!ipxe"');
  return lines.map(parseLine).filter((command) => command.words.length > 0);
}

function parseLine(line: string): IpxeCommand {
  const all = line.split(/\s+/).filter((word) => word !== '');
  const comment = all.findIndex((word) => word.startsWith('#'));
  const words = comment === -1 ? all : all.slice(0, comment);
  const stop = words.findIndex((word) => TERMINATORS.has(word));
  if (stop === -1) return { words, onFailure: null };
  const rest = words.slice(stop);
  const label = rest[2];
  if (rest.length !== 3 || rest[0] !== '||' || rest[1] !== 'goto' || label === undefined) {
    throw new DecodeError(`iPXE script: cannot follow ${JSON.stringify(rest.join(' ').slice(0, 80))}`);
  }
  return { words: words.slice(0, stop), onFailure: label };
}

const TERMINATORS: ReadonlySet<string> = new Set(['||', '&&', ';']);

function oneWord(text: string, what: string): string {
  plain(text, what);
  if (text === '' || /\s/.test(text))
    throw new InvalidRequestError(`${what}: ${JSON.stringify(text)} must be one word`);
  return text;
}

/** The text itself, when iPXE would read it as it stands. */
export function plain(text: string, what: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing control characters is the point
  if (/[\u0000-\u001f\u007f]/.test(text))
    throw new InvalidRequestError(`${what}: holds a control character or line break`);
  if (text.includes('${')) throw new InvalidRequestError(`${what}: iPXE would expand "\${"; it has no way to quote it`);
  for (const word of text.split(/\s+/)) {
    if (TERMINATORS.has(word) || word.startsWith('#')) {
      throw new InvalidRequestError(
        `${what}: iPXE would take the word ${JSON.stringify(word)} for its own syntax; it has no way to quote it`,
      );
    }
  }
  return text;
}
