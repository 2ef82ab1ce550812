import type { UdpPeer } from '../../foundation/udp.ts';

/** A file as it is served. */
export type TftpFile = {
  /** For reports. */
  readonly name: string;
  /** Not changed while it is served. */
  readonly data: Buffer;
};

/** What may be read over TFTP: an explicit list or what is made for the machine that asks, never a file system. */
export type TftpFiles = {
  /**
   * @param name without leading `/`, doubled `/`, `\` or `..`; asked first with its folders, then its last part alone
   * @param peer who asks, so that a file can differ by machine
   */
  find(name: string, peer: UdpPeer): TftpFile | undefined | Promise<TftpFile | undefined>;
};

/** The files of a list: by name, then by name in any case, then by the last part of their names in any case. */
export function listedFiles(files: ReadonlyMap<string, TftpFile>): TftpFiles {
  return {
    find(name) {
      const exact = files.get(name);
      if (exact !== undefined) return exact;
      const lower = name.toLowerCase();
      const all = [...files];
      const found =
        all.find(([listed]) => listed.toLowerCase() === lower) ??
        all.find(([listed]) => listed.slice(listed.lastIndexOf('/') + 1).toLowerCase() === lower);
      return found?.[1];
    },
  };
}

/** Asks each in turn; the first that has the file serves it. */
export function firstOf(...sources: readonly TftpFiles[]): TftpFiles {
  return {
    async find(name, peer) {
      for (const source of sources) {
        const file = await source.find(name, peer);
        if (file !== undefined) return file;
      }
      return undefined;
    },
  };
}
