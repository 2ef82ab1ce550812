import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GenerationFiles } from '../../domain/ports/generation-files.ts';
import { errorText, InvalidRequestError, NotFoundError } from '../../foundation/errors.ts';
import { hashFile } from './asset-files.ts';

/** A NixOS system in a folder here: a closure's link or its path. */
export function folderGeneration(folder: string): GenerationFiles {
  return {
    async bootspec() {
      try {
        return { text: await readFile(join(folder, 'boot.json'), 'utf8') };
      } catch (cause) {
        throw new NotFoundError(`${folder} is no NixOS system with a boot.json: ${errorText(cause)}`, { cause });
      }
    },
    async measure(path) {
      await checkInside(folder, path);
      const info = await stat(path);
      if (!info.isFile()) throw new InvalidRequestError(`${path} is not a file`);
      return { bytes: info.size, sha256: await hashFile(path) };
    },
    async read(path, offset, onBytes, signal) {
      await checkInside(folder, path);
      for await (const chunk of createReadStream(path, { start: offset, highWaterMark: 1 << 18, signal }))
        await onBytes(chunk);
    },
    async initrdSecrets() {
      throw new InvalidRequestError(
        `${folder}: the secrets of its initrd are on the machine only; import it from there, or leave initrdSecrets out`,
      );
    },
  };
}

/** Whoever wrote the boot.json must not make us publish any file of this host. */
async function checkInside(folder: string, path: string): Promise<void> {
  const [root, real] = await Promise.all([realpath(folder), realpath(path)]).catch((cause: unknown) => {
    throw new NotFoundError(`${path}: ${errorText(cause)}`, { cause });
  });
  if (real === undefined || !(real.startsWith('/nix/store/') || real.startsWith(`${root}/`)))
    throw new InvalidRequestError(`${path} is neither in the Nix store nor below ${folder}`);
}
