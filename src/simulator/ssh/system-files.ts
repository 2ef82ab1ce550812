import { createHash } from 'node:crypto';
import type { RemoteCommand } from './ssh-server.ts';

export type SystemFilesOptions = {
  /** Store path of the running system. */
  readonly current: () => string | null;
  /** Contents by path; undefined where there is no file. */
  readonly fileAt: (path: string) => Buffer | undefined;
};

/** What a client sees that reads files of a NixOS system: `boot.json`, sizes, checksums and contents. */
export async function readSystemFile(
  { current, fileAt }: SystemFilesOptions,
  verb: string,
  words: readonly string[],
  command: RemoteCommand,
): Promise<number | undefined> {
  const [path = '', offset = '0'] = words;
  const missing = (): number => {
    command.complain(`sh: cannot open ${path}: No such file\n`);
    return 1;
  };
  if (verb === 'look-bootspec') {
    const toplevel = path === '/run/current-system' ? current() : path;
    const text = toplevel === null ? undefined : fileAt(`${toplevel}/boot.json`);
    if (text === undefined) return missing();
    await command.write(Buffer.concat([Buffer.from(`${toplevel}\n`), text]));
    return 0;
  }
  if (verb === 'append-initrd-secrets') {
    // The program's text stands for what it appends.
    const archive = fileAt(path);
    if (archive === undefined) return missing();
    await command.write(Buffer.concat([Buffer.from(`${sha256Of(archive)}  -\n`), archive]));
    return 0;
  }
  if (verb !== 'look-file' && verb !== 'read-file') return undefined;
  const contents = fileAt(path);
  if (contents === undefined) return missing();
  if (verb === 'read-file') await command.write(contents.subarray(Number(offset)));
  else await command.write(`${contents.length}\n${sha256Of(contents)}  -\n`);
  return 0;
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
