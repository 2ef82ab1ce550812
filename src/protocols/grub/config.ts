import { InvalidRequestError } from '../../foundation/errors.ts';

/** A configuration that boots one kernel, or says why not, without asking anybody. */
export type GrubConfig = {
  /** Lines shown on the console first. */
  readonly banner: readonly string[];
  readonly kernel: {
    /** With the device, as `(tftp,10.77.0.1)/boot/kernel`. */
    readonly path: string;
    readonly commandLine: string;
  };
  /** In order; the kernel gets them as one. */
  readonly initrds: readonly string[];
  readonly onFailure: {
    readonly message: string;
    readonly waitSeconds: number;
    /** `exit` hands back to the firmware, which tries its next boot device. */
    readonly next: 'exit' | 'reboot';
  };
};

/**
 * Writes a grub.cfg.
 * @throws InvalidRequestError for a command line that the kernel would get in another spelling
 * @see GRUB 2.06 manual §16.3 "linux", "initrd", "boot"; grub-core/lib/cmdline.c
 */
export function formatGrubConfig({ banner, kernel, initrds, onFailure }: GrubConfig): string {
  const words = kernel.commandLine.split(/\s+/).filter((word) => word !== '');
  const refused = words.find((word) => /["'\\]/.test(word));
  if (refused !== undefined) {
    throw new InvalidRequestError(
      `kernel command line: GRUB puts a backslash before each quote or backslash of ${JSON.stringify(refused)}; it has no way to hand it on as it is`,
    );
  }
  const start = [
    ['linux', kernel.path, ...words].map(quoted).join(' '),
    ...(initrds.length === 0 ? [] : [['initrd', ...initrds].map(quoted).join(' ')]),
    'boot',
  ];
  return [
    ...banner.map((line) => `echo ${quoted(line)}`),
    // Each command only when the one before it went well: a kernel without its initrd finds no disk.
    ...start.map((line, depth) => `${'  '.repeat(depth)}if ${line}; then`),
    `${'  '.repeat(start.length)}true`,
    ...start.map((_, depth) => `${'  '.repeat(start.length - 1 - depth)}fi`),
    ...formatGrubLeave(onFailure.message, onFailure.waitSeconds, onFailure.next),
    '',
  ].join('\n');
}

/** The lines that show a reason for a while and then leave GRUB. */
export function formatGrubLeave(message: string, waitSeconds: number, next: 'exit' | 'reboot'): readonly string[] {
  return [`echo ${quoted(message)}`, `sleep ${Math.max(0, Math.round(waitSeconds))}`, next];
}

/** @see GRUB 2.06 manual §6.2 "Quoting": nothing between single quotes is special, and a single quote cannot be there */
function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing control characters is the point
  if (/[\u0000-\u001f\u007f]/.test(text))
    throw new InvalidRequestError('GRUB configuration: holds a control character or line break');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
